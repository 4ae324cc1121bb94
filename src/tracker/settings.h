// What administrators may change while a group's tracker runs, and how it is kept.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalogue/settings.h"

namespace shoal::tracker {

/// Who may announce torrents that are not the group's. The group's own are its members' in any
/// case.
enum class Access : std::uint8_t { group, open };
/// Who may become a member without being made one.
enum class Registration : std::uint8_t { invite, open, closed };

inline constexpr std::chrono::seconds shortest_interval{1};
inline constexpr std::chrono::seconds longest_interval = std::chrono::hours(24);

std::string_view name_of(Access access);
std::string_view name_of(Registration registration);
std::optional<Access> parse_access(std::string_view name);
std::optional<Registration> parse_registration(std::string_view name);

/// What is set, as far as it is.
struct Settings {
    std::optional<Access> access;
    std::optional<Registration> registration;
    std::optional<std::chrono::seconds> interval;  ///< between two announces of a peer
};

/// As the catalogue keeps them. Values that make no sense, as of a later version, are left out.
catalogue::Settings::Values to_values(const Settings& settings);
Settings settings_of(const catalogue::Settings::Values& values);

}  // namespace shoal::tracker

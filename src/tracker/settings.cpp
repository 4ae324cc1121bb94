#include "tracker/settings.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace shoal::tracker {
namespace {

constexpr std::array<std::string_view, 2> access_names = {"group", "open"};
constexpr std::array<std::string_view, 3> registration_names = {"invite", "open", "closed"};

template <class Value, std::size_t count>
std::optional<Value> parse(const std::array<std::string_view, count>& names,
                           std::string_view name) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Value>(found - names.begin());
}

std::optional<std::chrono::seconds> parse_interval(std::string_view text) {
    const auto number = parse_number(text);
    if (!number) return std::nullopt;
    const std::chrono::seconds interval(*number);
    if (interval < shortest_interval || interval > longest_interval) return std::nullopt;
    return interval;
}

}  // namespace

std::string_view name_of(Access access) {
    return access_names.at(static_cast<std::size_t>(access));
}

std::string_view name_of(Registration registration) {
    return registration_names.at(static_cast<std::size_t>(registration));
}

std::optional<Access> parse_access(std::string_view name) {
    return parse<Access>(access_names, name);
}

std::optional<Registration> parse_registration(std::string_view name) {
    return parse<Registration>(registration_names, name);
}

catalogue::Settings::Values to_values(const Settings& settings) {
    catalogue::Settings::Values values;
    if (settings.access) values["access"] = name_of(*settings.access);
    if (settings.registration) values["registration"] = name_of(*settings.registration);
    if (settings.interval) values["interval"] = std::to_string(settings.interval->count());
    return values;
}

Settings settings_of(const catalogue::Settings::Values& values) {
    const auto value = [&](const char* name) {
        const auto found = values.find(name);
        return found == values.end() ? std::string() : found->second;
    };
    return {.access = parse_access(value("access")),
            .registration = parse_registration(value("registration")),
            .interval = parse_interval(value("interval"))};
}

}  // namespace shoal::tracker

// Rows of users as the parts of Accounts read them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "catalogue/accounts.h"
#include "catalogue/sql.h"

namespace shoal::catalogue {

/// The columns of a UserRow, for a query in which users are called u.
inline constexpr std::string_view user_columns = "u.id, u.name, u.role, u.disabled, u.created";
using UserRow = std::tuple<std::int64_t, std::string, std::string, std::int64_t, std::int64_t>;

inline Time time_of(std::int64_t seconds) {
    return Time(std::chrono::seconds(seconds));
}
inline std::int64_t seconds_of(Time time) {
    return time.time_since_epoch().count();
}

inline User user_of(const UserRow& row) {
    const auto& [id, name, role, disabled, created] = row;
    return {id, name, parse_role(role).value_or(Role::member), disabled != 0, time_of(created)};
}

std::optional<User> find_user(Sql& sql, std::int64_t id);

}  // namespace shoal::catalogue

#include "catalogue/accounts.h"

#include <algorithm>

#include "base/text.h"
#include "catalogue/account_rows.h"
#include "catalogue/names.h"

namespace shoal::catalogue {
namespace {

std::unexpected<Error> no_such_user() {
    return fail(ErrorCode::not_found, "there is no such user");
}

std::unexpected<Error> name_taken(std::string_view name) {
    return fail(ErrorCode::refused, "the user name '{}' is taken; choose another", printable(name));
}

bool is_taken(Sql& sql, const std::string& folded) {
    return sql.number("SELECT COUNT(*) FROM users WHERE folded = :a", {folded}) > 0;
}

bool has_administrator(Sql& sql) {
    return sql.number("SELECT COUNT(*) FROM users WHERE role = 'admin'") > 0;
}

/// Whether an administrator besides this user could still undo what is done.
bool is_last_administrator(Sql& sql, std::int64_t id) {
    return sql.number(
               "SELECT COUNT(*) FROM users WHERE role = 'admin' AND disabled = 0 AND id <> :a",
               {id}) == 0;
}

std::unexpected<Error> last_administrator(const User& user) {
    return fail(ErrorCode::refused,
                "'{}' is the last administrator; make another user administrator first",
                printable(user.name));
}

}  // namespace

std::string_view role_name(Role role) {
    return role == Role::admin ? "admin" : "member";
}

std::optional<Role> parse_role(std::string_view text) {
    if (text == "admin") return Role::admin;
    if (text == "member") return Role::member;
    return std::nullopt;
}

std::optional<User> find_user(Sql& sql, std::int64_t id) {
    const auto row = sql.row<std::int64_t, std::string, std::string, std::int64_t, std::int64_t>(
        fmt::format("SELECT {} FROM users u WHERE u.id = :a", user_columns), {id});
    if (!row) return std::nullopt;
    return user_of(*row);
}

Accounts::Accounts(Database& database, const Secrets& secrets, const Passwords& passwords,
                   Passkeys& passkeys, TimeSource now)
    : database_(database),
      secrets_(secrets),
      passwords_(passwords),
      passkeys_(passkeys),
      now_(std::move(now)) {}

Result<void> Accounts::load() {
    using Entries = std::unordered_map<std::int64_t, Passkeys::Entry>;
    const std::lock_guard lock(passkey_changes_);
    auto entries = database_.read([](Sql& sql) -> Result<Entries> {
        Entries result;
        for (const auto& [id, generation, disabled] :
             sql.rows<std::int64_t, std::int64_t, std::int64_t>(
                 "SELECT id, passkey_generation, disabled FROM users")) {
            result[id] = {generation, disabled == 0};
        }
        return result;
    });
    if (!entries) return std::unexpected(entries.error());
    passkeys_.replace_all(std::move(*entries));
    return {};
}

void Accounts::set_least_password(std::size_t characters) {
    least_password_ = std::max<std::size_t>(characters, 1);
}

Result<Accounts::Registration> Accounts::check_registration(std::string_view name,
                                                            std::string_view password) {
    auto folded = check_user_name(name);
    if (!folded) return std::unexpected(folded.error());
    auto composed = check_password(password, least_password_);
    if (!composed) return std::unexpected(composed.error());
    return Registration{std::string(name), std::move(*folded), std::move(*composed)};
}

Result<User> Accounts::insert_user(Sql& sql, const Registration& registration,
                                   const std::string& hash, Role role) {
    if (is_taken(sql, registration.folded)) return name_taken(registration.name);
    const std::int64_t created = now();
    const std::int64_t id = sql.number(
        "INSERT INTO users (name, folded, password, role, created) VALUES (:a, :b, :c, :d, :e) "
        "RETURNING id",
        {registration.name, registration.folded, hash, std::string(role_name(role)), created});
    return User{id, registration.name, role, false, time_of(created)};
}

Result<User> Accounts::register_user(std::string_view name, std::string_view password,
                                     std::optional<std::string_view> invitation_code) {
    // Before anything costs time, and before a stranger learns which names are taken.
    if (invitation_code) {
        if (auto good = invitation_for(*invitation_code); !good) {
            return std::unexpected(good.error());
        }
    }
    const auto registration = check_registration(name, password);
    if (!registration) return std::unexpected(registration.error());
    const auto free = database_.read([&](Sql& sql) -> Result<void> {
        if (is_taken(sql, registration->folded)) return name_taken(name);
        return {};
    });
    if (!free) return std::unexpected(free.error());
    const auto hash = passwords_.hash(registration->password);
    if (!hash) return std::unexpected(hash.error());

    const std::lock_guard lock(passkey_changes_);
    auto user = database_.write([&](Sql& sql) -> Result<User> {
        if (invitation_code) {
            const auto invitation = good_invitation(sql, *invitation_code);
            if (!invitation) return std::unexpected(invitation.error());
            sql.execute("UPDATE invitations SET used = used + 1 WHERE id = :a", {*invitation});
        }
        return insert_user(sql, *registration, *hash, Role::member);
    });
    if (user) passkeys_.set(user->id, {1, true});
    return user;
}

Result<User> Accounts::register_administrator(std::string_view name, std::string_view password,
                                              std::string_view setup_code) {
    if (!secrets_.verify(setup_code, SecretKind::setup, 0, 0)) {
        return fail(ErrorCode::refused,
                    "the set-up link is wrong; use the one the tracker printed");
    }
    const auto refuse_second = [](Sql& sql) -> Result<void> {
        if (!has_administrator(sql)) return {};
        return fail(ErrorCode::refused,
                    "there is an administrator already; the set-up link was good for the first");
    };
    if (auto first = database_.read(refuse_second); !first) {
        return std::unexpected(first.error());
    }
    const auto registration = check_registration(name, password);
    if (!registration) return std::unexpected(registration.error());
    const auto hash = passwords_.hash(registration->password);
    if (!hash) return std::unexpected(hash.error());

    const std::lock_guard lock(passkey_changes_);
    auto user = database_.write([&](Sql& sql) -> Result<User> {
        if (auto first = refuse_second(sql); !first) return std::unexpected(first.error());
        return insert_user(sql, *registration, *hash, Role::admin);
    });
    if (user) passkeys_.set(user->id, {1, true});
    return user;
}

Result<std::optional<std::string>> Accounts::setup_code() {
    return database_.read([&](Sql& sql) -> Result<std::optional<std::string>> {
        if (has_administrator(sql)) return std::nullopt;
        return secrets_.derive(SecretKind::setup, 0, 0);
    });
}

Result<User> Accounts::user(std::int64_t id) {
    return database_.read([&](Sql& sql) -> Result<User> {
        auto found = find_user(sql, id);
        if (!found) return no_such_user();
        return std::move(*found);
    });
}

Result<User> Accounts::user_named(std::string_view name) {
    const auto folded = check_user_name(name);
    if (!folded) return no_such_user();
    return database_.read([&](Sql& sql) -> Result<User> {
        const auto row =
            sql.row<std::int64_t, std::string, std::string, std::int64_t, std::int64_t>(
                fmt::format("SELECT {} FROM users u WHERE u.folded = :a", user_columns), {*folded});
        if (!row) return no_such_user();
        return user_of(*row);
    });
}

Result<Page<User>> Accounts::users(const PageRequest& page) {
    const auto after = page.after.empty() ? Result<Cursor>(Cursor{}) : Cursor::decode(page.after);
    if (!after) return std::unexpected(after.error());
    return database_.read([&](Sql& sql) -> Result<Page<User>> {
        std::vector<User> users;
        std::vector<std::string> folded;
        for (auto& [id, name, role, disabled, created, key] :
             sql.rows<std::int64_t, std::string, std::string, std::int64_t, std::int64_t,
                      std::string>(
                 fmt::format("SELECT {}, u.folded FROM users u WHERE u.folded > :a "
                             "ORDER BY u.folded LIMIT :b",
                             user_columns),
                 {after->key, page.bounded_limit() + 1})) {
            users.push_back(user_of({id, name, role, disabled, created}));
            folded.push_back(std::move(key));
        }
        const auto last = static_cast<std::size_t>(page.bounded_limit()) - 1;
        return page_of(std::move(users), page,
                       [&](const User& user) { return Cursor{folded[last], user.id}; });
    });
}

Result<std::int64_t> Accounts::count_users() {
    return database_.read(
        [](Sql& sql) -> Result<std::int64_t> { return sql.number("SELECT COUNT(*) FROM users"); });
}

Result<User> Accounts::change_user(std::int64_t id,
                                   const std::function<Result<void>(Sql&, User&)>& change) {
    return database_.write([&](Sql& sql) -> Result<User> {
        auto user = find_user(sql, id);
        if (!user) return no_such_user();
        if (auto changed = change(sql, *user); !changed) return std::unexpected(changed.error());
        return std::move(*user);
    });
}

Result<User> Accounts::set_role(std::int64_t id, Role role) {
    return change_user(id, [&](Sql& sql, User& user) -> Result<void> {
        const bool loses = user.role == Role::admin && role != Role::admin && !user.disabled;
        if (loses && is_last_administrator(sql, id)) return last_administrator(user);
        sql.execute("UPDATE users SET role = :a WHERE id = :b", {std::string(role_name(role)), id});
        user.role = role;
        return {};
    });
}

Result<User> Accounts::set_disabled(std::int64_t id, bool disabled) {
    const std::lock_guard lock(passkey_changes_);
    std::int64_t generation = 0;
    auto user = change_user(id, [&](Sql& sql, User& found) -> Result<void> {
        const bool loses = found.role == Role::admin && disabled && !found.disabled;
        if (loses && is_last_administrator(sql, id)) return last_administrator(found);
        sql.execute("UPDATE users SET disabled = :a WHERE id = :b", {disabled ? 1 : 0, id});
        if (disabled) sql.execute("DELETE FROM sessions WHERE user_id = :a", {id});
        generation = sql.number("SELECT passkey_generation FROM users WHERE id = :a", {id});
        found.disabled = disabled;
        return {};
    });
    if (user) passkeys_.set(id, {generation, !disabled});
    return user;
}

Result<std::string> Accounts::new_passkey(std::int64_t id) {
    const std::lock_guard lock(passkey_changes_);
    std::int64_t generation = 0;
    const auto user = change_user(id, [&](Sql& sql, User& found) -> Result<void> {
        if (found.disabled) return fail(ErrorCode::refused, "the user is disabled");
        generation = sql.number(
            "UPDATE users SET passkey_generation = passkey_generation + 1 WHERE id = :a "
            "RETURNING passkey_generation",
            {id});
        return {};
    });
    if (!user) return std::unexpected(user.error());
    passkeys_.set(id, {generation, true});
    return secrets_.derive(SecretKind::passkey, id, generation);
}

}  // namespace shoal::catalogue

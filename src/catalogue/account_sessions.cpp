// Logging in and out, and what a session may do to its own account.
#include <optional>

#include "base/text.h"
#include "catalogue/account_rows.h"
#include "catalogue/accounts.h"
#include "catalogue/names.h"

namespace shoal::catalogue {
namespace {

/// A session's last use is written no oftener than this.
constexpr std::int64_t touch_seconds = 600;

constexpr std::size_t max_token_bytes = 128;

std::unexpected<Error> wrong_login() {
    return fail(ErrorCode::refused, "wrong user name or password");
}

std::unexpected<Error> no_session() {
    return fail(ErrorCode::refused, "not logged in, or no longer; log in again");
}

const std::string session_query = fmt::format(
    "SELECT {}, s.id, s.label, s.created, s.expires, s.last_used "
    "FROM sessions s JOIN users u ON u.id = s.user_id ",
    user_columns);

std::vector<Session> select_sessions(Sql& sql, const std::string& condition, Sql::Values values) {
    std::vector<Session> sessions;
    for (const auto& [user, name, role, disabled, user_created, id, label, created, expires, used] :
         sql.rows<std::int64_t, std::string, std::string, std::int64_t, std::int64_t, std::int64_t,
                  std::string, std::int64_t, std::int64_t, std::int64_t>(session_query + condition,
                                                                         std::move(values))) {
        sessions.push_back({id, user_of({user, name, role, disabled, user_created}), label,
                            time_of(created), time_of(expires), time_of(used)});
    }
    return sessions;
}

/// Ends what has expired, and the oldest of too many.
void tidy_sessions(Sql& sql, std::int64_t user, std::int64_t now) {
    sql.execute("DELETE FROM sessions WHERE user_id = :a AND expires <= :b", {user, now});
    sql.execute(
        "DELETE FROM sessions WHERE user_id = :a AND id NOT IN "
        "(SELECT id FROM sessions WHERE user_id = :b ORDER BY id DESC LIMIT :c)",
        {user, user, static_cast<std::int64_t>(Accounts::max_sessions)});
}

/// The hash of a user's password, and the user.
struct Credentials {
    User user;
    std::string hash;
};

std::optional<Credentials> find_credentials(Sql& sql, const std::string& folded) {
    const auto row = sql.row<std::int64_t, std::string>(
        "SELECT id, password FROM users WHERE folded = :a", {folded});
    if (!row) return std::nullopt;
    return Credentials{find_user(sql, std::get<0>(*row)).value_or(User{}), std::get<1>(*row)};
}

}  // namespace

Result<NewSession> Accounts::login(std::string_view name, std::string_view password,
                                   std::string_view label) {
    // A shorter least length than today's may have held when the password was chosen.
    const auto composed = check_password(password, 1);
    const auto folded = check_user_name(name);
    std::optional<Credentials> known;
    if (folded) {
        auto found = database_.read([&](Sql& sql) -> Result<std::optional<Credentials>> {
            return find_credentials(sql, *folded);
        });
        if (!found) return std::unexpected(found.error());
        known = std::move(*found);
    }
    const bool right =
        passwords_.verify(known && composed ? std::optional(known->hash) : std::nullopt,
                          composed.value_or(std::string()));
    if (!right) return wrong_login();

    const std::string token = new_token();
    const std::string shown = printable(cut_text(label, max_label));
    auto session = database_.write([&](Sql& sql) -> Result<Session> {
        // Meanwhile the password may have been changed or the user disabled.
        const auto still = find_credentials(sql, *folded);
        if (!still || still->hash != known->hash) return wrong_login();
        if (still->user.disabled) {
            return fail(ErrorCode::refused,
                        "this account is disabled; ask the group's administrator");
        }
        const std::int64_t created = now();
        const std::int64_t expires = created + session_life.count();
        const std::int64_t id = sql.number(
            "INSERT INTO sessions (user_id, token_hash, label, created, expires, last_used) "
            "VALUES (:a, :b, :c, :d, :e, :f) RETURNING id",
            {still->user.id, token_hash(token), shown, created, expires, created});
        tidy_sessions(sql, still->user.id, created);
        return Session{
            id, still->user, shown, time_of(created), time_of(expires), time_of(created)};
    });
    if (!session) return std::unexpected(session.error());
    return NewSession{token, std::move(*session)};
}

Result<void> Accounts::change_password(const Session& session, std::string_view old_password,
                                       std::string_view new_password) {
    const auto wrong_password = [] {
        return fail(ErrorCode::refused, "the present password is wrong");
    };
    const auto composed = check_password(new_password, least_password_);
    if (!composed) return std::unexpected(composed.error());
    const auto old_composed = check_password(old_password, 1);
    const std::int64_t id = session.user.id;
    const auto stored = [id](Sql& sql) -> Result<std::string> {
        const auto row =
            sql.row<std::string>("SELECT password FROM users WHERE id = :a AND disabled = 0", {id});
        if (!row) return no_session();
        return std::get<0>(*row);
    };
    const auto old_hash = database_.read(stored);
    if (!old_hash) return std::unexpected(old_hash.error());
    if (!old_composed || !passwords_.verify(*old_hash, *old_composed)) return wrong_password();
    const auto hash = passwords_.hash(*composed);
    if (!hash) return std::unexpected(hash.error());
    return database_.write([&](Sql& sql) -> Result<void> {
        const auto present = stored(sql);
        if (!present) return std::unexpected(present.error());
        if (*present != *old_hash) return wrong_password();
        sql.execute("UPDATE users SET password = :a WHERE id = :b", {*hash, id});
        sql.execute("DELETE FROM sessions WHERE user_id = :a AND id <> :b", {id, session.id});
        return {};
    });
}

Result<void> Accounts::set_password(std::int64_t user, std::string_view password) {
    const auto composed = check_password(password, least_password_);
    if (!composed) return std::unexpected(composed.error());
    const auto hash = passwords_.hash(*composed);
    if (!hash) return std::unexpected(hash.error());
    return database_.write([&](Sql& sql) -> Result<void> {
        if (sql.execute("UPDATE users SET password = :a WHERE id = :b", {*hash, user}) == 0) {
            return fail(ErrorCode::not_found, "there is no such user");
        }
        sql.execute("DELETE FROM sessions WHERE user_id = :a", {user});
        return {};
    });
}

Result<Session> Accounts::whoami(std::string_view token) {
    if (token.empty() || token.size() > max_token_bytes) return no_session();
    const std::int64_t present = now();
    auto session = database_.read([&](Sql& sql) -> Result<Session> {
        auto found =
            select_sessions(sql, "WHERE s.token_hash = :a AND s.expires > :b AND u.disabled = 0",
                            {token_hash(token), present});
        if (found.empty()) return no_session();
        return std::move(found.front());
    });
    if (!session || present - seconds_of(session->last_used) < touch_seconds) return session;
    const auto touched = database_.write([&](Sql& sql) -> Result<void> {
        sql.execute("UPDATE sessions SET last_used = :a WHERE id = :b", {present, session->id});
        return {};
    });
    if (!touched) return std::unexpected(touched.error());
    session->last_used = time_of(present);
    return session;
}

Result<void> Accounts::logout(std::string_view token) {
    if (token.size() > max_token_bytes) return {};
    return database_.write([&](Sql& sql) -> Result<void> {
        sql.execute("DELETE FROM sessions WHERE token_hash = :a", {token_hash(token)});
        return {};
    });
}

Result<std::vector<Session>> Accounts::sessions(std::int64_t user) {
    return database_.read([&](Sql& sql) -> Result<std::vector<Session>> {
        return select_sessions(sql, "WHERE s.user_id = :a AND s.expires > :b ORDER BY s.id DESC",
                               {user, now()});
    });
}

Result<void> Accounts::end_session(std::int64_t user, std::int64_t session) {
    return database_.write([&](Sql& sql) -> Result<void> {
        if (sql.execute("DELETE FROM sessions WHERE id = :a AND user_id = :b", {session, user}) ==
            0) {
            return fail(ErrorCode::not_found, "there is no such session");
        }
        return {};
    });
}

Result<std::int64_t> Accounts::end_sessions(std::int64_t user) {
    return database_.write([&](Sql& sql) -> Result<std::int64_t> {
        return sql.execute("DELETE FROM sessions WHERE user_id = :a", {user});
    });
}

}  // namespace shoal::catalogue

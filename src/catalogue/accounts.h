// People: registering, logging in, sessions, roles, passkeys and invitations.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "catalogue/database.h"
#include "catalogue/paging.h"
#include "catalogue/passkeys.h"
#include "catalogue/passwords.h"
#include "catalogue/secrets.h"

namespace shoal::catalogue {

using Time = std::chrono::sys_seconds;
using TimeSource = std::function<Time()>;

enum class Role : std::uint8_t { member, admin };
/// "member" or "admin".
std::string_view role_name(Role role);
std::optional<Role> parse_role(std::string_view text);

struct User {
    std::int64_t id = 0;
    std::string name;  ///< as its owner wrote it
    Role role = Role::member;
    bool disabled = false;
    Time created;
};

struct Session {
    std::int64_t id = 0;
    User user;
    std::string label;  ///< what logged in, as it says itself
    Time created;
    Time expires;
    Time last_used;  ///< to within ten minutes
};

struct NewSession {
    std::string token;  ///< shown this once
    Session session;
};

struct Invitation {
    std::int64_t id = 0;
    std::string label;
    std::int64_t uses = 1;  ///< 0: any number
    std::int64_t used = 0;
    std::optional<Time> expires;
    bool revoked = false;
    std::int64_t created_by = 0;  ///< a user; 0: the operator
    Time created;
};

struct NewInvitation {
    std::string label;
    std::int64_t uses = 1;  ///< 0: any number
    std::optional<Time> expires;
    std::int64_t created_by = 0;
};

/// Thread-safe. Calls block for the database, and those marked "hashes" for a password as well:
/// never on a network thread. All may answer Database's errors. What they are told about names and
/// passwords may be anything.
class Accounts {
  public:
    static constexpr std::chrono::seconds session_life = std::chrono::days(90);
    static constexpr std::size_t max_sessions = 100;     ///< of a user; the oldest end
    static constexpr std::size_t max_label = 100;        ///< bytes; what is longer is cut
    static constexpr std::int64_t max_uses = 1'000'000;  ///< of an invitation

    /// All must outlive it.
    Accounts(Database& database, const Secrets& secrets, const Passwords& passwords,
             Passkeys& passkeys, TimeSource now);

    /// Reads which passkeys are good. Once before any use; again whenever another process may have
    /// changed users of the same database.
    Result<void> load();

    /// Characters; at least 1. Counts for passwords chosen from now on.
    void set_least_password(std::size_t characters);

    /// Hashes. A new member; with a code, one use of that invitation is spent. Whether people may
    /// register without one is the caller's to decide.
    /// usage: name or password. refused: the name is taken, or the invitation is not good (any
    /// more).
    Result<User> register_user(std::string_view name, std::string_view password,
                               std::optional<std::string_view> invitation_code = std::nullopt);
    /// Hashes. The first administrator. refused: a wrong code, or there is an administrator.
    Result<User> register_administrator(std::string_view name, std::string_view password,
                                        std::string_view setup_code);
    /// The code for it; nothing once there is an administrator.
    Result<std::optional<std::string>> setup_code();

    /// Hashes, and takes the same time whether or not there is such a user.
    /// refused: wrong name or password, or (with the right ones) a disabled user.
    Result<NewSession> login(std::string_view name, std::string_view password,
                             std::string_view label);
    /// Hashes. Ends all other sessions of the user. refused: the old password is wrong.
    Result<void> change_password(const Session& session, std::string_view old_password,
                                 std::string_view new_password);

    /// Hashes. A password for a user who has lost theirs; ends all of their sessions.
    /// usage: the password. not_found: there is no such user.
    Result<void> set_password(std::int64_t user, std::string_view password);

    /// refused: the token is wrong, has expired or was revoked.
    Result<Session> whoami(std::string_view token);
    /// No error when the session is over already.
    Result<void> logout(std::string_view token);
    Result<std::vector<Session>> sessions(std::int64_t user);  ///< the newest first
    /// not_found: the user has no such session.
    Result<void> end_session(std::int64_t user, std::int64_t session);
    /// Returns how many there were.
    Result<std::int64_t> end_sessions(std::int64_t user);

    /// not_found: there is no such user.
    Result<User> user(std::int64_t id);
    Result<User> user_named(std::string_view name);
    Result<Page<User>> users(const PageRequest& page);  ///< by folded name
    Result<std::int64_t> count_users();

    /// not_found: no such user. refused: it is the last administrator who is not disabled.
    Result<User> set_role(std::int64_t user, Role role);
    /// As set_role. Disabling ends the user's sessions and passkey.
    Result<User> set_disabled(std::int64_t user, bool disabled);

    /// A new passkey, after which the former is good no more. not_found, refused: no such user, or
    /// a disabled one.
    Result<std::string> new_passkey(std::int64_t user);

    /// usage: a number of uses or an expiry that makes no sense.
    Result<Invitation> invite(const NewInvitation& invitation);
    /// The one that the group's general join link carries, made when there is none: for any number
    /// of people, and without an end.
    Result<Invitation> standing_invitation();
    /// What a join link carries; it can be shown again at any time.
    [[nodiscard]] std::string code_of(const Invitation& invitation) const;
    /// refused: the code is wrong, used up, expired or revoked.
    Result<Invitation> invitation_for(std::string_view code);
    /// By its number, or by its code, be it good or not (any more). not_found: there is none.
    Result<Invitation> invitation(std::int64_t id);
    Result<Invitation> invitation_of(std::string_view code);
    Result<Page<Invitation>> invitations(const PageRequest& page);  ///< the newest first
    /// not_found: there is no such invitation.
    Result<void> revoke_invitation(std::int64_t id);

  private:
    struct Registration {
        std::string name;
        std::string folded;
        std::string password;  ///< composed
    };
    Result<Registration> check_registration(std::string_view name, std::string_view password);
    Result<User> insert_user(Sql& sql, const Registration& registration, const std::string& hash,
                             Role role);
    [[nodiscard]] Invitation insert_invitation(Sql& sql, const NewInvitation& wanted) const;
    Result<std::int64_t> good_invitation(Sql& sql, std::string_view code);
    Result<User> change_user(std::int64_t id,
                             const std::function<Result<void>(Sql&, User&)>& change);
    [[nodiscard]] std::int64_t now() const { return now_().time_since_epoch().count(); }

    Database& database_;
    const Secrets& secrets_;
    const Passwords& passwords_;
    Passkeys& passkeys_;
    const TimeSource now_;
    std::atomic<std::size_t> least_password_ = default_least_password;
    /// Held over a change in the database and the same change of passkeys_, so that both come in
    /// one order.
    std::mutex passkey_changes_;
};

}  // namespace shoal::catalogue

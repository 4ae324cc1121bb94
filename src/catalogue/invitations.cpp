// Invitations: made, shown again, spent and revoked.
#include "base/text.h"
#include "catalogue/account_rows.h"
#include "catalogue/accounts.h"
#include "catalogue/names.h"

namespace shoal::catalogue {
namespace {

constexpr std::string_view invitation_query =
    "SELECT id, label, uses, used, expires, revoked, created_by, created FROM invitations ";

std::vector<Invitation> select_invitations(Sql& sql, const std::string& condition,
                                           Sql::Values values) {
    std::vector<Invitation> result;
    for (const auto& [id, label, uses, used, expires, revoked, by, created] :
         sql.rows<std::int64_t, std::string, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                  std::int64_t, std::int64_t>(std::string(invitation_query) + condition,
                                              std::move(values))) {
        result.push_back({id, label, uses, used,
                          expires == 0 ? std::nullopt : std::optional(time_of(expires)),
                          revoked != 0, by, time_of(created)});
    }
    return result;
}

std::unexpected<Error> no_such_invitation() {
    return fail(ErrorCode::not_found, "there is no such invitation");
}

std::unexpected<Error> bad_invitation(std::string_view why) {
    return fail(ErrorCode::refused, "the invitation {}; ask for a new one", why);
}

Result<Invitation> find_good(Sql& sql, std::int64_t id, Time now) {
    auto found = select_invitations(sql, "WHERE id = :a", {id});
    if (found.empty()) return bad_invitation("is wrong");
    const Invitation& invitation = found.front();
    if (invitation.revoked) return bad_invitation("was revoked");
    if (invitation.expires && *invitation.expires <= now) return bad_invitation("has expired");
    if (invitation.uses > 0 && invitation.used >= invitation.uses) {
        return bad_invitation("is used up");
    }
    return std::move(found.front());
}

}  // namespace

Result<Invitation> Accounts::invite(const NewInvitation& wanted) {
    if (wanted.uses < 0 || wanted.uses > max_uses) {
        return fail(ErrorCode::usage, "an invitation has 1 to {} uses, or 0 for any number",
                    max_uses);
    }
    if (wanted.expires && *wanted.expires <= now_()) {
        return fail(ErrorCode::usage, "the invitation would have expired already");
    }
    return database_.write(
        [&](Sql& sql) -> Result<Invitation> { return insert_invitation(sql, wanted); });
}

Invitation Accounts::insert_invitation(Sql& sql, const NewInvitation& wanted) const {
    Invitation result{.label = printable(cut_text(wanted.label, max_label)),
                      .uses = wanted.uses,
                      .expires = wanted.expires,
                      .created_by = wanted.created_by,
                      .created = now_()};
    result.id = sql.number(
        "INSERT INTO invitations (label, uses, expires, created_by, created) "
        "VALUES (:a, :b, :c, :d, :e) RETURNING id",
        {result.label, result.uses, result.expires ? seconds_of(*result.expires) : 0,
         result.created_by, seconds_of(result.created)});
    return result;
}

Result<Invitation> Accounts::standing_invitation() {
    // By its label it is known from others that the operator has made.
    const std::string label = "join link";
    return database_.write([&](Sql& sql) -> Result<Invitation> {
        auto standing = select_invitations(sql,
                                           "WHERE created_by = 0 AND label = :a AND uses = 0 AND "
                                           "expires = 0 AND revoked = 0 ORDER BY id DESC LIMIT 1",
                                           {label});
        if (!standing.empty()) return std::move(standing.front());
        return insert_invitation(sql, {.label = label, .uses = 0});
    });
}

std::string Accounts::code_of(const Invitation& invitation) const {
    return secrets_.derive(SecretKind::invitation, invitation.id, 0);
}

Result<std::int64_t> Accounts::good_invitation(Sql& sql, std::string_view code) {
    const auto id = Secrets::claimed_id(code);
    if (!id || !secrets_.verify(code, SecretKind::invitation, *id, 0)) {
        return bad_invitation("is wrong");
    }
    const auto found = find_good(sql, *id, now_());
    if (!found) return std::unexpected(found.error());
    return *id;
}

Result<Invitation> Accounts::invitation_for(std::string_view code) {
    return database_.read([&](Sql& sql) -> Result<Invitation> {
        const auto id = good_invitation(sql, code);
        if (!id) return std::unexpected(id.error());
        return find_good(sql, *id, now_());
    });
}

Result<Invitation> Accounts::invitation(std::int64_t id) {
    return database_.read([&](Sql& sql) -> Result<Invitation> {
        auto found = select_invitations(sql, "WHERE id = :a", {id});
        if (found.empty()) return no_such_invitation();
        return std::move(found.front());
    });
}

Result<Invitation> Accounts::invitation_of(std::string_view code) {
    const auto id = Secrets::claimed_id(code);
    if (!id || !secrets_.verify(code, SecretKind::invitation, *id, 0)) return no_such_invitation();
    return invitation(*id);
}

Result<Page<Invitation>> Accounts::invitations(const PageRequest& page) {
    const auto after = page.after.empty()
                           ? Result<Cursor>(Cursor{{}, std::numeric_limits<std::int64_t>::max()})
                           : Cursor::decode(page.after);
    if (!after) return std::unexpected(after.error());
    return database_.read([&](Sql& sql) -> Result<Page<Invitation>> {
        return page_of(select_invitations(sql, "WHERE id < :a ORDER BY id DESC LIMIT :b",
                                          {after->id, page.bounded_limit() + 1}),
                       page, [](const Invitation& last) { return Cursor{{}, last.id}; });
    });
}

Result<void> Accounts::revoke_invitation(std::int64_t id) {
    return database_.write([&](Sql& sql) -> Result<void> {
        if (sql.execute("UPDATE invitations SET revoked = 1 WHERE id = :a", {id}) == 0) {
            return no_such_invitation();
        }
        return {};
    });
}

}  // namespace shoal::catalogue

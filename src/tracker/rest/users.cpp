// What administrators do: members and invitations.
#include "base/text.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

constexpr std::int64_t longest_invitation = 366;  ///< days

void tell(Group& group, const catalogue::User& user) {
    group.events().publish("user", rest::to_json(user), std::string(administrators));
}

Answer list_users(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (!caller) co_return;
    const auto page = page_request(request, response);
    if (!page) co_return;
    const auto users = co_await on_catalogue<catalogue::Page<catalogue::User>>(
        group, [&] { return group->catalogue().accounts().users(*page); });
    if (!users) co_return http::send_error(response, users.error());
    boost::json::array items;
    for (const auto& user : users->items) items.push_back(to_json(user));
    send_page(response, std::move(items), users->next);
}

/// What is to be changed about a user.
struct UserChange {
    std::optional<catalogue::Role> role;
    std::optional<bool> disabled;
};

/// On a thread of the catalogue.
Result<catalogue::User> change(catalogue::Accounts& accounts, const std::string& name,
                               const UserChange& wanted) {
    auto user = accounts.user_named(name);
    if (user && wanted.role) user = accounts.set_role(user->id, *wanted.role);
    if (user && wanted.disabled) user = accounts.set_disabled(user->id, *wanted.disabled);
    return user;
}

Answer change_user(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (!caller) co_return;
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    UserChange wanted{.disabled = fields.optional_boolean("disabled")};
    const auto role = fields.optional_text("role");
    if (fields.error()) co_return http::send_error(response, *fields.error());
    if (role) {
        wanted.role = catalogue::parse_role(*role);
        if (!wanted.role) {
            co_return http::send_error(response,
                                       {ErrorCode::usage, "'role' must be admin or member"});
        }
    }
    const std::string& name = request.parameter("user");
    const auto user = co_await on_catalogue<catalogue::User>(
        group, [&] { return change(group->catalogue().accounts(), name, wanted); });
    if (!user) co_return http::send_error(response, user.error());
    tell(*group, *user);
    if (user->disabled) group->shut_out(user->id);
    // What they may hear is another matter now: they have to ask again.
    if (wanted.role) group->events().end_streams_of(std::to_string(user->id));
    http::send_json(response, 200, to_json(*user));
}

Answer end_sessions(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (!caller) co_return;
    const std::string& name = request.parameter("user");
    const auto ended = co_await on_catalogue<std::int64_t>(group, [&]() -> Result<std::int64_t> {
        const auto user = group->catalogue().accounts().user_named(name);
        if (!user) return std::unexpected(user.error());
        return group->catalogue().accounts().end_sessions(user->id);
    });
    if (!ended) co_return http::send_error(response, ended.error());
    http::send_json(response, 200, {{"ended", *ended}});
}

boost::json::object to_json(const catalogue::Invitation& invitation) {
    boost::json::object object{{"id", invitation.id},
                               {"label", invitation.label},
                               {"uses", invitation.uses},
                               {"used", invitation.used},
                               {"revoked", invitation.revoked},
                               {"created", to_text(invitation.created)},
                               {"expires", nullptr}};
    if (invitation.expires) object["expires"] = to_text(*invitation.expires);
    return object;
}

/// With what lets people in.
boost::json::object invitation_json(Group& group, const catalogue::Invitation& invitation,
                                    const http::Request& request) {
    boost::json::object object = to_json(invitation);
    if (!invitation.revoked && group.options().registration != Registration::closed) {
        const std::string code = group.catalogue().accounts().code_of(invitation);
        object["code"] = code;
        if (auto link = link_for(group, request)) {
            link->invitation = code;
            object["link"] = link->to_string();
        }
    }
    return object;
}

/// Without its code: an event is kept for a while, and a secret is not.
void tell(Group& group, const catalogue::Invitation& invitation) {
    group.events().publish("invitation", to_json(invitation), std::string(administrators));
}

Answer invite(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (!caller) co_return;
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    catalogue::NewInvitation wanted{.created_by = caller->user().id};
    wanted.label = fields.optional_text("label").value_or("");
    wanted.uses =
        fields.optional_number("uses", 0, catalogue::Accounts::max_uses).value_or(wanted.uses);
    const auto days = fields.optional_number("days", 1, longest_invitation);
    if (fields.error()) co_return http::send_error(response, *fields.error());
    if (days) {
        wanted.expires =
            std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) +
            std::chrono::days(*days);
    }
    auto& accounts = group->catalogue().accounts();
    const auto invitation = co_await on_catalogue<catalogue::Invitation>(
        group, [&] { return accounts.invite(wanted); });
    if (!invitation) co_return http::send_error(response, invitation.error());
    tell(*group, *invitation);
    http::send_json(response, 201, invitation_json(*group, *invitation, request));
}

Answer list_invitations(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (!caller) co_return;
    const auto page = page_request(request, response);
    if (!page) co_return;
    auto& accounts = group->catalogue().accounts();
    const auto invitations = co_await on_catalogue<catalogue::Page<catalogue::Invitation>>(
        group, [&] { return accounts.invitations(*page); });
    if (!invitations) co_return http::send_error(response, invitations.error());
    boost::json::array items;
    for (const auto& invitation : invitations->items) {
        items.push_back(invitation_json(*group, invitation, request));
    }
    send_page(response, std::move(items), invitations->next);
}

/// On a thread of the catalogue that hashes. Whose it was.
Result<catalogue::User> set_password(catalogue::Accounts& accounts, const std::string& name,
                                     const std::string& password) {
    auto user = accounts.user_named(name);
    if (!user) return user;
    if (const auto done = accounts.set_password(user->id, password); !done) {
        return std::unexpected(done.error());
    }
    return user;
}

Answer give_password(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (!caller) co_return;
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    const auto password = fields.text("new", {.max_bytes = catalogue::max_password_bytes});
    if (fields.error()) co_return http::send_error(response, *fields.error());
    const std::string& name = request.parameter("user");
    const auto user = co_await group->catalogue().run_hashing<catalogue::User>(
        [&] { return set_password(group->catalogue().accounts(), name, password); },
        boost::asio::use_awaitable);
    if (!user) co_return http::send_error(response, user.error());
    group->events().end_streams_of(std::to_string(user->id));
    http::send_nothing(response);
}

/// The link that the tracker shows at its start, where members may hand it out.
Answer show_join_link(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const Registration registration = group->options().registration;
    auto link = link_for(*group, request);
    if (registration == Registration::invite || !link) {
        co_return http::send_json(response, 200, {{"link", nullptr}});
    }
    if (registration == Registration::open) {
        auto& accounts = group->catalogue().accounts();
        const auto invitation = co_await on_catalogue<catalogue::Invitation>(
            group, [&] { return accounts.standing_invitation(); });
        if (!invitation) co_return http::send_error(response, invitation.error());
        link->invitation = accounts.code_of(*invitation);
    }
    http::send_json(response, 200, {{"link", link->to_string()}});
}

/// On a thread of the catalogue.
Result<catalogue::Invitation> revoke_invitation(catalogue::Accounts& accounts, std::int64_t id) {
    if (const auto done = accounts.revoke_invitation(id); !done) {
        return std::unexpected(done.error());
    }
    return accounts.invitation(id);
}

Answer revoke(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (!caller) co_return;
    const auto id = parse_number(request.parameter("invitation")).value_or(0);
    const auto revoked = co_await on_catalogue<catalogue::Invitation>(
        group, [&] { return revoke_invitation(group->catalogue().accounts(), id); });
    if (!revoked) co_return http::send_error(response, revoked.error());
    tell(*group, *revoked);
    http::send_nothing(response);
}

}  // namespace

Answer tell_registered(GroupPtr group, const catalogue::User& user,
                       const std::optional<std::string>& code) {
    tell(*group, user);
    if (!code) co_return;
    const auto used = co_await on_catalogue<catalogue::Invitation>(
        group, [&] { return group->catalogue().accounts().invitation_of(*code); });
    if (used) tell(*group, *used);
}

void add_users(http::Router& router, const GroupPtr& group) {
    using http::Method;
    router.add(Method::get, "/api/v1/users", with(group, list_users));
    router.add(Method::patch, "/api/v1/users/{user}", with(group, change_user));
    router.add(Method::delete_, "/api/v1/users/{user}/sessions", with(group, end_sessions));
    router.add(Method::put, "/api/v1/users/{user}/password", with(group, give_password));
    router.add(Method::post, "/api/v1/invitations", with(group, invite));
    router.add(Method::get, "/api/v1/join", with(group, show_join_link));
    router.add(Method::get, "/api/v1/invitations", with(group, list_invitations));
    router.add(Method::delete_, "/api/v1/invitations/{invitation}", with(group, revoke));
}

}  // namespace shoal::tracker::rest

// Becoming a member, logging in, and what members do with their own account.
#include <array>
#include <spdlog/spdlog.h>

#include "base/text.h"
#include "catalogue/names.h"
#include "http/guard.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

constexpr std::size_t max_name = 256;  ///< bytes; the catalogue counts characters
constexpr std::size_t max_label = 100;

/// Name, password and what else is told to get in.
struct Credentials {
    std::string name;
    std::string password;
    std::optional<std::string> code;
    std::string label;
    bool page = false;  ///< a browser logs in: its pages must not see the token
};

/// Nothing: the response says what is wrong.
std::optional<Credentials> read_credentials(const Group& group, const http::Request& request,
                                            http::Response& response, std::string_view code_name) {
    http::add_data_headers(response);
    if (!secrets_are_safe(group, request, response)) return std::nullopt;
    const auto body = http::read_json(request, response);
    if (!body) return std::nullopt;
    http::JsonFields fields(*body);
    Credentials credentials;
    credentials.name = fields.text("username", {.max_bytes = max_name});
    credentials.password = fields.text("password", {.max_bytes = catalogue::max_password_bytes});
    credentials.code = fields.optional_text(code_name);
    credentials.label = fields.optional_text("label", {.max_bytes = max_label}).value_or("");
    credentials.page = fields.optional_boolean("page").value_or(false);
    if (fields.error()) {
        http::send_error(response, *fields.error());
        return std::nullopt;
    }
    return credentials;
}

/// The keys by which attempts are counted: guessing at one account from many addresses is slowed
/// down as much as at many accounts from one.
std::array<std::string, 2> attempt_keys(const http::Request& request, std::string_view name) {
    return {"address " + request.remote.address().to_string(),
            "account " + catalogue::fold_for_search(name)};
}

/// False, and the response says for how long, when there were too many.
bool may_attempt(Group& group, const std::array<std::string, 2>& keys, http::Response& response) {
    for (const std::string& key : keys) {
        const auto wait = group.attempts().attempt(key, Clock::now());
        if (!wait) continue;
        const auto rest = std::chrono::ceil<std::chrono::seconds>(*wait).count();
        response.add_header("Retry-After", std::to_string(rest));
        http::send_error(
            response,
            {ErrorCode::refused, fmt::format("too many attempts: try again in {} s", rest)}, 429);
        return false;
    }
    return true;
}

void attempt_succeeded(Group& group, const std::array<std::string, 2>& keys) {
    for (const std::string& key : keys) group.attempts().succeeded(key);
}

/// Makes a user of what was given, by the work, which hashes.
template <class Work>
Answer make_user(GroupPtr group, const http::Request& request, http::Response& response,
                 const Credentials& given, Work work) {
    const auto keys = attempt_keys(request, given.name);
    if (!may_attempt(*group, keys, response)) co_return;
    const auto user = co_await group->catalogue().run_hashing<catalogue::User>(
        std::move(work), boost::asio::use_awaitable);
    if (!user) co_return http::send_error(response, user.error());
    attempt_succeeded(*group, keys);
    spdlog::info("{} has registered", printable(user->name));
    co_await tell_registered(group, *user, given.code);
    http::send_json(response, 201, to_json(*user));
}

Answer register_user(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto given = read_credentials(*group, request, response, "invitation");
    if (!given) co_return;
    if (group->options().registration == Registration::closed) {
        co_return http::send_error(
            response, {ErrorCode::refused, "nobody can register here: ask an administrator"});
    }
    if (group->options().registration == Registration::invite && !given->code) {
        co_return http::send_error(
            response, {ErrorCode::refused, "registering takes an invitation: use a join link"});
    }
    auto& accounts = group->catalogue().accounts();
    co_await make_user(group, request, response, *given, [&] {
        return accounts.register_user(given->name, given->password, given->code);
    });
}

Answer set_up(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto given = read_credentials(*group, request, response, "code");
    if (!given) co_return;
    auto& accounts = group->catalogue().accounts();
    co_await make_user(group, request, response, *given, [&] {
        return accounts.register_administrator(given->name, given->password,
                                               given->code.value_or(""));
    });
}

Answer open_session(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto given = read_credentials(*group, request, response, "code");
    if (!given) co_return;
    const auto keys = attempt_keys(request, given->name);
    if (!may_attempt(*group, keys, response)) co_return;
    const auto login = co_await group->catalogue().run_hashing<catalogue::NewSession>(
        [&] {
            return group->catalogue().accounts().login(given->name, given->password, given->label);
        },
        boost::asio::use_awaitable);
    if (!login && login.error().code == ErrorCode::refused) {
        co_return http::send_login_needed(response, login.error().message);
    }
    if (!login) co_return http::send_error(response, login.error());
    attempt_succeeded(*group, keys);
    boost::json::object answer{{"expires", to_text(login->session.expires)},
                               {"user", to_json(login->session.user)}};
    if (given->page) {
        const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(
            login->session.expires - std::chrono::system_clock::now());
        group->page_login().begin(request, response, login->token, lifetime);
        answer["page_token"] = http::PageLogin::token_of(login->token);
    } else {
        answer["token"] = login->token;
    }
    http::send_json(response, 201, answer);
}

boost::json::object session_json(const catalogue::Session& session, const Caller& caller) {
    return {{"id", session.id},
            {"label", session.label},
            {"created", to_text(session.created)},
            {"expires", to_text(session.expires)},
            {"last_used", to_text(session.last_used)},
            {"current", session.id == caller.session.id}};
}

Answer list_sessions(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto sessions = co_await on_catalogue<std::vector<catalogue::Session>>(
        group, [&] { return group->catalogue().accounts().sessions(caller->user().id); });
    if (!sessions) co_return http::send_error(response, sessions.error());
    boost::json::array items;
    for (const auto& session : *sessions) items.push_back(session_json(session, *caller));
    http::send_page(response, std::move(items));
}

Answer close_session(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const std::string& name = request.parameter("session");
    const auto id = name == "current" ? caller->session.id : parse_number(name).value_or(0);
    const auto done = co_await on_catalogue<void>(
        group, [&] { return group->catalogue().accounts().end_session(caller->user().id, id); });
    if (!done) co_return http::send_error(response, done.error());
    if (id == caller->session.id) group->page_login().end(request, response);
    http::send_nothing(response);
}

boost::json::object own_account(const Group& group, const catalogue::User& user,
                                const std::string& passkey) {
    auto account = to_json(user);
    account["announce"] = "/announce?passkey=" + passkey;
    account["interval"] =
        std::chrono::duration_cast<std::chrono::seconds>(group.options().peer_lifetime).count() / 2;
    return account;
}

Answer show_account(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto passkey = group->catalogue().passkeys().of_user(caller->user().id);
    http::send_json(response, 200, own_account(*group, caller->user(), passkey.value_or("")));
}

Answer change_password(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    const auto before = fields.text("old", {.max_bytes = catalogue::max_password_bytes});
    const auto after = fields.text("new", {.max_bytes = catalogue::max_password_bytes});
    if (fields.error()) co_return http::send_error(response, *fields.error());
    const auto keys = attempt_keys(request, caller->user().name);
    if (!may_attempt(*group, keys, response)) co_return;
    const auto done = co_await group->catalogue().run_hashing<void>(
        [&] {
            return group->catalogue().accounts().change_password(caller->session, before, after);
        },
        boost::asio::use_awaitable);
    if (!done) co_return http::send_error(response, done.error());
    attempt_succeeded(*group, keys);
    http::send_nothing(response);
}

Answer renew_passkey(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto passkey = co_await on_catalogue<std::string>(
        group, [&] { return group->catalogue().accounts().new_passkey(caller->user().id); });
    if (!passkey) co_return http::send_error(response, passkey.error());
    http::send_json(response, 200, own_account(*group, caller->user(), *passkey));
}

}  // namespace

void add_accounts(http::Router& router, const GroupPtr& group) {
    using http::Method;
    for (const char* path : {"/api/v1/users", "/register"}) {
        router.add(Method::post, path, with(group, register_user));
    }
    for (const char* path : {"/api/v1/sessions", "/login"}) {
        router.add(Method::post, path, with(group, open_session));
    }
    router.add(Method::post, "/api/v1/setup", with(group, set_up));
    router.add(Method::get, "/api/v1/sessions", with(group, list_sessions));
    router.add(Method::delete_, "/api/v1/sessions/{session}", with(group, close_session));
    router.add(Method::get, "/api/v1/me", with(group, show_account));
    router.add(Method::put, "/api/v1/me/password", with(group, change_password));
    router.add(Method::post, "/api/v1/me/passkey", with(group, renew_passkey));
}

}  // namespace shoal::tracker::rest

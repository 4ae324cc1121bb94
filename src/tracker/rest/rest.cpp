#include "tracker/rest/rest.h"

#include "base/calendar.h"
#include "http/guard.h"

namespace shoal::tracker::rest {

bool is_local(const http::Request& request) {
    return request.remote.address().is_loopback() && http::HostCheck().allows(request);
}

std::optional<discovery::JoinLink> link_for(const Group& group, const http::Request& request) {
    const auto host = http::requested_host(request);
    if (!host) return std::nullopt;
    discovery::JoinLink link{
        .host = host->host, .port = host->port, .fingerprint = group.fingerprint()};
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(host->host, no_address);
    const bool own = no_address ? host->host == "localhost" : address.is_loopback();
    if (own && !group.endpoints().empty()) {
        const auto outward = net::reachable_endpoint(group.endpoints().front());
        link.host = outward.address().to_string();
        link.port = outward.port();
    }
    if (!discovery::parse_join_link(link.to_string())) return std::nullopt;
    return link;
}

bool secrets_are_safe(const Group& group, const http::Request& request, http::Response& response) {
    if (request.secure || group.options().allow_plain_login ||
        request.remote.address().is_loopback()) {
        return true;
    }
    http::send_error(response, {ErrorCode::refused,
                                "passwords and tokens travel over TLS only: use https:// at the "
                                "same address, or start the tracker with --allow-plain-login"});
    return false;
}

namespace {

/// Who runs the tracker, as if a member: without an account, so that nobody can shut them out.
Caller the_operator() {
    Caller caller;
    caller.session.user.name = "operator";
    caller.session.user.role = catalogue::Role::admin;
    return caller;
}

}  // namespace

std::string_view token_of(const Group& group, const http::Request& request) {
    const std::string_view token = http::bearer_token(request);
    return token.empty() ? group.page_login().secret(request) : token;
}

boost::asio::awaitable<std::optional<Caller>> log_in(GroupPtr group, const http::Request& request,
                                                     http::Response& response) {
    http::add_data_headers(response);
    const std::string_view token = token_of(*group, request);
    if (token.empty()) {
        http::send_login_needed(response, "log in first: send 'Authorization: Bearer TOKEN'");
        co_return std::nullopt;
    }
    if (!secrets_are_safe(*group, request, response)) co_return std::nullopt;
    if (catalogue::same_secret(token, group->operator_token())) co_return the_operator();
    auto session = co_await on_catalogue<catalogue::Session>(
        group, [&] { return group->catalogue().accounts().whoami(token); });
    if (session) co_return Caller{std::move(*session)};
    if (session.error().code == ErrorCode::refused) {
        http::send_login_needed(response, session.error().message);
    } else {
        http::send_error(response, session.error());
    }
    co_return std::nullopt;
}

boost::asio::awaitable<std::optional<Caller>> log_in_admin(GroupPtr group,
                                                           const http::Request& request,
                                                           http::Response& response) {
    auto caller = co_await log_in(group, request, response);
    if (!caller || caller->is_admin()) co_return caller;
    http::send_error(response, {ErrorCode::refused, "only administrators may do this"});
    co_return std::nullopt;
}

std::optional<catalogue::PageRequest> page_request(const http::Request& request,
                                                   http::Response& response) {
    const auto page = http::read_page(request);
    if (!page) {
        http::send_error(response, page.error());
        return std::nullopt;
    }
    if (page->offset != 0) {
        http::send_error(response, {ErrorCode::usage, "this list goes by 'cursor', not 'offset'"});
        return std::nullopt;
    }
    return catalogue::PageRequest{.limit = page->limit, .after = page->after};
}

void send_page(http::Response& response, boost::json::array items, const std::string& next) {
    http::send_page(response, std::move(items),
                    next.empty() ? std::nullopt : std::optional<std::string_view>(next));
}

std::string to_text(catalogue::Time time) {
    return to_rfc3339(time);
}

boost::json::object to_json(const catalogue::User& user) {
    return {{"id", user.id},
            {"name", user.name},
            {"role", catalogue::role_name(user.role)},
            {"disabled", user.disabled},
            {"created", to_text(user.created)}};
}

boost::json::object to_json(const catalogue::Torrent& torrent) {
    return {{"info_hash", torrent.info_hash.hex()},
            {"name", torrent.name},
            {"size", torrent.size},
            {"piece_length", torrent.piece_length},
            {"pieces", torrent.pieces},
            {"private", torrent.is_private}};
}

}  // namespace shoal::tracker::rest

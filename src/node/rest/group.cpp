// The group as the tracker knows it: its answers are passed on, and who this peer is in it.
#include "http/client.h"
#include "node/rest/rest.h"

namespace shoal::node::rest {
namespace {

using http::Method;

/// The content types that the tracker answers with; Response takes literals alone.
std::string_view known_type(std::string_view type) {
    for (const std::string_view known : {"application/json", "application/problem+json",
                                         "application/x-bittorrent", "text/plain"}) {
        if (type == known) return known;
    }
    return "application/octet-stream";
}

/// The same call at the tracker, in this member's name.
Answer pass(DaemonPtr node, const http::Request& request, http::Response& response) {
    co_await node->settle_group();
    const auto client = node->membership().client();
    if (!client) {
        const MembershipStatus& status = node->membership().status();
        const Error error =
            status.tracker.empty()
                ? Error{ErrorCode::refused, "this peer belongs to no group: log in first"}
                : Error{ErrorCode::failed, "the tracker is not reached: " + status.message};
        co_return tell_error(response, error);
    }
    std::string target(request.path);
    if (!request.query.empty()) target += "?" + std::string(request.query);
    const auto answer =
        co_await client->pass(request.method, std::move(target), std::string(request.body),
                              std::string(request.header("Content-Type")));
    if (!answer) co_return tell_error(response, answer.error());
    response.status = answer->status;
    response.content_type = known_type(answer->content_type);
    response.body = answer->body;
    if (response.body.empty()) response.content_type = {};
}

Answer enter(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    Entrance entrance{.user = fields.text("username", {.max_bytes = 256}),
                      .password = fields.text("password", {.max_bytes = 1024}),
                      .visitor = fields.optional_boolean("register").value_or(false)
                                     ? Visitor::newcomer
                                     : Visitor::member};
    const auto link = fields.optional_text("join", {.max_bytes = discovery::max_join_link_bytes});
    if (fields.error()) co_return tell_error(response, *fields.error());
    if (link) {
        const auto parsed = discovery::parse_join_link(*link);
        if (!parsed) {
            co_return tell_error(response, {ErrorCode::usage, parsed.error().message});
        }
        entrance.link = *parsed;
    }
    const auto entered = co_await node->enter(std::move(entrance));
    if (!entered) co_return tell_error(response, entered.error());
    const MembershipStatus& status = node->membership().status();
    http::send_json(response, 201, {{"user", status.user}, {"tracker", status.tracker}});
}

Answer log_out(DaemonPtr node, const http::Request& /*request*/, http::Response& response) {
    const auto done = co_await node->log_out();
    if (!done) co_return tell_error(response, done.error());
    http::send_nothing(response);
}

}  // namespace

void add_group(http::Router& router, const DaemonPtr& node) {
    for (const char* path :
         {"/api/v1/files", "/api/v1/files/{file}", "/api/v1/peers", "/api/v1/preparing",
          "/api/v1/swarms/{info_hash}/pieces", "/api/v1/torrents/{info_hash}", "/api/v1/me"}) {
        router.add(Method::get, path, with(node, pass));
    }
    router.add(Method::post, "/api/v1/peers/{address}/ping", with(node, pass));
    router.add(Method::post, "/api/v1/sessions", with(node, enter));
    router.add(Method::delete_, "/api/v1/sessions/current", with(node, log_out));
}

}  // namespace shoal::node::rest

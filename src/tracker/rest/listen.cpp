// Where the tracker takes connections; administrators may move it while it runs, and end it.
#include <spdlog/spdlog.h>

#include "base/text.h"
#include "net/endpoint.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

constexpr std::uint16_t default_port = 5000;

Answer show(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (caller) http::send_json(response, 200, listen_json(group->endpoints()));
}

Answer move(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (!caller) co_return;
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    const std::string text = fields.text("listen");
    if (fields.error()) co_return http::send_error(response, *fields.error());
    const auto where = net::parse_host_port(text, default_port);
    if (!where) co_return http::send_error(response, where.error());
    // Not of the catalogue, but it blocks as well.
    const auto endpoints = co_await on_catalogue<std::vector<net::TcpEndpoint>>(
        group, [&] { return net::listen_endpoints(*where); });
    if (!endpoints) co_return http::send_error(response, endpoints.error());
    const auto moved = group->move_to(*endpoints);
    if (!moved) {
        co_return http::send_conflict(response, {ErrorCode::refused, moved.error().message});
    }
    http::send_json(response, 200, listen_json(group->endpoints()));
}

Answer end(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (!caller) co_return;
    const auto ended = group->end();
    if (!ended) co_return http::send_error(response, ended.error());
    spdlog::info("{} ends the tracker", printable(caller->user().name));
    http::send_nothing(response);
}

}  // namespace

boost::json::object listen_json(const std::vector<net::TcpEndpoint>& endpoints) {
    boost::json::array listen;
    for (const auto& endpoint : endpoints) listen.emplace_back(net::to_text(endpoint));
    return {{"listen", std::move(listen)},
            {"address", net::to_text(net::reachable_endpoint(endpoints.front()))}};
}

void add_listen(http::Router& router, const GroupPtr& group) {
    using http::Method;
    router.add(Method::get, "/api/v1/listen", with(group, show));
    router.add(Method::patch, "/api/v1/listen", with(group, move));
    router.add(Method::delete_, "/api/v1/listen", with(group, end));
}

}  // namespace shoal::tracker::rest

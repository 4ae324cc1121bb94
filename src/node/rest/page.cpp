// The page itself, and how a browser is let in to it.
#include "base/version.h"
#include "http/guard.h"
#include "http/static_files.h"
#include "node/rest/rest.h"

namespace shoal::node::rest {
namespace {

namespace json = boost::json;
using http::Method;

/// What a page has to know before anything else.
json::object page_of(const std::string& token) {
    return {{"program", "peer"},
            {"version", version},
            {"token", token.empty() ? json::value(nullptr) : json::value(token)}};
}

Answer show_page(DaemonPtr node, const http::Request& request, http::Response& response) {
    http::add_data_headers(response);
    http::send_json(response, 200, page_of(node->entrance().token_for(request)));
    co_return;
}

Answer let_in(DaemonPtr node, const http::Request& request, http::Response& response) {
    http::add_data_headers(response);
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    const std::string code = fields.text("code", {.max_bytes = 256});
    if (fields.error()) co_return tell_error(response, *fields.error());
    if (!node->entrance().use_code(code, Clock::now())) {
        co_return tell_error(response, {ErrorCode::refused,
                                        "this link was used already or is too old: type 'shoal "
                                        "open' for another one"});
    }
    http::send_json(response, 201, page_of(node->entrance().let_in(request, response)));
}

Answer make_link(DaemonPtr node, const http::Request& /*request*/, http::Response& response) {
    const std::string code = node->entrance().new_code(Clock::now());
    const std::chrono::seconds lifetime =
        std::chrono::duration_cast<std::chrono::seconds>(PageEntrance::link_lifetime);
    http::send_json(response, 201,
                    {{"url", node->url() + "/#enter=" + code}, {"seconds", lifetime.count()}});
    co_return;
}

Answer show_out(DaemonPtr node, const http::Request& request, http::Response& response) {
    node->entrance().show_out(request, response);
    http::send_nothing(response);
    co_return;
}

}  // namespace

void add_page(http::Router& router, const DaemonPtr& node) {
    http::add_static_files(router, pages::peer_page());
    router.add(Method::get, "/api/v1/page", with(node, show_page));
    router.add(Method::post, "/api/v1/page/sessions", with(node, let_in));
}

void add_page_links(http::Router& router, const DaemonPtr& node) {
    router.add(Method::post, "/api/v1/page/links", with(node, make_link));
    router.add(Method::delete_, "/api/v1/page/sessions/current", with(node, show_out));
}

}  // namespace shoal::node::rest

#include "node/rest/rest.h"

#include "base/text.h"
#include "catalogue/secrets.h"
#include "http/guard.h"

namespace shoal::node::rest {
namespace {

/// Whether the request has the daemon's token, or comes from a browser that was let in.
bool is_own_user(const DaemonPtr& node, const http::Request& request, http::Response& response) {
    if (node && (catalogue::same_secret(http::bearer_token(request), node->token()) ||
                 node->entrance().admits(request))) {
        return true;
    }
    http::send_login_needed(response,
                            "type 'shoal open' to use the page, or send the token of this peer's "
                            "api.json as 'Authorization: Bearer TOKEN'");
    return false;
}

}  // namespace

http::Router make_router(const DaemonPtr& node) {
    http::Router router;
    router.guard("/", http::HostCheck());
    router.guard("/", http::refuse_cross_site);
    router.add(http::Method::get, "/healthz",
               [](const http::Request& /*request*/, http::Response& response) {
                   http::send_json(response, 200, {{"status", "ok"}});
               });
    add_page(router, node);
    router.guard(
        "/", [weak = std::weak_ptr(node)](const http::Request& request, http::Response& response) {
            http::add_data_headers(response);
            return is_own_user(weak.lock(), request, response);
        });
    add_page_links(router, node);
    add_items(router, node);
    add_details(router, node);
    add_uploads(router, node);
    add_folders(router, node);
    add_group(router, node);
    add_daemon(router, node);
    return router;
}

void tell_error(http::Response& response, const Error& error) {
    http::send_error(response, error, std::nullopt, http::Detail::all);
}

void tell_conflict(http::Response& response, const Error& error) {
    http::send_conflict(response, error, http::Detail::all);
}

bool is_good_path(const std::filesystem::path& path) {
    constexpr std::size_t most_bytes = 4096;
    const std::string& text = path.native();
    return path.is_absolute() && text.size() <= most_bytes &&
           text.find('\0') == std::string::npos && is_valid_utf8(text);
}

void tell_no_item(http::Response& response) {
    tell_error(response, {ErrorCode::not_found, "this peer has no such item"});
}

}  // namespace shoal::node::rest

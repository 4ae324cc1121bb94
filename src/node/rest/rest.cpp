#include "node/rest/rest.h"

#include <openssl/crypto.h>

#include "http/guard.h"

namespace shoal::node::rest {
namespace {

bool is_same(std::string_view one, std::string_view other) {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
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
    router.guard(
        "/", [token = node->token()](const http::Request& request, http::Response& response) {
            http::add_data_headers(response);
            if (is_same(http::bearer_token(request), token)) return true;
            http::send_login_needed(response,
                                    "send the token of this peer's api.json as 'Authorization: "
                                    "Bearer TOKEN'");
            return false;
        });
    add_items(router, node);
    add_group(router, node);
    add_daemon(router, node);
    return router;
}

void tell_error(http::Response& response, const Error& error, std::optional<unsigned> status) {
    http::send_error(response, error, status, http::Detail::all);
}

void send_nothing(http::Response& response) {
    response.status = 204;
    response.content_type = {};
}

}  // namespace shoal::node::rest

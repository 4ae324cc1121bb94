#include "http/router.h"

#include <boost/beast/core/string.hpp>
#include <spdlog/spdlog.h>

#include "base/text.h"

namespace shoal::http {

void Router::add(Method method, std::string path, Handler handler) {
    routes_[std::move(path)].push_back({method, std::move(handler)});
}

void Router::handle(const Request& request, Response& response) const {
    const auto found = routes_.find(request.path);
    if (found == routes_.end()) {
        send_problem(response, 404, "there is nothing at this address");
        return;
    }
    const Method wanted = request.method == Method::head ? Method::get : request.method;
    for (const Route& route : found->second) {
        if (route.method != wanted) continue;
        try {
            route.handler(request, response);
        } catch (const std::exception& bug) {
            spdlog::error("the handler of {} failed: {}", printable(request.path),
                          printable(bug.what()));
            response.reset();
            send_problem(response, 500, "the server failed to answer");
        }
        return;
    }
    std::string allowed;
    for (const Route& route : found->second) {
        if (!allowed.empty()) allowed += ", ";
        if (route.method == Method::get) allowed += "HEAD, ";
        allowed += boost::beast::http::to_string(route.method);
    }
    response.add_header("Allow", allowed);
    send_problem(response, 405, "this address does not know that method");
}

}  // namespace shoal::http

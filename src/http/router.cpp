#include "http/router.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <spdlog/spdlog.h>

#include "base/text.h"
#include "http/percent.h"
#include "http/problem.h"

namespace shoal::http {
namespace {

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> segments;
    while (!path.empty()) {
        path.remove_prefix(1);  // the '/'
        const std::size_t end = std::min(path.find('/'), path.size());
        segments.emplace_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return segments;
}

/// The next segment of a path, which is taken off it. The path must begin with '/'.
std::string_view next_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    return segment;
}

bool is_parameter(std::string_view segment) {
    return segment.starts_with('{');
}

bool matches(const std::vector<std::string>& segments, std::string_view path) {
    for (const std::string& wanted : segments) {
        if (!path.starts_with('/')) return false;
        const std::string_view segment = next_segment(path);
        if (is_parameter(wanted) ? segment.empty() : segment != wanted) return false;
    }
    return path.empty();
}

enum class Verdict : std::uint8_t { good, malformed, nowhere };

/// Whether a decoded segment may be a parameter. What would be another path is found nowhere.
Verdict judge(std::string_view value) {
    if (value == "." || value == ".." || value.find('/') != std::string_view::npos) {
        return Verdict::nowhere;
    }
    const bool control = std::any_of(value.begin(), value.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    return control || !is_valid_utf8(value) ? Verdict::malformed : Verdict::good;
}

Verdict read_parameters(const std::vector<std::string>& segments, Request& request) {
    std::string_view path = request.path;
    for (const std::string& wanted : segments) {
        const std::string_view segment = next_segment(path);
        if (!is_parameter(wanted)) continue;
        PathParameter parameter{wanted.substr(1, wanted.size() - 2), {}};
        if (!decode_percent(segment, Plus::literal, parameter.value)) return Verdict::malformed;
        if (const Verdict verdict = judge(parameter.value); verdict != Verdict::good) {
            return verdict;
        }
        request.parameters.push_back(std::move(parameter));
    }
    return Verdict::good;
}

void send_nowhere(Response& response) {
    send_problem(response, 404, "there is nothing at this address");
}

template <class Routes>
void send_allowed(const Routes& routes, Response& response) {
    std::string allowed;
    for (const auto& route : routes) {
        if (!allowed.empty()) allowed += ", ";
        if (route.method == Method::get) allowed += "HEAD, ";
        allowed += boost::beast::http::to_string(route.method);
    }
    response.add_header("Allow", allowed);
    send_problem(response, 405, "this address does not know that method");
}

}  // namespace

void Router::guard(std::string prefix, Guard guard) {
    guards_.emplace_back(std::move(prefix), std::move(guard));
}

void Router::insert(Method method, std::string path,
                    std::variant<Handler, CoroutineHandler> handler) {
    Route route{method, std::move(handler), {}};
    for (const auto& [prefix, guard] : guards_) {
        if (path.starts_with(prefix)) route.guards.push_back(guard);
    }
    if (path.find("/{") == std::string::npos) {
        exact_[std::move(path)].push_back(std::move(route));
        return;
    }
    auto found = std::find_if(patterns_.begin(), patterns_.end(),
                              [&](const Pattern& pattern) { return pattern.path == path; });
    if (found == patterns_.end()) {
        found = patterns_.insert(found, {path, split(path), {}});
    }
    found->routes.push_back(std::move(route));
}

const Router::Pattern* Router::find_pattern(Request& request, Response& response) const {
    for (const Pattern& pattern : patterns_) {
        if (!matches(pattern.segments, request.path)) continue;
        switch (read_parameters(pattern.segments, request)) {
            case Verdict::good:
                return &pattern;
            case Verdict::nowhere:
                send_nowhere(response);
                break;
            case Verdict::malformed:
                send_problem(response, 400, "the address is malformed");
                break;
        }
        return nullptr;
    }
    send_nowhere(response);
    return nullptr;
}

const Router::Route* Router::route_of(const std::vector<Route>& routes, Method method) {
    const Method wanted = method == Method::head ? Method::get : method;
    const auto found = std::ranges::find(routes, wanted, &Route::method);
    return found == routes.end() ? nullptr : &*found;
}

const CoroutineHandler* Router::run(const Route& route, std::string_view path,
                                    const Request& request, Response& response) {
    try {
        for (const Guard& guard : route.guards) {
            if (!guard(request, response)) return nullptr;
        }
        if (const auto* later = std::get_if<CoroutineHandler>(&route.handler)) return later;
        std::get<Handler>(route.handler)(request, response);
    } catch (const std::exception& bug) {
        // The path of the route, not of the request, which may hold a secret.
        send_bug(response, fmt::format("the handler of {}: {}", path, bug.what()));
    }
    return nullptr;
}

const CoroutineHandler* Router::handle(Request& request, Response& response) const {
    const std::vector<Route>* routes = nullptr;
    std::string_view path;
    if (const auto found = exact_.find(request.path); found != exact_.end()) {
        path = found->first;
        routes = &found->second;
    } else if (const Pattern* pattern = find_pattern(request, response)) {
        path = pattern->path;
        routes = &pattern->routes;
    } else {
        return nullptr;
    }
    const Route* route = route_of(*routes, request.method);
    if (route != nullptr) return run(*route, path, request, response);
    send_allowed(*routes, response);
    return nullptr;
}

bool Router::handle_now(const Request& request, Response& response) const {
    const auto found = exact_.find(request.path);
    if (found == exact_.end()) return false;
    const Route* route = route_of(found->second, request.method);
    if (route == nullptr || !std::holds_alternative<Handler>(route->handler)) return false;
    run(*route, found->first, request, response);
    return true;
}

void send_bug(Response& response, std::string_view what) {
    spdlog::error("a request failed: {}", printable(what));
    response.reset();
    send_problem(response, 500, "the server failed to answer");
}

}  // namespace shoal::http

#include "http/guard.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <optional>

#include "base/text.h"
#include "http/problem.h"
#include "net/endpoint.h"

namespace shoal::http {
namespace {

constexpr std::size_t max_token = 1024;

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return result;
}

/// The only header of a name; nothing when there is none, or several that may disagree.
std::optional<std::string_view> only_header(const Request& request, std::string_view name) {
    std::optional<std::string_view> found;
    for (const Header& header : request.headers) {
        if (!boost::beast::iequals(header.name, name)) continue;
        if (found) return std::nullopt;
        found = header.value;
    }
    return found;
}

bool has_header(const Request& request, std::string_view name) {
    return std::any_of(request.headers.begin(), request.headers.end(), [&](const Header& header) {
        return boost::beast::iequals(header.name, name);
    });
}

bool is_token_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

/// Host and port of a Host header or an origin, in a form that can be compared.
std::optional<net::HostPort> host_of(std::string_view authority, bool secure) {
    auto host = net::parse_host_port(authority, secure ? 443 : 80);
    // A port alone is read as one of this machine, which is not what a header means by it.
    if (!host || host->host.empty() || host->host == "*") return std::nullopt;
    host->host = lower(host->host);
    if (host->host.ends_with('.')) host->host.pop_back();
    return *host;
}

}  // namespace

HostCheck::HostCheck(const std::vector<std::string>& names) {
    names_.insert("localhost");
    for (const std::string& name : names) names_.insert(lower(name));
}

std::optional<net::HostPort> requested_host(const Request& request) {
    const auto header = only_header(request, "Host");
    if (!header) return std::nullopt;
    return host_of(*header, request.secure);
}

bool HostCheck::allows(const Request& request) const {
    const auto host = requested_host(request);
    if (!host) return false;
    boost::system::error_code no_address;
    boost::asio::ip::make_address(host->host, no_address);
    return !no_address || names_.contains(host->host);
}

bool HostCheck::operator()(const Request& request, Response& response) const {
    if (allows(request)) return true;
    send_problem(response, 403, "this server does not go by that host name; ask it by its address");
    return false;
}

std::string_view bearer_token(const Request& request) {
    const std::string_view header = only_header(request, "Authorization").value_or("");
    constexpr std::string_view scheme = "Bearer ";
    if (header.size() <= scheme.size() || header.size() > max_token ||
        !boost::beast::iequals(header.substr(0, scheme.size()), scheme)) {
        return {};
    }
    std::string_view token = header.substr(scheme.size());
    while (token.starts_with(' ')) token.remove_prefix(1);
    return std::all_of(token.begin(), token.end(), is_token_character) ? token : std::string_view{};
}

std::string_view cookie(const Request& request, std::string_view name) {
    for (const Header& header : request.headers) {
        if (!boost::beast::iequals(header.name, "Cookie")) continue;
        std::string_view rest = header.value;
        while (!rest.empty()) {
            std::string_view pair = rest.substr(0, rest.find(';'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            while (pair.starts_with(' ')) pair.remove_prefix(1);
            if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
                return pair.substr(name.size() + 1);
            }
        }
    }
    return {};
}

bool changes_state(const Request& request) {
    return request.method != Method::get && request.method != Method::head &&
           request.method != Method::options;
}

bool is_cross_site(const Request& request) {
    if (has_header(request, "Sec-Fetch-Site")) {
        const std::string_view site = only_header(request, "Sec-Fetch-Site").value_or("");
        if (site != "same-origin" && site != "none") return true;
    }
    if (!has_header(request, "Origin")) return false;
    std::string_view origin = only_header(request, "Origin").value_or("");
    const std::string_view scheme = request.secure ? "https://" : "http://";
    if (!origin.starts_with(scheme)) return true;
    origin.remove_prefix(scheme.size());
    const auto from = host_of(origin, request.secure);
    const auto to = host_of(only_header(request, "Host").value_or(""), request.secure);
    return !from || !to || *from != *to;
}

bool refuse_cross_site(const Request& request, Response& response) {
    if (!changes_state(request) || !is_cross_site(request)) return true;
    send_problem(response, 403, "pages of other servers may change nothing here");
    return false;
}

void add_page_headers(Response& response) {
    response.add_header("Content-Security-Policy",
                        "default-src 'self'; img-src 'self' data:; style-src 'self'; "
                        "object-src 'none'; base-uri 'none'; form-action 'self'; "
                        "frame-ancestors 'none'");
    response.add_header("X-Content-Type-Options", "nosniff");
    response.add_header("X-Frame-Options", "DENY");
    // Stricter, and forms of our own pages would come without an Origin to check.
    response.add_header("Referrer-Policy", "same-origin");
    response.add_header("Cross-Origin-Opener-Policy", "same-origin");
    response.add_header("Cross-Origin-Resource-Policy", "same-origin");
}

void add_data_headers(Response& response) {
    response.add_header("Cache-Control", "no-store");
    response.add_header("X-Content-Type-Options", "nosniff");
}

}  // namespace shoal::http

#include "discovery/tracker_url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include "base/text.h"

namespace shoal::discovery {
namespace {

constexpr std::size_t max_url = 2048;
/// Path elements from this length on may be passkeys and are not shown.
constexpr std::size_t secret_length = 16;

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return result;
}

std::string_view path_of(const TrackerUrl& url) {
    return std::string_view(url.target).substr(0, url.target.find('?'));
}

bool is_tracker_path(std::string_view path) {
    return path.starts_with("/announce") || path.starts_with("/scrape");
}

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

Result<TrackerUrl> from_url(const boost::urls::url_view& url) {
    const std::string scheme = lower(url.scheme());
    if (scheme != "http" && scheme != "https") {
        return fail(ErrorCode::unsupported, "trackers at {}:// addresses are not supported",
                    printable(scheme));
    }
    if (url.has_userinfo()) {
        return fail(ErrorCode::unsupported, "a tracker address with a login is not supported");
    }
    TrackerUrl result;
    result.tls = scheme == "https";
    result.host = lower(url.host_address());
    if (result.host.empty()) return fail(ErrorCode::bad_data, "a tracker address without a host");
    constexpr std::string_view host_characters = "abcdefghijklmnopqrstuvwxyz0123456789-._:";
    if (result.host.size() > 253 ||
        result.host.find_first_not_of(host_characters) != std::string::npos) {
        return fail(ErrorCode::bad_data, "a tracker address with a malformed host name");
    }
    result.port = result.tls ? 443 : 80;
    if (url.has_port() && !url.port().empty()) {
        const auto port = parse_number(std::string_view(url.port()));
        if (!port || *port < 1 || *port > 65535) {
            return fail(ErrorCode::bad_data, "a tracker address with an impossible port");
        }
        result.port = static_cast<std::uint16_t>(*port);
    }
    result.target = url.encoded_path();
    if (result.target.empty()) result.target = "/";
    if (url.has_query()) {
        result.target += '?';
        result.target += std::string_view(url.encoded_query());
    }
    return result;
}

}  // namespace

std::string TrackerUrl::authority() const {
    const bool usual = port == (tls ? 443 : 80);
    return usual ? bracketed(host) : fmt::format("{}:{}", bracketed(host), port);
}

std::string TrackerUrl::shown() const {
    std::string text = (tls ? "https://" : "http://") + authority();
    std::string_view path = path_of(*this);
    while (!path.empty()) {
        const std::size_t end = path.find('/', 1);
        const std::string_view element = path.substr(0, end);
        text += element.size() > secret_length ? "/…" : element;
        path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
    }
    if (target.find('?') != std::string::npos) text += "?…";
    return printable(text);
}

Result<TrackerUrl> TrackerUrl::redirected(std::string_view location) const {
    if (location.size() > max_url) return fail(ErrorCode::bad_data, "a redirect that is too long");
    const auto reference = boost::urls::parse_uri_reference(location);
    if (!reference) return fail(ErrorCode::bad_data, "a redirect to a malformed address");
    if (reference->has_scheme()) return from_url(*reference);
    const std::string base = (tls ? "https://" : "http://") + authority() + target;
    const auto base_url = boost::urls::parse_uri(base);
    boost::urls::url resolved;
    if (!base_url || !boost::urls::resolve(*base_url, *reference, resolved)) {
        return fail(ErrorCode::bad_data, "a redirect to a malformed address");
    }
    return from_url(resolved);
}

Result<TrackerUrl> parse_tracker_url(std::string_view text) {
    if (text.size() > max_url) {
        return fail(ErrorCode::bad_data, "a tracker address longer than {} bytes", max_url);
    }
    const auto url = boost::urls::parse_uri(text);
    if (!url) {
        return fail(ErrorCode::bad_data,
                    "a malformed tracker address (write http://HOST:PORT/announce)");
    }
    return from_url(*url);
}

Result<void> check_reach(const TrackerUrl& url, const net::Address& address) {
    const net::Reach reach = net::reach_of(address);
    if (reach == net::Reach::unreachable) {
        return fail(ErrorCode::refused, "the tracker's address {} is no machine's",
                    address.to_string());
    }
    if (reach >= net::Reach::link && !is_tracker_path(path_of(url))) {
        return fail(ErrorCode::refused,
                    "a tracker on this machine must have a path that begins /announce");
    }
    return {};
}

Result<void> check_redirect(const TrackerUrl& from, net::Reach from_reach, const TrackerUrl& to,
                            net::Reach to_reach) {
    if (from.tls && !to.tls) {
        return fail(ErrorCode::refused, "a redirect from https to http is not followed");
    }
    if (to_reach > from_reach) {
        return fail(ErrorCode::refused, "a redirect into the local network is not followed");
    }
    return {};
}

}  // namespace shoal::discovery

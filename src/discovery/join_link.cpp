#include "discovery/join_link.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "base/base64.h"
#include "base/text.h"

namespace shoal::discovery {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t code_characters = 32;
constexpr std::size_t max_host = 253;

std::unexpected<Error> broken(std::string_view why) {
    return fail(ErrorCode::bad_data, "not a usable join link: {}", why);
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return result;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Cuts the part in front of the separator off; all of it when there is none.
std::string_view take_until(std::string_view& rest, char separator) {
    const std::size_t end = rest.find(separator);
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return part;
}

bool skip_scheme(std::string_view& rest) {
    // The same port speaks both, and the key counts in either case.
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (lower(rest.substr(0, scheme.size())) != scheme) continue;
        rest.remove_prefix(scheme.size());
        return true;
    }
    return false;
}

bool is_name(std::string_view host) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-._";
    return !host.empty() && host.size() <= max_host &&
           host.find_first_not_of(allowed) == std::string_view::npos;
}

Result<void> take_host(JoinLink& link, std::string_view text) {
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t close = text.find("]:");
        // A zone ("%eth0") means something on one machine alone.
        if (close == std::string_view::npos || text.substr(0, close).contains('%')) {
            return broken("its address is damaged (want http://[ADDRESS]:PORT/join#…)");
        }
        boost::system::error_code error;
        const auto address = ip::make_address_v6(std::string(text.substr(1, close - 1)), error);
        if (error) return broken("its address is damaged (want http://[ADDRESS]:PORT/join#…)");
        link.host = address.to_string();
        port = text.substr(close + 2);
    } else {
        link.host = lower(take_until(text, ':'));
        if (!is_name(link.host)) return broken("its host is damaged");
        port = text;
    }
    const auto number = parse_number(port);
    if (!number || *number < 1 || *number > 65535) return broken("its port is damaged");
    link.port = static_cast<std::uint16_t>(*number);
    return {};
}

Result<void> take_code(std::optional<std::string>& slot, std::string_view text,
                       std::string_view what) {
    if (slot) return broken(fmt::format("its {} is there twice", what));
    if (text.size() != code_characters || !from_base64url(text)) {
        return broken(fmt::format("its {} is damaged", what));
    }
    slot = text;
    return {};
}

Result<void> take_parameters(JoinLink& link, std::string_view rest) {
    std::optional<net::KeyFingerprint> fingerprint;
    while (!rest.empty()) {
        std::string_view value = take_until(rest, '/');
        const std::string_view key = take_until(value, '=');
        Result<void> taken;
        if (key == "k") {
            const auto parsed = net::parse_fingerprint(value);
            if (fingerprint || !parsed) return broken("the tracker's key is damaged");
            fingerprint = *parsed;
        } else if (key == "i") {
            taken = take_code(link.invitation, value, "invitation");
        } else if (key == "s") {
            taken = take_code(link.setup, value, "set-up code");
        }
        if (!taken) return taken;
    }
    if (!fingerprint) return broken("the tracker's key is missing");
    if (link.invitation && link.setup) return broken("it both invites and sets up");
    link.fingerprint = *fingerprint;
    return {};
}

}  // namespace

std::string JoinLink::server() const {
    return host.contains(':') ? fmt::format("http://[{}]:{}", host, port)
                              : fmt::format("http://{}:{}", host, port);
}

std::string JoinLink::to_string() const {
    std::string text = fmt::format("{}/join#1/k={}", server(), net::to_text(fingerprint));
    if (invitation) text += "/i=" + *invitation;
    if (setup) text += "/s=" + *setup;
    return text;
}

Result<JoinLink> parse_join_link(std::string_view text) {
    std::string_view rest = trimmed(text);
    if (rest.size() > max_join_link_bytes) {
        return broken(fmt::format("it is longer than {} bytes", max_join_link_bytes));
    }
    if (!std::ranges::all_of(rest, [](char c) { return c > ' ' && c <= '~'; })) {
        return broken("it has characters that no link has; copy it again");
    }
    if (!skip_scheme(rest)) return broken("it does not begin with http://");
    const std::string_view host = take_until(rest, '/');
    if (take_until(rest, '#') != "join" || rest.empty()) {
        return broken("it is cut short or no join link (want http://HOST:PORT/join#…)");
    }
    JoinLink link;
    if (const auto taken = take_host(link, host); !taken) return std::unexpected(taken.error());
    const std::string_view version = take_until(rest, '/');
    if (version != "1") {
        const bool number = version.find_first_not_of("0123456789") == std::string_view::npos;
        if (!number || version.empty()) return broken("what follows the '#' is damaged");
        return fail(ErrorCode::unsupported,
                    "the join link is of a form that this program does not know; update shoal");
    }
    if (const auto taken = take_parameters(link, rest); !taken) {
        return std::unexpected(taken.error());
    }
    return link;
}

}  // namespace shoal::discovery

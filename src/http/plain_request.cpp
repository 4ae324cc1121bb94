#include "http/plain_request.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>

namespace shoal::http {
namespace {

constexpr std::string_view method = "GET ";
constexpr std::string_view version_text = " HTTP/1.";
constexpr std::size_t max_headers = 32;

enum CharacterClass : std::uint8_t { in_name = 1, in_value = 2, in_target = 4 };

/// Which classes a character belongs to: those of a header's name are the tokens of RFC 9110.
constexpr std::array<std::uint8_t, 256> classes = [] {
    std::array<std::uint8_t, 256> table{};
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    for (std::size_t c = 0x20; c < 0x7f; ++c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        const bool mark = marks.find(static_cast<char>(c)) != std::string_view::npos;
        table[c] = in_value;
        if (c != ' ') table[c] |= in_target;
        if (letter || digit || mark) table[c] |= in_name;
    }
    table['\t'] = in_value;
    return table;
}();

/// How many characters of a class the text begins with.
std::size_t span_of(std::string_view text, CharacterClass wanted) {
    std::size_t length = 0;
    while (length < text.size() &&
           (classes[static_cast<unsigned char>(text[length])] & wanted) != 0) {
        ++length;
    }
    return length;
}

/// Takes so many characters off the text.
std::string_view take(std::string_view& text, std::size_t length) {
    const std::string_view taken = text.substr(0, length);
    text.remove_prefix(length);
    return taken;
}

/// Takes this word off the text, if it stands there.
bool skip(std::string_view& text, std::string_view word) {
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    return true;
}

std::string_view trimmed(std::string_view value) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!value.empty() && blank(value.front())) value.remove_prefix(1);
    while (!value.empty() && blank(value.back())) value.remove_suffix(1);
    return value;
}

/// Takes a header off the text; nothing where it is malformed, unfinished or folded.
std::optional<Header> take_header(std::string_view& rest) {
    const std::string_view name = take(rest, span_of(rest, in_name));
    if (name.empty() || !skip(rest, ":")) return std::nullopt;
    const std::string_view value = trimmed(take(rest, span_of(rest, in_value)));
    if (!skip(rest, "\r\n")) return std::nullopt;
    return Header{name, value};
}

/// Whether the header has a say in where the request ends or how it is answered. Told by the length
/// first, which spares almost all comparisons.
bool is_unusual(std::string_view name) {
    const auto is = [&](std::string_view other) { return boost::beast::iequals(name, other); };
    switch (name.size()) {
        case 6:
            return is("Expect");
        case 7:
            return is("Upgrade");
        case 14:
            return is("Content-Length");
        case 16:
            return is("Proxy-Connection");
        case 17:
            return is("Transfer-Encoding");
        default:
            return false;
    }
}

bool is_connection(std::string_view name) {
    constexpr std::string_view connection = "Connection";
    return name.size() == connection.size() && boost::beast::iequals(name, connection);
}

/// Whether the connection stays, by the value of its header; nothing where that says more.
std::optional<bool> stays(std::string_view value) {
    if (boost::beast::iequals(value, "keep-alive")) return true;
    if (boost::beast::iequals(value, "close")) return false;
    return std::nullopt;
}

/// Takes all headers off the text, and the empty line after them.
bool take_headers(std::string_view& rest, Request& request, PlainRequest& plain) {
    bool said = false;
    request.headers.clear();
    while (!skip(rest, "\r\n")) {
        const auto header = take_header(rest);
        if (!header || is_unusual(header->name) || request.headers.size() == max_headers) {
            return false;
        }
        if (is_connection(header->name)) {
            const auto stay = stays(header->value);
            if (!stay || said) return false;
            said = true;
            plain.keep_alive = *stay;
        }
        request.headers.push_back(*header);
    }
    return true;
}

}  // namespace

std::optional<PlainRequest> read_plain(std::string_view bytes, const Limits& limits,
                                       Request& request) {
    std::string_view rest = bytes;
    if (!skip(rest, method)) return std::nullopt;
    const std::string_view target = take(rest, span_of(rest, in_target));
    if (!target.starts_with('/') || target.size() > limits.target_bytes) return std::nullopt;
    PlainRequest plain;
    if (!skip(rest, version_text)) return std::nullopt;
    if (skip(rest, "0\r\n")) {
        plain.version = 10;
        plain.keep_alive = false;
    } else if (!skip(rest, "1\r\n")) {
        return std::nullopt;
    }
    if (!take_headers(rest, request, plain)) return std::nullopt;
    plain.size = bytes.size() - rest.size();
    if (plain.size >= limits.header_bytes) return std::nullopt;

    request.method = Method::get;
    request.path = target.substr(0, target.find('?'));
    request.query = target.substr(std::min(request.path.size() + 1, target.size()));
    request.body = {};
    request.parameters.clear();
    return plain;
}

bool PlainAnswerer::answer(const net::TcpEndpoint& remote, bool secure) {
    request_.remote = remote;
    request_.secure = secure;
    response_.reset();
    return router_.handle_now(request_, response_);
}

}  // namespace shoal::http

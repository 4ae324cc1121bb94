#include "http/problem.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <spdlog/spdlog.h>

#include "base/text.h"

namespace shoal::http {
namespace {

namespace json = boost::json;

constexpr std::size_t max_detail = 500;

struct Meaning {
    ErrorCode code;
    std::string_view name;
    unsigned status;
};

constexpr std::array<Meaning, 9> meanings = {{
    {ErrorCode::failed, "failed", 500},
    {ErrorCode::usage, "usage", 400},
    {ErrorCode::not_found, "not_found", 404},
    {ErrorCode::refused, "refused", 403},
    {ErrorCode::bad_data, "bad_data", 422},
    {ErrorCode::unsupported, "unsupported", 501},
    {ErrorCode::no_space, "no_space", 507},
    {ErrorCode::timeout, "timeout", 504},
    {ErrorCode::cancelled, "cancelled", 503},
}};

const Meaning& meaning_of(ErrorCode code) {
    return *std::find_if(meanings.begin(), meanings.end(),
                         [&](const Meaning& meaning) { return meaning.code == code; });
}

void send_document(Response& response, unsigned status, std::string_view detail,
                   std::string_view code) {
    json::object document{{"type", "about:blank"},
                          {"title", reason_of(status)},
                          {"status", status},
                          {"detail", printable(detail)}};
    if (!code.empty()) document["code"] = code;
    send_json(response, status, document);
    response.content_type = "application/problem+json";
}

/// Whether the words speak of the server's own affairs: its disk, its database, its network.
bool is_own_trouble(ErrorCode code) {
    return code == ErrorCode::failed || code == ErrorCode::no_space;
}

std::string_view text_member(const json::object& document, std::string_view name) {
    const json::value* value = document.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return value->get_string();
}

/// Cut to a bounded length, at the end of a character.
std::string_view shortened(std::string_view text) {
    if (text.size() <= max_detail) return text;
    std::size_t end = max_detail;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

}  // namespace

void send_problem(Response& response, unsigned status, std::string_view detail) {
    send_document(response, status, detail, {});
}

void send_error(Response& response, const Error& error, std::optional<unsigned> status,
                Detail detail) {
    const Meaning& meaning = meaning_of(error.code);
    std::string_view words = error.message;
    if (detail == Detail::caller && is_own_trouble(error.code)) {
        spdlog::error("a request failed: {}", printable(error.message));
        words = "the server failed to do this; its log says why";
    }
    send_document(response, status.value_or(meaning.status), words, meaning.name);
}

void send_conflict(Response& response, const Error& error, Detail detail) {
    const bool conflict = error.code == ErrorCode::refused;
    send_error(response, error, conflict ? std::optional(409U) : std::nullopt, detail);
}

void send_login_needed(Response& response, std::string_view detail) {
    response.add_header("WWW-Authenticate", "Bearer");
    send_document(response, 401, detail, meaning_of(ErrorCode::refused).name);
}

unsigned status_of(ErrorCode code) {
    return meaning_of(code).status;
}

ErrorCode code_of(unsigned status) {
    switch (status) {
        case 401:
        case 409:
        case 421:
        case 429:
            return ErrorCode::refused;
        case 408:
            return ErrorCode::timeout;
        case 410:
            return ErrorCode::not_found;
        case 413:
        case 414:
        case 415:
        case 431:
            return ErrorCode::bad_data;
        default:
            break;
    }
    for (const Meaning& meaning : meanings) {
        if (meaning.status == status) return meaning.code;
    }
    return ErrorCode::failed;
}

Error error_of(unsigned status, std::string_view content_type, std::string_view body) {
    Error error{code_of(status),
                fmt::format("the server answered {} {}", status, reason_of(status))};
    if (!content_type.starts_with("application/problem+json")) return error;
    json::error_code failure;
    const json::value value = json::parse(body, failure);
    if (failure || !value.is_object()) return error;
    const json::object& document = value.get_object();
    const std::string_view detail = text_member(document, "detail");
    if (!detail.empty()) error.message = printable(shortened(detail));
    const std::string_view code = text_member(document, "code");
    for (const Meaning& meaning : meanings) {
        if (meaning.name == code) error.code = meaning.code;
    }
    return error;
}

}  // namespace shoal::http

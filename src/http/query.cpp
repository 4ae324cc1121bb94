#include "http/query.h"

namespace shoal::http {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Appends the decoded bytes; false when a '%' is not followed by two digits.
bool decode(std::string_view raw, std::string& out) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '%') {
            out += raw[i] == '+' ? ' ' : raw[i];
            continue;
        }
        if (raw.size() - i < 3) return false;
        const int high = hex_digit(raw[i + 1]);
        const int low = hex_digit(raw[i + 2]);
        if (high < 0 || low < 0) return false;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return true;
}

}  // namespace

Result<void> Query::parse(std::string_view raw) {
    decoded_.clear();
    parameters_.clear();
    // Decoding never lengthens, so the views below stay valid while more is appended.
    decoded_.reserve(raw.size());
    const auto decoded = [&](std::string_view part) -> std::optional<std::string_view> {
        const std::size_t begin = decoded_.size();
        if (!decode(part, decoded_)) return std::nullopt;
        return std::string_view(decoded_).substr(begin);
    };
    while (!raw.empty()) {
        const std::size_t end = raw.find('&');
        const std::string_view pair = raw.substr(0, end);
        raw = end == std::string_view::npos ? std::string_view{} : raw.substr(end + 1);
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        const auto name = decoded(pair.substr(0, equals));
        const auto value = equals == std::string_view::npos ? std::optional(std::string_view{})
                                                            : decoded(pair.substr(equals + 1));
        const bool full = parameters_.size() >= max_parameters;
        if (!name || !value || full) {
            parameters_.clear();
            return fail(ErrorCode::bad_data, "{}",
                        full ? "too many parameters" : "malformed percent-coding in the query");
        }
        parameters_.push_back({*name, *value});
    }
    return {};
}

std::optional<std::string_view> Query::find(std::string_view name) const {
    for (const Parameter& parameter : parameters_) {
        if (parameter.name == name) return parameter.value;
    }
    return std::nullopt;
}

}  // namespace shoal::http

// Percent-coding (RFC 3986) undone; inside src/http only.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace shoal::http {

/// What a '+' stands for: itself in a path, a blank in the query that an HTML form sends.
enum class Plus : std::uint8_t { literal, blank };

/// Appends the decoded bytes; false when a '%' is not followed by two hexadecimal digits.
bool decode_percent(std::string_view raw, Plus plus, std::string& out);

}  // namespace shoal::http

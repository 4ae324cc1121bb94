// Whole numbers as text, without a format string to look at: for answers made thousands of times a
// second.
#pragma once
#include <charconv>
#include <concepts>
#include <limits>
#include <string>

namespace shoal {

/// Appends the number in decimal.
template <std::integral Number>
void append_decimal(std::string& out, Number number) {
    char digits[std::numeric_limits<Number>::digits10 + 2];  // NOLINT(modernize-avoid-c-arrays)
    const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
    out.append(std::begin(digits), end);
}

}  // namespace shoal

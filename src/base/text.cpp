#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <limits>

namespace shoal {
namespace {

/// The code point that starts at `at`, and its length; length 0 marks broken UTF-8.
struct CodePoint {
    std::uint32_t value = 0;
    std::size_t length = 0;
};

CodePoint decode(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(at);
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || at + length > text.size()) return {};
    std::uint32_t value = lead & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xc0) != 0x80) return {};
        value = (value << 6) | (byte(at + i) & 0x3fu);
    }
    constexpr std::array<std::uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < least[length] || value > 0x10ffff || surrogate) return {};
    return {value, length};
}

bool is_printable(std::uint32_t code) {
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;
    // Line and paragraph separators, and the marks that reverse the reading direction.
    if (code == 0x2028 || code == 0x2029) return false;
    return !(code >= 0x202a && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string to_hex(Bytes bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        const auto value = std::to_integer<unsigned>(byte);
        text += digits[value >> 4];
        text += digits[value & 15];
    }
    return text;
}

std::optional<ByteVector> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    ByteVector bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return bytes;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Result<ByteCount> parse_size(std::string_view text) {
    std::string_view digits = text;
    int shift = 0;
    if (!digits.empty()) {
        constexpr std::string_view units = "KMGT";
        const char unit = static_cast<char>(digits.back() & ~0x20);
        if (const auto power = units.find(unit); power != std::string_view::npos) {
            shift = 10 * (static_cast<int>(power) + 1);
            digits.remove_suffix(1);
        }
    }
    const auto number = parse_number(digits);
    if (!number || *number < 0 || *number > (std::int64_t{1} << 62 >> shift)) {
        return fail(ErrorCode::usage, "'{}' is not a size: write a number, or one with K, M or G",
                    printable(text));
    }
    return *number << shift;
}

std::string format_size(ByteCount bytes) {
    constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) return fmt::format("{} B", bytes);
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; value >= 1023.95 && unit + 1 < units.size(); ++unit) value /= 1024;
    return fmt::format("{:.1f} {}", value, units[unit]);
}

bool is_valid_utf8(std::string_view text) {
    // Most text is ASCII, or begins so.
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    const auto other = std::ranges::find_if_not(text, is_ascii);
    for (auto at = static_cast<std::size_t>(other - text.begin()); at < text.size();) {
        const auto [value, length] = decode(text, at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

std::string printable(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto [value, length] = decode(text, at);
        if (length != 0 && is_printable(value)) {
            clean.append(text, at, length);
        } else {
            clean += "\ufffd";
        }
        at += length == 0 ? 1 : length;
    }
    return clean;
}

}  // namespace shoal

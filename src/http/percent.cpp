#include "http/percent.h"

#include <array>

namespace shoal::http {
namespace {

constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> hex_digits = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(no_digit);
    for (std::uint8_t i = 0; i < 10; ++i) table[std::size_t{'0'} + i] = i;
    for (std::uint8_t i = 10; i < 16; ++i) {
        table[std::size_t{'a'} + i - 10] = i;
        table[std::size_t{'A'} + i - 10] = i;
    }
    return table;
}();

std::uint8_t hex_digit(char c) {
    return hex_digits[static_cast<unsigned char>(c)];
}

}  // namespace

bool decode_percent(std::string_view raw, Plus plus, std::string& out) {
    while (!raw.empty()) {
        // What stands for itself is taken over in one piece.
        std::size_t plain = 0;
        while (plain < raw.size() && raw[plain] != '%' && raw[plain] != '+') ++plain;
        out += raw.substr(0, plain);
        raw.remove_prefix(plain);
        if (raw.empty()) break;
        if (raw.front() == '+') {
            out += plus == Plus::blank ? ' ' : '+';
            raw.remove_prefix(1);
            continue;
        }
        if (raw.size() < 3) return false;
        const std::uint8_t high = hex_digit(raw[1]);
        const std::uint8_t low = hex_digit(raw[2]);
        if (high == no_digit || low == no_digit) return false;
        out += static_cast<char>(high << 4 | low);
        raw.remove_prefix(3);
    }
    return true;
}

}  // namespace shoal::http

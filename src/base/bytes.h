// Views of raw bytes, conversions between them and text, and big-endian numbers.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace shoal {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
using ByteVector = std::vector<std::byte>;

/// A number of bytes, or a position counted in bytes. Signed, so that differences are safe.
using ByteCount = std::int64_t;

inline Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

inline std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads a big-endian number from the first sizeof(T) bytes, which must exist.
template <std::unsigned_integral T>
constexpr T load_big_endian(Bytes from) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>((value << 8) | std::to_integer<T>(from[i]));
    }
    return value;
}

/// Writes a big-endian number into the first sizeof(T) bytes, which must exist.
template <std::unsigned_integral T>
constexpr void store_big_endian(T value, MutableBytes to) {
    for (std::size_t i = sizeof(T); i-- > 0;) {
        to[i] = static_cast<std::byte>(value & 0xff);
        value = static_cast<T>(value >> 7 >> 1);
    }
}

}  // namespace shoal

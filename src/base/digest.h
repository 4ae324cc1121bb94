// Fixed-size digests and the info hash of a torrent.
#pragma once
#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/text.h"

namespace shoal {

template <std::size_t N>
struct Digest {
    std::array<std::byte, N> bytes{};

    static constexpr std::size_t size = N;
    auto operator<=>(const Digest&) const = default;

    /// Copies the first N bytes, which must exist.
    static Digest from(Bytes source) {
        Digest digest;
        std::copy_n(source.begin(), N, digest.bytes.begin());
        return digest;
    }
    [[nodiscard]] Bytes view() const { return bytes; }
    [[nodiscard]] std::string hex() const { return to_hex(bytes); }
    [[nodiscard]] bool is_zero() const { return *this == Digest{}; }
};

using Sha1Digest = Digest<20>;
using Sha256Digest = Digest<32>;

/// What peers and trackers call a torrent by: SHA-1 of the info dictionary (BEP 3), or the first
/// 20 bytes of its SHA-256 (BEP 52).
using InfoHash = Digest<20>;

}  // namespace shoal

template <std::size_t N>
struct std::hash<shoal::Digest<N>> {
    std::size_t operator()(const shoal::Digest<N>& digest) const noexcept {
        std::size_t value = 0;
        std::memcpy(&value, digest.bytes.data(), sizeof value);
        return value;
    }
};

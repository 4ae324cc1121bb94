// The ways that this processor has of computing SHA-1 and SHA-256, and which of them are worth it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/digest.h"
#include "hashing/compress.h"

namespace shoal::hashing {

/// Bytes that a compression function takes at once.
inline constexpr std::size_t unit = 64;
inline constexpr std::size_t max_lanes = 16;

struct Kernel {
    std::string_view name;
    std::size_t lanes;  ///< messages at once, at most max_lanes
    /// So many messages take it less time than they take the kernels with fewer lanes.
    std::size_t worth_from;
    Compress* compress;
};

/// What a message's state starts from.
template <class DigestType>
inline constexpr std::array<std::uint32_t, DigestType::size / 4> start_state{};
template <>
inline constexpr std::array<std::uint32_t, 5> start_state<Sha1Digest> = {
    0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
template <>
inline constexpr std::array<std::uint32_t, 8> start_state<Sha256Digest> = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/// All that this processor can run; the last one has one lane.
template <class DigestType>
std::span<const Kernel> usable_kernels();
/// Those of them that are worth having, most lanes first; the last one has one lane.
template <class DigestType>
std::span<const Kernel> chosen_kernels();

}  // namespace shoal::hashing

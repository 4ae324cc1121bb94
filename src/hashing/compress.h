// What a kernel is to its caller. Includes no more than kernels may; see avx512.cpp.
#pragma once
#include <cstddef>
#include <cstdint>

namespace shoal::hashing {

/// Takes `blocks` blocks of 64 bytes of each of a kernel's lanes into their states.
/// state[i * lanes + lane] is word i of a lane's state; data[lane] is where its blocks begin,
/// aligned or not.
using Compress = void(std::uint32_t* state, const std::byte* const* data, std::size_t blocks);

}  // namespace shoal::hashing

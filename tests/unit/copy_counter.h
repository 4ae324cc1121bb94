// Counts the bytes that the program itself copies in long runs. To be included by one file of it,
// in builds without sanitizers, which want these functions for themselves.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstring>
#include <strings.h>

namespace shoal::testing {

/// By memcpy and memmove, in runs of a quarter of a block and more.
inline std::atomic<std::size_t> copied_bytes = 0;
inline constexpr std::size_t long_run = 4096;

/// What the C library does by another name, which the compiler does not turn back into memmove.
inline void (*const volatile library_copy)(const void*, void*, std::size_t) = &::bcopy;

inline void* counted_copy(void* to, const void* from, std::size_t size) {
    if (size >= long_run) copied_bytes += size;
    library_copy(from, to, size);
    return to;
}

}  // namespace shoal::testing

extern "C" void* memcpy(void* to, const void* from, std::size_t size) noexcept {
    return shoal::testing::counted_copy(to, from, size);
}
extern "C" void* memmove(void* to, const void* from, std::size_t size) noexcept {
    return shoal::testing::counted_copy(to, from, size);
}

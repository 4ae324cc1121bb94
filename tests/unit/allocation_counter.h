// Counts every allocation of the program. To be included by one file of it, in builds without
// sanitizers, which want these operators for themselves.
#pragma once
#include <atomic>
#include <cstdlib>
#include <new>

namespace shoal::testing {

inline std::atomic<std::size_t> allocations = 0;

inline void* counted(void* memory) {
    ++allocations;
    if (memory != nullptr) return memory;
    throw std::bad_alloc();
}

}  // namespace shoal::testing

void* operator new(std::size_t size) {
    return shoal::testing::counted(std::malloc(size));
}
void* operator new[](std::size_t size) {
    return shoal::testing::counted(std::malloc(size));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto boundary = static_cast<std::size_t>(alignment);
    const std::size_t rounded = (size + boundary - 1) / boundary * boundary;
    return shoal::testing::counted(std::aligned_alloc(boundary, rounded));
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}

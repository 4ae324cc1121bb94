#include "disk/buffer_pool.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace shoal::disk {
namespace {

TEST(BufferPool, HandsOutPageAlignedMemoryOfTheSizeAskedFor) {
    const auto pool = BufferPool::create();
    for (const std::size_t size : {1u, 16'384u, 16'385u, 100'000u, 1u << 20}) {
        Buffer buffer = pool->acquire(size);
        ASSERT_TRUE(buffer);
        EXPECT_EQ(buffer.size(), size);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.bytes().data()) % 4096, 0u);
        std::ranges::fill(buffer.bytes(), std::byte{1});
    }
}

TEST(BufferPool, CountsBytesByTheirPowerOfTwo) {
    const auto pool = BufferPool::create();
    Buffer small = pool->acquire(10);
    EXPECT_EQ(pool->in_use(), 16u << 10);
    const Buffer large = pool->acquire((16 << 10) + 1);
    EXPECT_EQ(pool->in_use(), 48u << 10);
    small = Buffer();
    EXPECT_EQ(pool->in_use(), 32u << 10);
}

TEST(BufferPool, GivesNothingBeyondItsBudget) {
    const auto pool = BufferPool::create(100 << 10);
    Buffer first = pool->acquire(64 << 10);
    const Buffer second = pool->acquire(32 << 10);
    EXPECT_TRUE(first);
    EXPECT_TRUE(second);
    EXPECT_FALSE(pool->acquire(1));
    EXPECT_EQ(pool->available(), 4u << 10);
    first = Buffer();
    EXPECT_TRUE(pool->acquire(64 << 10));
}

TEST(BufferPool, UsesMemoryAgain) {
    const auto pool = BufferPool::create();
    const std::byte* memory = nullptr;
    {
        Buffer buffer = pool->acquire(1 << 20);
        memory = buffer.bytes().data();
    }
    Buffer again = pool->acquire((1 << 20) - 5);
    EXPECT_EQ(again.bytes().data(), memory);
}

TEST(BufferPool, CallsBackOnceThereIsRoomInTheOrderOfAsking) {
    const auto pool = BufferPool::create(64 << 10);
    Buffer all = pool->acquire(64 << 10);
    std::string calls;
    pool->when_free(64 << 10, [&] { calls += 'a'; });
    pool->when_free(16 << 10, [&] { calls += 'b'; });
    EXPECT_EQ(calls, "");
    all = Buffer();
    EXPECT_EQ(calls, "a");  // what it asked for is left to it
    all = pool->acquire(16 << 10);
    all = Buffer();
    EXPECT_EQ(calls, "ab");
    pool->when_free(1, [&] { calls += 'c'; });
    EXPECT_EQ(calls, "abc");
}

TEST(BufferPool, TakesBuffersBackFromAnyThread) {
    const auto pool = BufferPool::create(8 << 20);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([pool] {
            for (int i = 0; i < 200; ++i) {
                Buffer buffer = pool->acquire(std::size_t{1} << (14 + i % 6));
                ASSERT_TRUE(buffer);
                std::thread([given = std::move(buffer)]() mutable {
                    given.bytes()[0] = std::byte{1};
                }).join();
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(pool->in_use(), 0u);
}

/// The bytes of a buffer's memory that are resident.
std::size_t resident(const std::byte* memory, std::size_t size) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> pages(size / page);
    auto* const start = const_cast<std::byte*>(memory);
    if (::mincore(start, size, pages.data()) != 0) return 0;
    return page * static_cast<std::size_t>(std::ranges::count_if(
                      pages, [](unsigned char state) { return (state & 1) != 0; }));
}

TEST(BufferPool, GivesMemoryThatWasNotWantedForAWhileBack) {
    const auto pool = BufferPool::create();
    constexpr std::size_t size = 256 << 10;
    const std::byte* first = nullptr;
    const std::byte* last = nullptr;
    {
        std::array<Buffer, 3> buffers;
        for (Buffer& buffer : buffers) {
            buffer = pool->acquire(size);
            std::ranges::fill(buffer.bytes(), std::byte{1});
        }
        first = buffers.front().bytes().data();
        last = buffers.back().bytes().data();
        for (Buffer& buffer : buffers) buffer = Buffer();
    }
    pool->trim();  // they were in use since the last one
    EXPECT_EQ(pool->held(), 3 * size);
    EXPECT_EQ(resident(first, size), size);
    {
        const Buffer one = pool->acquire(size);
    }
    pool->trim();
    EXPECT_EQ(pool->held(), size);
    EXPECT_EQ(resident(first, size), 0u);
    EXPECT_EQ(resident(last, size), size);
    pool->trim();
    EXPECT_EQ(pool->held(), 0u);

    std::array<Buffer, 3> again;
    for (Buffer& buffer : again) {
        buffer = pool->acquire(size);
        std::ranges::fill(buffer.bytes(), std::byte{2});
    }
    EXPECT_EQ(pool->held(), 3 * size);
    EXPECT_EQ(resident(first, size), size);
}

TEST(BufferPool, KeepsWithinItsBudgetWhatItHolds) {
    const auto pool = BufferPool::create(128 << 10);
    {
        const Buffer large = pool->acquire(128 << 10);
    }
    pool->trim();
    pool->trim();
    const Buffer small = pool->acquire(16 << 10);
    EXPECT_EQ(pool->held(), 16u << 10);
    const Buffer rest = pool->acquire(64 << 10);
    EXPECT_EQ(pool->held(), 80u << 10);
}

TEST(BufferPool, OutlivesItsOwnerAsLongAsABufferDoes) {
    auto pool = BufferPool::create();
    Buffer buffer = pool->acquire(100);
    pool.reset();
    buffer.bytes()[99] = std::byte{1};
    buffer = Buffer();
    EXPECT_FALSE(buffer);
}

}  // namespace
}  // namespace shoal::disk

#include "base/heap.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <vector>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace shoal {
namespace {

TEST(Heap, KeepsWhatIsFreed) {
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__clang__)
    keep_freed_memory();
    std::vector<std::unique_ptr<std::string>> many;
    many.reserve(100'000);
    for (int i = 0; i < 100'000; ++i) many.push_back(std::make_unique<std::string>(300, 'x'));
    const std::size_t most = ::mallinfo2().arena;
    ASSERT_GT(most, 30'000'000u);
    many.clear();
    EXPECT_EQ(::mallinfo2().arena, most);
#else
    GTEST_SKIP() << "the heap is another one here";
#endif
}

}  // namespace
}  // namespace shoal

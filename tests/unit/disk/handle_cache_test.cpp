#include "disk/handle_cache.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "faulty_file_system.h"

namespace shoal::disk {
namespace {

class HandleCacheTest : public ::testing::Test {
  protected:
    std::shared_ptr<File> file() { return *folder->open("file", Access::create); }

    testing::FaultyFileSystem files;
    std::shared_ptr<Folder> folder = *files.open_folder("/", true);
};

TEST_F(HandleCacheTest, ForgetsTheFileThatWasNotUsedForLongest) {
    HandleCache cache(2);
    cache.insert({1, 1}, file());
    cache.insert({1, 2}, file());
    EXPECT_NE(cache.find({1, 1}), nullptr);
    cache.insert({1, 3}, file());
    EXPECT_EQ(cache.find({1, 2}), nullptr);
    EXPECT_NE(cache.find({1, 1}), nullptr);
    EXPECT_NE(cache.find({1, 3}), nullptr);
    EXPECT_EQ(cache.size(), 2u);
}

TEST_F(HandleCacheTest, KeepsTheFirstOfTwoThatOpenedTheSame) {
    HandleCache cache;
    const auto first = cache.insert({1, 1}, file());
    EXPECT_EQ(cache.insert({1, 1}, file()), first);
    EXPECT_EQ(cache.find({1, 1}), first);
}

TEST_F(HandleCacheTest, ErasesFilesOfOneOwnerOnly) {
    HandleCache cache;
    cache.insert({1, 1}, file());
    cache.insert({1, 2}, file());
    cache.insert({2, 1}, file());
    cache.erase({1, 1});
    EXPECT_EQ(cache.find({1, 1}), nullptr);
    cache.insert({1, 3}, file());
    cache.erase_all(1);
    EXPECT_EQ(cache.find({1, 2}), nullptr);
    EXPECT_EQ(cache.find({1, 3}), nullptr);
    EXPECT_NE(cache.find({2, 1}), nullptr);
}

TEST(HandleCache, LeavesDescriptorsForConnections) {
    rlimit former{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &former), 0);
    for (const auto& [descriptors, files] : std::initializer_list<std::pair<rlim_t, std::size_t>>{
             {400, 100}, {1000, 250}, {10'000, 2500}, {20'000, 11'808}, {1'000'000, 12'288}}) {
        rlimit limit = former;
        limit.rlim_cur = descriptors;
        // As far as whoever runs this test may go.
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) continue;
        EXPECT_EQ(HandleCache::fitting_limit(), files) << descriptors;
    }
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &former), 0);
}

TEST(HandleCache, NumbersItsOwners) {
    EXPECT_NE(HandleCache::new_owner(), HandleCache::new_owner());
}

}  // namespace
}  // namespace shoal::disk

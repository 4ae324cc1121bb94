#include "node/content.h"

#include <gtest/gtest.h>

#include "../disk/temp_folder.h"

namespace shoal::node {
namespace {

namespace fs = std::filesystem;

class ContentTest : public ::testing::Test {
  protected:
    ContentTest() {
        folder_.write("bài/a.txt", std::string(50'000, 'a'));
        folder_.write("bài/sub/b.txt", "b");
    }
    std::shared_ptr<const metainfo::Info> hash(const std::string& name, std::uint32_t length = 0) {
        auto plan = plan_torrent(folder_ / "bài", name, length);
        EXPECT_TRUE(plan);
        HashProgress progress;
        auto info = hash_content(*plan, progress);
        EXPECT_TRUE(info);
        return *info;
    }

    disk::testing::TempFolder folder_;
};

TEST_F(ContentTest, MakesAPrivateTorrentOfTheSharedName) {
    const auto info = hash("Bài giảng 1", 32 << 10);
    EXPECT_TRUE(info->is_private());
    EXPECT_EQ(info->name(), "Bài giảng 1");
    EXPECT_EQ(info->layout().piece_count(), 2u);
}

TEST_F(ContentTest, TheSameContentUnderTheSameNameIsOneTorrent) {
    const auto here = hash("chung");
    fs::copy(folder_ / "bài", folder_ / "nơi khác", fs::copy_options::recursive);
    fs::remove_all(folder_ / "bài");
    fs::rename(folder_ / "nơi khác", folder_ / "bài");
    EXPECT_EQ(hash("chung")->info_hash(), here->info_hash());
    EXPECT_NE(hash("khác")->info_hash(), here->info_hash());
}

TEST_F(ContentTest, AStampShowsEveryChange) {
    const auto info = hash("x");
    const auto before = content_stamp(info, folder_ / "bài");
    ASSERT_TRUE(before);
    EXPECT_EQ(*content_stamp(info, folder_ / "bài"), *before);
    fs::last_write_time(folder_ / "bài/a.txt",
                        fs::last_write_time(folder_ / "bài/a.txt") + std::chrono::seconds(1));
    const auto touched = content_stamp(info, folder_ / "bài");
    EXPECT_NE(*touched, *before);
    fs::remove(folder_ / "bài/sub/b.txt");
    EXPECT_NE(*content_stamp(info, folder_ / "bài"), *touched);
    fs::remove_all(folder_ / "bài");
    EXPECT_EQ(content_stamp(info, folder_ / "bài").error().code, ErrorCode::not_found);
}

TEST_F(ContentTest, TheStampOfATreeShowsNewFilesToo) {
    const auto before = tree_stamp(*disk::scan_tree(folder_ / "bài"));
    folder_.write("bài/new", "");
    EXPECT_NE(tree_stamp(*disk::scan_tree(folder_ / "bài")), before);
}

TEST_F(ContentTest, HashingStopsWhenItIsTold) {
    auto plan = plan_torrent(folder_ / "bài", "x", 0);
    HashProgress progress;
    progress.stop = true;
    const auto info = hash_content(*plan, progress);
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace shoal::node

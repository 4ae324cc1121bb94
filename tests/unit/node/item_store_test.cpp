#include "node/item_store.h"

#include <fstream>
#include <gtest/gtest.h>

#include "../disk/temp_folder.h"
#include "../metainfo/torrents.h"

namespace shoal::node {
namespace {

class ItemStoreTest : public ::testing::Test {
  protected:
    static Item item(std::int64_t id, const std::string& name) {
        return {.id = id, .name = name, .path = "/" + name};
    }

    disk::testing::TempFolder folder_;
    Result<Home> home_ = Home::open(folder_ / "home");
    ItemStore store_{*home_};
};

TEST_F(ItemStoreTest, WhatWasSavedIsThereAgainById) {
    ASSERT_TRUE(store_.save(item(10, "mười")));
    ASSERT_TRUE(store_.save(item(2, "hai")));
    ASSERT_TRUE(store_.save(item(2, "hai, đổi tên")));
    const auto items = store_.load();
    ASSERT_TRUE(items);
    ASSERT_EQ(items->items.size(), 2u);
    EXPECT_EQ(items->items[0].name, "hai, đổi tên");
    EXPECT_EQ(items->items[1].name, "mười");
    EXPECT_EQ(items->last_id, 10);
    EXPECT_FALSE(items->damaged);
    store_.remove(2);
    EXPECT_EQ(store_.load()->items.size(), 1u);
}

TEST_F(ItemStoreTest, ADamagedRecordIsLeftOutAndKept) {
    ASSERT_TRUE(store_.save(item(1, "một")));
    const auto damaged = home_->items() / "2.json";
    std::ofstream(damaged) << "{\"version\":1";
    std::ofstream(home_->items() / "3.json") << encode_item(item(4, "bốn"));
    std::ofstream(home_->items() / "1.json.0123") << "left by a crash";
    const auto records = store_.load();
    ASSERT_TRUE(records);
    EXPECT_EQ(records->items.size(), 1u);
    EXPECT_EQ(records->last_id, 3);
    EXPECT_TRUE(records->damaged);
    EXPECT_TRUE(std::filesystem::exists(damaged));
}

TEST_F(ItemStoreTest, TorrentsAreKeptWithoutTrackers) {
    auto made = metainfo::testing::make(metainfo::Format::v1, {{{"a"}, std::string(40'000, 'x')}},
                                        16 << 10, "a", false);
    ASSERT_TRUE(made);
    const metainfo::Info info = std::move(*made);
    ASSERT_TRUE(store_.save_torrent(info));
    const auto again = store_.torrent(info.info_hash());
    ASSERT_TRUE(again);
    EXPECT_EQ((*again)->info_hash(), info.info_hash());
    InfoHash other;
    EXPECT_EQ(store_.torrent(other).error().code, ErrorCode::not_found);
    std::filesystem::copy_file(home_->torrent_of(info.info_hash()), home_->torrent_of(other));
    EXPECT_EQ(store_.torrent(other).error().code, ErrorCode::bad_data);
    std::ofstream(home_->torrents() / "the user's own.torrent") << "x";
    store_.remove_torrents_but({{.id = 1, .path = "/a", .info_hash = info.info_hash()}});
    EXPECT_TRUE(store_.torrent(info.info_hash()));
    EXPECT_EQ(store_.torrent(other).error().code, ErrorCode::not_found);
    EXPECT_TRUE(std::filesystem::exists(home_->torrents() / "the user's own.torrent"));
    store_.remove_torrent(info.info_hash());
    EXPECT_FALSE(store_.torrent(info.info_hash()));
}

}  // namespace
}  // namespace shoal::node

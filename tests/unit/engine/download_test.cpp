#include "engine/download.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace shoal::engine {
namespace {

using metainfo::Format;
using testing::share;
using testing::tree_of;

class DownloadTest : public testing::EngineTest {
  protected:
    void start_seed(Format format = Format::v1) {
        torrent_ = share(folder_, format);
        ASSERT_EQ(seed(*seeder_, {.torrent = torrent_, .path = folder_.path()}), "");
    }
    DownloadOptions options() {
        return {.source = torrent_, .directory = folder_ / "copy", .peers = {address_of(*seeder_)}};
    }
    void expect_whole() {
        EXPECT_EQ(tree_of(folder_ / "copy/shared"), tree_of(folder_ / "shared"));
        EXPECT_FALSE(std::filesystem::exists(folder_ / "copy/.progress"));
    }

    metainfo::Metainfo torrent_;
};

TEST_F(DownloadTest, FetchesATorrentOfEveryFormat) {
    for (const Format format : {Format::v1, Format::v2, Format::hybrid}) {
        start_seed(format);
        ASSERT_EQ(fetch(*fetcher_, options()), "");
        EXPECT_EQ(bytes_, 905'001);
        expect_whole();
        std::filesystem::remove_all(folder_ / "copy");
    }
}

TEST_F(DownloadTest, GivesTheContentTheNameThatItsOwnerChose) {
    start_seed();
    DownloadOptions named = options();
    named.name = "bản sao";
    ASSERT_EQ(fetch(*fetcher_, std::move(named)), "");
    EXPECT_EQ(tree_of(folder_ / "copy/bản sao"), tree_of(folder_ / "shared"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "copy/shared"));
}

TEST_F(DownloadTest, FetchesByMagnetLink) {
    for (const Format format : {Format::v1, Format::hybrid}) {
        start_seed(format);
        metainfo::Magnet magnet;
        magnet.hash_v1 = torrent_.info->info_hash();
        DownloadOptions by_magnet = options();
        by_magnet.source = magnet;
        ASSERT_EQ(fetch(*fetcher_, std::move(by_magnet)), "");
        expect_whole();
        std::filesystem::remove_all(folder_ / "copy");
    }
}

TEST_F(DownloadTest, FetchesFromOneSourceAtATime) {
    start_seed();
    DownloadOptions one = options();
    one.single_source = true;
    ASSERT_EQ(fetch(*fetcher_, std::move(one)), "");
    expect_whole();
}

TEST_F(DownloadTest, FetchesOnlyTheFilesThatMatch) {
    start_seed();
    DownloadOptions some = options();
    some.files = {"notes.txt"};
    ASSERT_EQ(fetch(*fetcher_, std::move(some)), "");
    EXPECT_EQ(bytes_, 5'000);
    const auto copy = tree_of(folder_ / "copy");
    ASSERT_EQ(copy.size(), 1u);
    EXPECT_EQ(copy.begin()->second, tree_of(folder_ / "shared")["notes.txt"]);
}

TEST_F(DownloadTest, ServesOthersWhileItIsComplete) {
    start_seed();
    bool complete = false;
    DownloadOptions staying = options();
    staying.seed = true;
    Download first(*fetcher_, std::move(staying),
                   {.on_complete = [&](ByteCount) { complete = true; },
                    .on_error = [](const Error& error) { ADD_FAILURE() << error.message; }});
    first.start();
    ASSERT_TRUE(run_until([&] { return complete; }));
    const auto third = open_session();
    DownloadOptions from_first = options();
    from_first.directory = folder_ / "second copy";
    from_first.peers = {address_of(*fetcher_)};
    EXPECT_EQ(fetch(*third, std::move(from_first)), "");
    EXPECT_EQ(tree_of(folder_ / "second copy"), tree_of(folder_ / "copy"));
    EXPECT_GT(first.status().transfer.uploaded, 900'000);
    stop(first);
}

TEST_F(DownloadTest, GoesOnWhereItWasStopped) {
    // One file is damaged at the first seed, so that the first run ends half done.
    torrent_ = share(folder_, Format::v1);
    std::filesystem::create_directories(folder_ / "whole");
    std::filesystem::copy(folder_ / "shared", folder_ / "whole/shared",
                          std::filesystem::copy_options::recursive);
    folder_.write("shared/tập 1/ảnh.jpg", std::string(200'001, 'x'));
    ASSERT_EQ(seed(*seeder_, {.torrent = torrent_, .path = folder_.path(), .partial = true}), "");
    {
        Download first(*fetcher_, options(), {.on_complete = {}, .on_error = {}});
        first.start();
        ASSERT_TRUE(run_until([&] { return first.status().transfer.have > 650'000; }));
        stop(first);
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "copy/shared"));
    EXPECT_TRUE(std::filesystem::exists(folder_ / "copy/.progress"));

    const auto other = open_session();
    ASSERT_EQ(seed(*other, {.torrent = torrent_, .path = folder_ / "whole"}), "");
    DownloadOptions again = options();
    again.peers = {address_of(*other)};
    ASSERT_EQ(fetch(*fetcher_, std::move(again)), "");
    EXPECT_LT(seeding_->status().uploaded, 300'000);  // only what was missing
    EXPECT_EQ(tree_of(folder_ / "copy/shared"), tree_of(folder_ / "whole/shared"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "copy/.progress"));
    seeding_.reset();  // before its session
}

TEST_F(DownloadTest, IsLetGoOfWhenItHasStopped) {
    start_seed();
    for (int round = 0; round < 20; ++round) {
        auto download = std::make_unique<Download>(
            *fetcher_, options(), DownloadCallbacks{[](ByteCount) {}, [](const Error&) {}});
        download->start();
        // As far as it gets by then.
        for (int step = 0; step < round; ++step) io_.run_one_for(1ms);
        stop(*download);
        download.reset();
        const auto again =
            disk::Workspace::open(fetcher_->files(), folder_ / "copy", torrent_.info->info_hash());
        EXPECT_TRUE(again) << again.error().message;
    }
}

TEST_F(DownloadTest, LeavesWhatStandsInItsPlaceAlone) {
    start_seed();
    folder_.write("copy/shared", "something else");
    EXPECT_NE(fetch(*fetcher_, options()), "");
    EXPECT_EQ(tree_of(folder_ / "copy")["shared"], "something else");
}

}  // namespace
}  // namespace shoal::engine

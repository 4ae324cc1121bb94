// What a library does with its items while nobody is there: removing, renewing, switching.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "../disk/temp_folder.h"
#include "../metainfo/torrents.h"
#include "../net/loop.h"
#include "node/library.h"

namespace shoal::node {
namespace {

namespace fs = std::filesystem;
using boost::asio::awaitable;
using ShareResult = Result<std::shared_ptr<Share>>;

/// A library without a group, on a session that nobody calls.
class LibraryAloneTest : public ::testing::Test {
  protected:
    LibraryAloneTest() {
        auto session = engine::Session::open(io_, {.listen = {net::testing::loopback}, .from = {}});
        EXPECT_TRUE(session);
        session_ = std::move(*session);
        open();
    }
    void TearDown() override { close(); }

    void open() {
        library_ = std::make_unique<Library>(*session_, *home_, store_, Library::Options{});
        EXPECT_TRUE(library_->load());
    }
    void close() {
        bool stopped = false;
        library_->stop([&] { stopped = true; });
        EXPECT_TRUE(run_until([&] { return stopped; }));
        io_.poll();
        library_.reset();
    }

    template <class Condition>
    bool run_until(Condition condition) {
        return net::testing::run_until(io_, condition, 60s);
    }
    template <class T>
    T wait_for(awaitable<T> work) {
        std::optional<T> value;
        boost::asio::co_spawn(io_, std::move(work), [&](const std::exception_ptr& bug, T got) {
            EXPECT_FALSE(bug);
            value = std::move(got);
        });
        EXPECT_TRUE(run_until([&] { return value.has_value(); }));
        return std::move(*value);
    }
    void begin(awaitable<void> work) {
        ++under_way_;
        boost::asio::co_spawn(io_, std::move(work), [this](const std::exception_ptr& bug) {
            EXPECT_FALSE(bug);
            --under_way_;
        });
    }

    /// Published, and hashed.
    std::shared_ptr<Share> publish(const fs::path& path) {
        auto share = wait_for(library_->publish({.path = path}));
        EXPECT_TRUE(share) << share.error().message;
        EXPECT_TRUE(run_until([&] { return (*share)->item().complete; }));
        return *share;
    }
    std::shared_ptr<Share> download() {
        auto made = metainfo::testing::make(metainfo::Format::v1,
                                            {{{"a"}, metainfo::testing::content(40'000, 1)}},
                                            16 << 10, "a", false);
        auto info = std::make_shared<const metainfo::Info>(std::move(*made));
        NewDownload download{.item = {.kind = Kind::downloaded,
                                      .name = "a",
                                      .path = home_->downloads() / "a",
                                      .info_hash = info->info_hash()},
                             .info = info};
        auto share = wait_for(library_->add(std::move(download)));
        EXPECT_TRUE(share) << share.error().message;
        return *share;
    }

    disk::testing::TempFolder folder_;
    Result<Home> home_ = Home::open(folder_ / "home");
    ItemStore store_{*home_};
    boost::asio::io_context io_{1};
    std::unique_ptr<engine::Session> session_;
    std::unique_ptr<Library> library_;
    int under_way_ = 0;
};

TEST_F(LibraryAloneTest, WhatItHadIsThereAgain) {
    folder_.write("x", std::string(50'000, 'x'));
    const auto hash = publish(folder_ / "x")->item().info_hash;
    close();
    open();
    ASSERT_EQ(library_->shares().size(), 1u);
    const auto share = library_->shares().begin()->second;
    EXPECT_EQ(share->item().info_hash, hash);
    EXPECT_TRUE(share->item().complete);
    EXPECT_TRUE(share->info());
}

TEST_F(LibraryAloneTest, ADownloadThatIsSwitchedToAndFroGoesOn) {
    const auto share = download();
    for (int round = 0; round < 20; ++round) {
        begin(library_->set_intent(share, Intent::paused));
        begin(library_->set_intent(share, Intent::running));
        for (int step = 0; step < round; ++step) io_.run_one_for(1ms);
    }
    EXPECT_TRUE(run_until([&] { return under_way_ == 0; }));
    EXPECT_TRUE(run_until([&] {
        library_->tick(Clock::now());
        return share->state() == ShareState::fetching || share->error();
    }));
    EXPECT_EQ(share->status().message.find("another process"), std::string::npos);
    EXPECT_EQ(share->state(), ShareState::fetching) << share->status().message;
}

TEST_F(LibraryAloneTest, WhatIsRemovedAtAnyMomentLeavesNothing) {
    for (int round = 0; round < 10; ++round) {
        const auto share = download();
        for (int step = 0; step < round; ++step) io_.run_one_for(1ms);
        begin(library_->set_intent(share, Intent::paused));
        const auto removed = wait_for(library_->remove(share));
        EXPECT_TRUE(removed) << removed.error().message;
        EXPECT_TRUE(run_until([&] { return under_way_ == 0; }));
        EXPECT_TRUE(fs::is_empty(home_->downloads()));
        EXPECT_TRUE(fs::is_empty(home_->items()));
        EXPECT_TRUE(fs::is_empty(home_->torrents()));
        EXPECT_TRUE(library_->shares().empty());
    }
}

TEST_F(LibraryAloneTest, WhatIsRemovedTwiceIsNotThereTheSecondTime) {
    const auto share = download();
    begin([](Library& library, std::shared_ptr<Share> gone) -> awaitable<void> {
        [[maybe_unused]] const auto first = co_await library.remove(std::move(gone));
    }(*library_, share));
    io_.poll();
    const auto second = wait_for(library_->remove(share));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::not_found);
    EXPECT_TRUE(run_until([&] { return under_way_ == 0; }));
}

TEST_F(LibraryAloneTest, ContentOfAnotherItemIsNotDeleted) {
    folder_.write("all/one", std::string(50'000, '1'));
    folder_.write("all/two", std::string(50'000, '2'));
    const auto all = publish(folder_ / "all");
    const auto one = publish(folder_ / "all/one");
    for (const auto& share : {all, one}) {
        const auto removed = wait_for(library_->forget(share, true));
        ASSERT_FALSE(removed);
        EXPECT_EQ(removed.error().code, ErrorCode::refused);
    }
    EXPECT_TRUE(wait_for(library_->forget(one, false)));
    folder_.write("all/own", "the user's");
    EXPECT_TRUE(wait_for(library_->forget(all, true)));
    EXPECT_FALSE(fs::exists(folder_ / "all/one"));
    EXPECT_FALSE(fs::exists(folder_ / "all/two"));
    EXPECT_TRUE(fs::exists(folder_ / "all/own"));
}

TEST_F(LibraryAloneTest, ThePeersOwnDataIsNotPublished) {
    for (const fs::path& path : {fs::path("/"), folder_.path(), home_->folder(), home_->items()}) {
        const auto published = wait_for(library_->publish({.path = path, .name = "x"}));
        ASSERT_FALSE(published) << path;
        EXPECT_EQ(published.error().code, ErrorCode::refused);
    }
}

TEST_F(LibraryAloneTest, ANewVersionIsHashedAgainWhateverGoesOn) {
    folder_.write("x", std::string(50'000, 'x'));
    folder_.write("y", std::string(60'000, 'y'));
    const auto share = publish(folder_ / "x");
    const auto before = share->item().info_hash;
    begin(library_->set_intent(share, Intent::running));
    const auto same =
        wait_for(library_->publish({.path = folder_ / "y", .name = "x", .replace = true}));
    ASSERT_TRUE(same);
    EXPECT_EQ(*same, share);
    EXPECT_TRUE(run_until([&] { return share->item().complete && under_way_ == 0; }));
    EXPECT_NE(share->item().info_hash, before);
    EXPECT_EQ(share->item().path, fs::canonical(folder_ / "y"));
    close();
    open();
    // The former version's torrent is nobody's any more.
    EXPECT_FALSE(store_.torrent(*before));
    EXPECT_TRUE(store_.torrent(*library_->shares().begin()->second->item().info_hash));
}

TEST_F(LibraryAloneTest, WhatLiesInTheSharedFolderIsStopped) {
    folder_.write("home/shared/x", std::string(50'000, 'x'));
    const auto share = publish(home_->shared() / "x");
    EXPECT_TRUE(wait_for(library_->remove(share)));
    EXPECT_EQ(share->state(), ShareState::stopped);
    fs::remove(home_->shared() / "x");
    EXPECT_TRUE(wait_for(library_->remove(share)));
    EXPECT_TRUE(library_->shares().empty());
}

}  // namespace
}  // namespace shoal::node

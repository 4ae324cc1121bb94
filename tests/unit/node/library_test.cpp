#include "node/library.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../disk/temp_folder.h"
#include "../net/loop.h"
#include "node/group_admission.h"

namespace shoal::node {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::string_view announce = "http://127.0.0.1:1/announce?passkey=x";

std::string bytes_in(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// One peer's library, as a daemon holds it.
struct Peer {
    Peer(boost::asio::io_context& io, const fs::path& folder, Library::Options options = {})
        : home(*Home::open(folder)), store(home) {
        auto opened = engine::Session::open(
            io, {.listen = {net::testing::loopback}, .from = {}, .admission = admission});
        session = std::move(*opened);
        library = std::make_unique<Library>(*session, home, store, std::move(options));
        EXPECT_TRUE(library->load());
    }
    [[nodiscard]] net::TcpEndpoint address() const {
        return {net::testing::loopback.address(), session->port()};
    }

    Home home;
    ItemStore store;
    std::shared_ptr<GroupAdmission> admission = std::make_shared<GroupAdmission>();
    std::unique_ptr<engine::Session> session;
    std::unique_ptr<Library> library;
};

class LibraryTest : public ::testing::Test {
  protected:
    ~LibraryTest() override {
        for (Peer* peer : {one_.get(), other_.get()}) {
            if (peer != nullptr) stop(*peer);
        }
    }
    void stop(Peer& peer) {
        bool stopped = false;
        peer.library->stop([&] { stopped = true; });
        EXPECT_TRUE(run_until([&] { return stopped; }));
        io_.restart();
        io_.poll();
    }
    template <class Condition>
    bool run_until(Condition condition) {
        return net::testing::run_until(io_, condition, 60s);
    }
    template <class T>
    T wait(boost::asio::awaitable<T> asked) {
        std::optional<T> result;
        boost::asio::co_spawn(io_, std::move(asked), [&](const std::exception_ptr& bug, T value) {
            if (bug) std::rethrow_exception(bug);
            result = std::move(value);
        });
        EXPECT_TRUE(run_until([&] { return result.has_value(); }));
        return std::move(*result);
    }
    /// While the clock ticks, as it does in a daemon.
    bool reaches(const Share& share, ShareState state) {
        return run_until([&] {
            for (Peer* peer : {one_.get(), other_.get()}) {
                if (peer != nullptr) peer->library->tick(Clock::now());
            }
            return share.state() == state;
        });
    }
    std::shared_ptr<Share> publish(const fs::path& path, const std::string& name = "") {
        auto share = wait(one_->library->publish({.path = path, .name = name}));
        EXPECT_TRUE(share) << share.error().message;
        return *share;
    }
    Error refusal(NewPublication publication) {
        const auto share = wait(one_->library->publish(std::move(publication)));
        EXPECT_FALSE(share);
        return share ? Error{} : share.error();
    }
    /// As when the tracker is reached and knows the torrent.
    void let_share(Peer& peer, const Share& share) {
        EXPECT_TRUE(run_until([&] { return share.item().complete; }));
        peer.library->set_group(std::string(announce), "");
        peer.library->set_known(*share.item().info_hash);
        EXPECT_TRUE(reaches(share, ShareState::sharing));
    }

    int changes_ = 0;  ///< that the other was told of
    disk::testing::TempFolder folder_;
    boost::asio::io_context io_{1};
    std::unique_ptr<Peer> one_ = std::make_unique<Peer>(io_, folder_ / "one");
    std::unique_ptr<Peer> other_;
};

TEST_F(LibraryTest, APublicationIsHashedAndThenWaitsForTheTracker) {
    const auto share = publish(folder_.write("bài.txt", std::string(100'000, 'x')));
    EXPECT_TRUE(run_until([&] { return share->item().complete; }));
    EXPECT_EQ(share->state(), ShareState::queued);
    EXPECT_EQ(share->item().name, "bài.txt");
    EXPECT_TRUE(one_->library->holdings().empty());
    let_share(*one_, *share);
    ASSERT_EQ(one_->library->holdings().size(), 1u);
    EXPECT_TRUE(one_->library->holdings().front().have->all());
    one_->library->set_group(std::nullopt, "waits for somebody");
    ASSERT_TRUE(reaches(*share, ShareState::queued));
    EXPECT_TRUE(run_until([&] { return share->status().message == "waits for somebody"; }));
}

TEST_F(LibraryTest, ANameAPathAndATorrentAreThereOnce) {
    const auto first = folder_.write("a", "one");
    const auto second = folder_.write("b", "two");
    publish(first, "tên");
    EXPECT_THAT(refusal({.path = second, .name = "tên"}).message, HasSubstr("--replace"));
    EXPECT_EQ(refusal({.path = first, .name = "khác"}).code, ErrorCode::refused);
    fs::create_symlink(first, folder_ / "link");
    EXPECT_EQ(refusal({.path = folder_ / "link", .name = "khác"}).code, ErrorCode::refused);
    EXPECT_EQ(refusal({.path = folder_ / "nothing"}).code, ErrorCode::not_found);
    EXPECT_EQ(refusal({.path = second, .name = "a/b"}).code, ErrorCode::usage);
    EXPECT_EQ(one_->library->shares().size(), 1u);
}

TEST_F(LibraryTest, ANewVersionTakesTheNamesPlace) {
    const auto share = publish(folder_.write("a", "one"), "tên");
    ASSERT_TRUE(run_until([&] { return share->item().complete; }));
    const auto old = share->item().info_hash;
    const auto path = folder_.write("b", "two, longer");
    const auto again = wait(one_->library->publish({.path = path, .name = "tên", .replace = true}));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, share);
    ASSERT_TRUE(run_until([&] { return share->item().complete; }));
    EXPECT_NE(share->item().info_hash, old);
}

TEST_F(LibraryTest, WhatIsThereAfterARestartIsNotHashedAgain) {
    const auto path = folder_.write("a", std::string(50'000, 'x'));
    let_share(*one_, *publish(path));
    stop(*one_);
    one_.reset();
    // Other bytes behind the same size and time: only a hash could tell.
    const auto time = fs::last_write_time(path);
    folder_.write("a", std::string(50'000, 'y'));
    fs::last_write_time(path, time);
    one_ = std::make_unique<Peer>(io_, folder_ / "one");
    const auto share = one_->library->named("a");
    ASSERT_TRUE(share);
    EXPECT_TRUE(share->item().complete);
    let_share(*one_, *share);
    EXPECT_TRUE(share->have()->all());
}

TEST_F(LibraryTest, ContentThatChangedIsNotServed) {
    const auto path = folder_.write("a", std::string(50'000, 'x'));
    const auto share = publish(path);
    let_share(*one_, *share);
    folder_.write("a", std::string(50'000, 'y'));
    ASSERT_TRUE(reaches(*share, ShareState::changed));
    EXPECT_TRUE(one_->library->holdings().empty());
    fs::remove(path);
    folder_.write("a", std::string(50'000, 'x'));
    ASSERT_TRUE(reaches(*share, ShareState::sharing));
    fs::remove(path);
    ASSERT_TRUE(reaches(*share, ShareState::missing));
}

TEST_F(LibraryTest, WhatIsRemovedIsForgottenAndTheContentStays) {
    const auto path = folder_.write("a", "content");
    const auto share = publish(path);
    ASSERT_TRUE(run_until([&] { return share->item().complete; }));
    EXPECT_TRUE(wait(one_->library->remove(share)));
    EXPECT_TRUE(one_->library->shares().empty());
    EXPECT_EQ(bytes_in(path), "content");
    EXPECT_TRUE(fs::is_empty(one_->home.items()));
    EXPECT_TRUE(fs::is_empty(one_->home.torrents()));
    const auto again = publish(path);
    ASSERT_TRUE(run_until([&] { return again->item().complete; }));
    EXPECT_TRUE(wait(one_->library->forget(again, true)));
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(LibraryTest, ADownloadBecomesAShare) {
    const auto path = folder_.write("a", std::string(300'000, 'x'));
    const auto source = publish(path, "chung");
    ASSERT_TRUE(run_until([&] { return source->item().complete; }));
    // Outside the group, so that nobody has to be asked who may call.
    EXPECT_TRUE(wait(one_->library->remove(source)));
    ASSERT_TRUE(wait(one_->library->add({.item = {.kind = Kind::seeded,
                                                  .name = "chung",
                                                  .path = path,
                                                  .info_hash = source->item().info_hash,
                                                  .complete = true},
                                         .info = source->info()})));
    ASSERT_TRUE(
        reaches(*one_->library->with_info_hash(*source->item().info_hash), ShareState::sharing));

    other_ = std::make_unique<Peer>(
        io_, folder_ / "other", Library::Options{.on_change = [&](std::int64_t) { ++changes_; }});
    const auto place = other_->home.downloads() / "tên khác";
    const auto share = wait(other_->library->add({.item = {.kind = Kind::downloaded,
                                                           .name = "chung",
                                                           .path = place,
                                                           .info_hash = source->item().info_hash},
                                                  .info = source->info(),
                                                  .peers = {one_->address()}}));
    ASSERT_TRUE(share);
    ASSERT_TRUE(reaches(**share, ShareState::sharing));
    EXPECT_EQ(bytes_in(place), bytes_in(path));
    EXPECT_EQ((*share)->status().downloaded, 300'000);
    EXPECT_GT(changes_, 2);
    EXPECT_FALSE(wait(other_->library->add({.item = {.kind = Kind::downloaded,
                                                     .name = "chung",
                                                     .path = place,
                                                     .info_hash = source->item().info_hash},
                                            .info = source->info()})));
}

TEST_F(LibraryTest, BeyondTheLimitDownloadsWait) {
    other_ =
        std::make_unique<Peer>(io_, folder_ / "other", Library::Options{.downloads_at_once = 1});
    const auto source = publish(folder_.write("a", std::string(50'000, 'x')));
    const auto second = publish(folder_.write("b", std::string(50'000, 'y')));
    ASSERT_TRUE(run_until([&] { return source->item().complete && second->item().complete; }));
    const auto begin = [&](const Share& of) {
        return *wait(
            other_->library->add({.item = {.kind = Kind::downloaded,
                                           .name = of.item().name,
                                           .path = other_->home.downloads() / of.item().name,
                                           .info_hash = of.item().info_hash},
                                  .info = of.info()}));
    };
    const auto first = begin(*source);
    const auto waiting = begin(*second);
    EXPECT_EQ(waiting->state(), ShareState::queued);
    EXPECT_THAT(waiting->status().message, HasSubstr("waits"));
    EXPECT_TRUE(wait(other_->library->remove(first)));
    EXPECT_TRUE(reaches(*waiting, ShareState::fetching));
}

}  // namespace
}  // namespace shoal::node

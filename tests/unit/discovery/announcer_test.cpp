#include "discovery/announcer.h"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracker/tracker_server.h"

namespace shoal::discovery {
namespace {

namespace asio = boost::asio;

/// Announcers against a real tracker, all on one io_context.
class AnnouncerTest : public testing::Test {
  protected:
    AnnouncerTest() { open_tracker(); }

    void open_tracker() {
        tracker::TrackerServerOptions options;
        options.tracker.interval = std::chrono::seconds(1);
        tracker_ = std::make_unique<tracker::TrackerServer>(io_.get_executor(), options);
        ASSERT_TRUE(tracker_->listen({{asio::ip::address_v4::loopback(), 0}}));
    }

    [[nodiscard]] std::string url() const { return tracker_->url() + "/announce"; }

    [[nodiscard]] tracker::SwarmCounts counts() const {
        return tracker_->tracker()
            .store()
            .scrape(hash_, Clock::now())
            .value_or(tracker::SwarmCounts{});
    }

    /// Runs until the condition holds; false when it does not within a generous time.
    template <class Condition>
    bool eventually(Condition condition) {
        const TimePoint until = Clock::now() + 20s;
        while (!condition()) {
            if (Clock::now() > until) return false;
            io_.run_one_for(50ms);
        }
        return true;
    }

    struct Peer {
        std::vector<std::string> found;
        TransferStats stats;
        std::vector<TrackerStatus> reports;
        std::unique_ptr<Announcer> announcer;
    };

    std::unique_ptr<Peer> peer(std::uint16_t port, ByteCount left, AnnouncerOptions options = {}) {
        auto result = std::make_unique<Peer>();
        Peer* self = result.get();
        self->stats.left = left;
        options.info_hash = hash_;
        options.port = port;
        options.peer_id.bytes[19] = static_cast<std::byte>(port);
        if (options.tiers.empty() && options.user_trackers.empty()) options.tiers = {{url()}};
        AnnouncerCallbacks callbacks;
        callbacks.on_peers = [self](const std::vector<net::TcpEndpoint>& peers) {
            for (const auto& endpoint : peers) self->found.push_back(net::to_text(endpoint));
        };
        callbacks.stats = [self] { return self->stats; };
        callbacks.on_status = [self](const TrackerStatus& status) {
            self->reports.push_back(status);
        };
        self->announcer =
            std::make_unique<Announcer>(io_.get_executor(), options, std::move(callbacks));
        self->announcer->start();
        return result;
    }

    InfoHash hash_ = InfoHash::from(bytes_of("an info hash of twenty"));
    asio::io_context io_{1};
    std::unique_ptr<tracker::TrackerServer> tracker_;
};

TEST_F(AnnouncerTest, PeersFindEachOther) {
    const auto seed = peer(1001, 0);
    ASSERT_TRUE(eventually([&] { return counts().seeds == 1; }));
    const auto leecher = peer(1002, 5);
    ASSERT_TRUE(eventually([&] { return !leecher->found.empty(); }));
    EXPECT_EQ(leecher->found.front(), "127.0.0.1:1001");
    ASSERT_TRUE(eventually([&] { return !seed->found.empty(); })) << "at its next interval";
    EXPECT_EQ(seed->found.front(), "127.0.0.1:1002");
}

TEST_F(AnnouncerTest, StaysKnownBeyondTheTrackersPatience) {
    const auto leecher = peer(1001, 5);
    ASSERT_TRUE(eventually([&] { return counts().leechers == 1; }));
    const TimePoint until = Clock::now() + 4s;
    ASSERT_TRUE(eventually([&] { return Clock::now() > until; }));
    EXPECT_EQ(counts().leechers, 1u);
}

TEST_F(AnnouncerTest, CompletedIsCountedOnce) {
    const auto leecher = peer(1001, 5);
    ASSERT_TRUE(eventually([&] { return counts().leechers == 1; }));
    leecher->stats = {0, 5, 0};
    leecher->announcer->completed();
    ASSERT_TRUE(eventually([&] { return counts().downloaded == 1; }));
    EXPECT_EQ(counts().seeds, 1u);
    const std::size_t reports = leecher->reports.size();
    ASSERT_TRUE(eventually([&] { return leecher->reports.size() > reports + 1; }));
    EXPECT_EQ(counts().downloaded, 1u);
}

TEST_F(AnnouncerTest, StopTellsTheTracker) {
    const auto leecher = peer(1001, 5);
    ASSERT_TRUE(eventually([&] { return counts().leechers == 1; }));
    bool done = false;
    leecher->announcer->stop([&] { done = true; });
    EXPECT_FALSE(done) << "never from within stop()";
    ASSERT_TRUE(eventually([&] { return done; }));
    EXPECT_EQ(counts().leechers, 0u);
}

TEST_F(AnnouncerTest, StopDoesNotWaitForATrackerThatIsSilent) {
    asio::ip::tcp::acceptor silent(io_, {asio::ip::address_v4::loopback(), 0});
    AnnouncerOptions options;
    options.stop_timeout = 300ms;
    options.tiers = {
        {"http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/announce"}};
    const auto leecher = peer(1001, 5, options);
    io_.run_for(100ms);
    bool done = false;
    const TimePoint begin = Clock::now();
    leecher->announcer->stop([&] { done = true; });
    ASSERT_TRUE(eventually([&] { return done; }));
    EXPECT_LT(Clock::now() - begin, 2s);
}

TEST_F(AnnouncerTest, StopWithoutAnyTrackerIsDoneAtOnce) {
    AnnouncerOptions options;
    options.tiers = {{"udp://127.0.0.1:1/announce"}};
    const auto leecher = peer(1001, 5, options);
    EXPECT_EQ(leecher->announcer->status().at(0).state, TrackerStatus::State::disabled);
    bool done = false;
    leecher->announcer->stop([&] { done = true; });
    ASSERT_TRUE(eventually([&] { return done; }));
}

TEST_F(AnnouncerTest, ADeadTrackerIsReportedAndTheNextOneAsked) {
    AnnouncerOptions options;
    options.tiers = {{"http://127.0.0.1:1/announce"}, {url()}};
    const auto leecher = peer(1001, 5, options);
    ASSERT_TRUE(eventually([&] { return counts().leechers == 1; }));
    ASSERT_FALSE(leecher->reports.empty());
    EXPECT_EQ(leecher->reports[0].state, TrackerStatus::State::failing);
    EXPECT_THAT(leecher->reports[0].message, testing::HasSubstr("refused"));
}

TEST_F(AnnouncerTest, MayBeDestroyedInItsOwnCallback) {
    auto seed = peer(1001, 0);
    ASSERT_TRUE(eventually([&] { return counts().seeds == 1; }));
    std::unique_ptr<Announcer> doomed;
    AnnouncerOptions options;
    options.info_hash = hash_;
    options.port = 1002;
    options.tiers = {{url()}};
    AnnouncerCallbacks callbacks;
    int calls = 0;
    callbacks.stats = [] { return TransferStats{0, 0, 5}; };
    callbacks.on_status = [&](const TrackerStatus&) {
        ++calls;
        doomed.reset();
    };
    callbacks.on_peers = [&](const std::vector<net::TcpEndpoint>&) { ++calls; };
    doomed = std::make_unique<Announcer>(io_.get_executor(), options, std::move(callbacks));
    doomed->start();
    ASSERT_TRUE(eventually([&] { return calls > 0; }));
    io_.run_for(1500ms);
    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace shoal::discovery

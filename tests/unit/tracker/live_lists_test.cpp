#include "tracker/rest/live_lists.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "http/body_stream.h"
#include "tracker/memory_store.h"

namespace shoal::tracker::rest {
namespace {

/// An open tracker's list of swarms, and those who watch it.
class LiveListsTest : public ::testing::Test {
  protected:
    using Stream = std::unique_ptr<http::BodyStream>;

    /// Somebody who watches from now on, or goes on after an event.
    Stream watch(const std::string& after = {}) {
        http::Request request;
        if (!after.empty()) request.headers.push_back({"Last-Event-ID", after});
        http::Response response;
        lists_->watch(List::swarms, now_);
        events_->serve(request, response, {});
        return std::move(response.stream);
    }

    void announce(char swarm) {
        PeerUpdate update;
        update.info_hash.bytes.fill(static_cast<std::byte>(swarm));
        update.address = boost::asio::ip::make_address("10.0.0.1");
        update.port = 1;
        PeerSample sample;
        ASSERT_TRUE(tracker_->store().announce(update, now_, sample));
    }

    void pass(Duration time) {
        now_ += time;
        lists_->tick(now_);
    }

    static std::string told(const Stream& stream) {
        std::string out;
        EXPECT_TRUE(stream->pull(out));
        return out;
    }

    /// The id of the last event in what was told.
    static std::string id_in(const std::string& text) {
        const auto begin = text.rfind("id: ") + 4;
        return text.substr(begin, text.find('\n', begin) - begin);
    }

    boost::asio::io_context io_;
    TimePoint now_ = Clock::now();
    std::shared_ptr<Tracker> tracker_ = std::make_shared<Tracker>(
        TrackerOptions{}, std::make_unique<MemoryStore>(600s, MemoryLimits{}, 1));
    EventsPtr events_ = std::make_shared<http::EventHub>(io_.get_executor());
    std::shared_ptr<LiveLists> lists_ =
        std::make_shared<LiveLists>(io_.get_executor(), nullptr, tracker_, events_);
};

TEST_F(LiveListsTest, WhatChangesIsToldToWhoWatches) {
    announce('a');
    const Stream stream = watch();
    told(stream);
    announce('b');
    pass(1s);
    const std::string news = told(stream);
    EXPECT_NE(news.find("event: swarms"), std::string::npos) << news;
    EXPECT_NE(news.find("6262626262"), std::string::npos) << news;
    EXPECT_EQ(news.find("6161616161"), std::string::npos) << news;
    pass(1s);
    EXPECT_EQ(told(stream), "");
}

TEST_F(LiveListsTest, WhoComesBackWithinAMinuteGoesOn) {
    Stream stream = watch();
    const std::string id = id_in(told(stream));
    stream.reset();
    announce('b');
    pass(30s);
    pass(20s);
    stream = watch(id);
    const std::string news = told(stream);
    EXPECT_NE(news.find("6262626262"), std::string::npos) << news;
    EXPECT_EQ(news.find("\"complete\":false"), std::string::npos) << news;
}

TEST_F(LiveListsTest, WhoComesBackLaterIsToldToAskAnew) {
    Stream stream = watch();
    const std::string id = id_in(told(stream));
    stream.reset();
    pass(61s);
    announce('b');
    pass(1s);
    const Stream other = watch();
    EXPECT_EQ(told(other).find("event:"), std::string::npos) << "it has nothing to be old";
    stream = watch(id);
    const std::string news = told(stream);
    EXPECT_NE(news.find("\"complete\":false"), std::string::npos) << news;
    EXPECT_EQ(news.find("6262626262"), std::string::npos) << news;
}

}  // namespace
}  // namespace shoal::tracker::rest

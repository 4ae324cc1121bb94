#include "discovery/tracker_list.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

namespace shoal::discovery {
namespace {

/// Carries out the tasks of a list in virtual time.
class TrackerListTest : public testing::Test {
  protected:
    using Tiers = std::vector<std::vector<std::string>>;

    static std::string url(const std::string& host) { return "http://" + host + "/announce"; }

    static AnnounceAnswer answer(int interval = 100, int min_interval = 20) {
        AnnounceAnswer result;
        result.interval = std::chrono::seconds(interval);
        result.min_interval = std::chrono::seconds(min_interval);
        return result;
    }

    static TrackerList::Task task(TrackerList& list, TimePoint now) {
        auto due = list.next(now);
        EXPECT_TRUE(due);
        return due.value_or(TrackerList::Task{});
    }

    TimePoint now_{std::chrono::hours(1)};
};

TEST_F(TrackerListTest, BeginsWithStartedAndGoesOnAtTheInterval) {
    TrackerList list({{url("a")}}, {}, 1);
    EXPECT_FALSE(list.next(now_));
    list.start(now_);
    EXPECT_EQ(list.wake(), now_);
    const auto first = task(list, now_);
    EXPECT_EQ(first.event, Event::started);
    EXPECT_FALSE(list.next(now_)) << "one announce at a time";
    EXPECT_FALSE(list.wake());
    list.succeeded(first.tracker, answer(100), now_);
    EXPECT_EQ(list.wake(), now_ + 100s);
    EXPECT_FALSE(list.next(now_ + 99s));
    EXPECT_EQ(task(list, now_ + 100s).event, Event::none);
}

TEST_F(TrackerListTest, ANewTierIsTriedOnlyWhenTheOneBeforeFailed) {
    TrackerList list({{url("a")}, {url("b")}}, {}, 1);
    list.start(now_);
    const auto first = task(list, now_);
    EXPECT_EQ(first.url.host, "a");
    list.failed(first.tracker, {ErrorCode::failed, "gone"}, now_);
    const auto second = task(list, now_);
    EXPECT_EQ(second.url.host, "b");
    list.succeeded(second.tracker, answer(100), now_);
    EXPECT_EQ(list.wake(), now_ + 100s) << "one working tracker is enough";
    EXPECT_EQ(task(list, now_ + 100s).url.host, "a") << "the next round begins at the top";
}

TEST_F(TrackerListTest, TheTrackerThatWorkedComesFirstInItsTier) {
    TrackerList list({{url("a"), url("b"), url("c")}}, {}, 7);
    list.start(now_);
    list.failed(task(list, now_).tracker, {ErrorCode::failed, "gone"}, now_);
    list.failed(task(list, now_).tracker, {ErrorCode::failed, "gone"}, now_);
    const auto third = task(list, now_);
    list.succeeded(third.tracker, answer(), now_);
    EXPECT_EQ(task(list, now_ + 1h).tracker, third.tracker);
}

TEST_F(TrackerListTest, TrackersOfATierAreShuffled) {
    std::set<std::string> first;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        TrackerList list({{url("a"), url("b")}}, {}, seed);
        list.start(now_);
        first.insert(task(list, now_).url.host);
    }
    EXPECT_EQ(first.size(), 2u);
}

TEST_F(TrackerListTest, TheUsersTrackersAreAllAnnouncedTo) {
    TrackerList list({{url("a")}, {url("b")}}, {url("b"), url("c")}, 1);
    list.start(now_);
    std::set<std::string> hosts;
    while (const auto due = list.next(now_)) hosts.insert(due->url.host);
    EXPECT_EQ(hosts, (std::set<std::string>{"a", "b", "c"}));
}

TEST_F(TrackerListTest, FailuresBackOffWithJitterUpToALimit) {
    TrackerList list({{url("a")}}, {}, 3);
    list.start(now_);
    Duration longest{};
    for (int i = 0; i < 20; ++i) {
        const auto due = task(list, now_);
        list.failed(due.tracker, {ErrorCode::failed, "gone"}, now_);
        const Duration wait = *list.wake() - now_;
        const Duration whole = std::min<Duration>(5s * (1 << std::min(i, 12)), 30min);
        EXPECT_GE(wait, whole / 2);
        EXPECT_LE(wait, whole);
        longest = std::max(longest, wait);
        now_ = *list.wake();
    }
    EXPECT_GT(longest, 15min);
    list.succeeded(task(list, now_).tracker, answer(100), now_);
    now_ += 100s;
    list.failed(task(list, now_).tracker, {ErrorCode::failed, "gone"}, now_);
    EXPECT_LE(*list.wake() - now_, 5s) << "a success forgets the failures before it";
}

TEST_F(TrackerListTest, CompletedIsToldOnceAndAtOnce) {
    TrackerList list({{url("a")}}, {}, 1);
    list.start(now_);
    list.succeeded(task(list, now_).tracker, answer(), now_);
    list.completed(now_ + 10s);
    const auto due = task(list, now_ + 10s);
    EXPECT_EQ(due.event, Event::completed);
    list.succeeded(due.tracker, answer(), now_ + 10s);
    EXPECT_EQ(task(list, now_ + 1h).event, Event::none);
}

TEST_F(TrackerListTest, CompletedFollowsAStartedThatIsUnderWay) {
    TrackerList list({{url("a")}}, {}, 1);
    list.start(now_);
    const auto first = task(list, now_);
    list.completed(now_);
    list.succeeded(first.tracker, answer(), now_);
    EXPECT_EQ(task(list, now_).event, Event::completed);
}

TEST_F(TrackerListTest, CompletedIsRepeatedUntilItWasHeard) {
    TrackerList list({{url("a")}}, {}, 1);
    list.start(now_);
    list.succeeded(task(list, now_).tracker, answer(), now_);
    list.completed(now_);
    list.failed(task(list, now_).tracker, {ErrorCode::failed, "gone"}, now_);
    EXPECT_EQ(task(list, now_ + 5s).event, Event::completed);
}

TEST_F(TrackerListTest, WantOfPeersRespectsTheMinimumInterval) {
    TrackerList list({{url("a")}}, {}, 1);
    list.start(now_);
    list.succeeded(task(list, now_).tracker, answer(100, 20), now_);
    list.need_peers(now_ + 5s);
    EXPECT_EQ(list.wake(), now_ + 20s);
    EXPECT_EQ(list.status()[0].next, now_ + 20s);
    list.need_peers(now_ + 6s);
    EXPECT_EQ(list.wake(), now_ + 20s);
    const auto due = task(list, now_ + 20s);
    list.need_peers(now_ + 20s);
    list.succeeded(due.tracker, answer(100, 20), now_ + 21s);
    EXPECT_EQ(list.wake(), now_ + 41s) << "a wish during an announce counts for the next";
    list.succeeded(task(list, now_ + 41s).tracker, answer(100, 20), now_ + 41s);
    list.need_peers(now_ + 80s);
    EXPECT_EQ(list.wake(), now_ + 80s);
}

TEST_F(TrackerListTest, WantOfPeersDoesNotShortenABackOff) {
    TrackerList list({{url("a")}}, {}, 1);
    list.start(now_);
    list.failed(task(list, now_).tracker, {ErrorCode::failed, "gone"}, now_);
    const auto wake = list.wake();
    list.need_peers(now_);
    EXPECT_EQ(list.wake(), wake);
}

TEST_F(TrackerListTest, IntervalsAreTakenWithinBounds) {
    TrackerList list({{url("a")}}, {}, 1);
    list.start(now_);
    list.succeeded(task(list, now_).tracker, answer(0, 0), now_);
    EXPECT_EQ(list.wake(), now_ + 30min);
    now_ += 30min;
    list.succeeded(task(list, now_).tracker, answer(1'000'000), now_);
    EXPECT_EQ(list.wake(), now_ + 24h);
}

TEST_F(TrackerListTest, ARefusalIsShownAndTriedAgainWhenTheTrackerSays) {
    TrackerList list({{url("a")}}, {}, 1);
    list.start(now_);
    AnnounceAnswer refusal;
    refusal.failure = "not\nregistered";
    refusal.retry_in = std::chrono::minutes(7);
    list.succeeded(task(list, now_).tracker, refusal, now_);
    EXPECT_EQ(list.wake(), now_ + 7min);
    EXPECT_EQ(list.status()[0].state, TrackerStatus::State::failing);
    EXPECT_EQ(list.status()[0].message, "not\ufffdregistered");
}

TEST_F(TrackerListTest, NeverMeansNever) {
    TrackerList list({{url("a")}}, {}, 1);
    list.start(now_);
    AnnounceAnswer refusal;
    refusal.failure = "banned";
    refusal.retry_never = true;
    list.succeeded(task(list, now_).tracker, refusal, now_);
    EXPECT_FALSE(list.wake());
    EXPECT_FALSE(list.next(now_ + 24h));
    EXPECT_EQ(list.status()[0].state, TrackerStatus::State::disabled);
}

TEST_F(TrackerListTest, StoppedGoesToThoseThatKnowOfUs) {
    TrackerList list({}, {url("a"), url("b"), url("c"), url("d")}, 1);
    list.start(now_);
    std::vector<TrackerList::Task> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(task(list, now_));
    list.succeeded(tasks[0].tracker, answer(), now_);
    list.failed(tasks[1].tracker, {ErrorCode::failed, "gone"}, now_);
    list.stop();  // the third is under way, the fourth was never asked
    EXPECT_FALSE(list.finished());
    std::set<std::string> told;
    while (const auto due = list.next(now_)) {
        EXPECT_EQ(due->event, Event::stopped);
        told.insert(due->url.host);
        list.failed(due->tracker, {ErrorCode::failed, "gone"}, now_);
    }
    EXPECT_EQ(told, (std::set<std::string>{"a", "c"}));
    EXPECT_TRUE(list.finished());
    EXPECT_FALSE(list.wake());
}

TEST_F(TrackerListTest, CompletedComesBeforeStoppedWhenTheEndFollowsAtOnce) {
    TrackerList list({}, {url("told"), url("asked"), url("gone")}, 1);
    list.start(now_);
    list.succeeded(task(list, now_).tracker, answer(), now_);
    const auto asked = task(list, now_);
    list.failed(task(list, now_).tracker, {ErrorCode::failed, "gone"}, now_);
    list.completed(now_);
    EXPECT_EQ(task(list, now_).event, Event::completed);  // given up by stop(), so said again
    list.stop();
    std::map<std::string, std::vector<Event>> heard;
    while (const auto due = list.next(now_)) {
        heard[due->url.host].push_back(due->event);
        list.succeeded(due->tracker, answer(), now_);
    }
    const std::vector<Event> both{Event::completed, Event::stopped};
    EXPECT_EQ(heard,
              (std::map<std::string, std::vector<Event>>{{"told", both}, {asked.url.host, both}}));
    EXPECT_TRUE(list.finished());
}

TEST_F(TrackerListTest, UnusableAddressesAreShownWithTheReason) {
    TrackerList list({{"udp://t.example.org:80/announce", "nonsense"}, {url("a")}}, {}, 1);
    list.start(now_);
    EXPECT_EQ(task(list, now_).url.host, "a");
    EXPECT_FALSE(list.next(now_));
    const auto status = list.status();
    ASSERT_EQ(status.size(), 3u);
    EXPECT_EQ(status[0].state, TrackerStatus::State::disabled);
    EXPECT_EQ(status[0].url, "udp://t.example.org:80");
    EXPECT_NE(status[0].message.find("udp"), std::string::npos);
}

TEST_F(TrackerListTest, ATorrentCannotNameTrackersWithoutBound) {
    Tiers tiers;
    for (int i = 0; i < 10'000; ++i) tiers.push_back({url("h" + std::to_string(i))});
    TrackerList list(tiers, {url("mine")}, 1);
    EXPECT_EQ(list.status().size(), 100u);
    EXPECT_EQ(list.status()[0].url, "http://mine/announce");
}

TEST_F(TrackerListTest, WithoutTrackersThereIsNothingToDo) {
    TrackerList list({{}}, {}, 1);
    list.start(now_);
    list.completed(now_);
    list.need_peers(now_);
    EXPECT_FALSE(list.next(now_));
    EXPECT_FALSE(list.wake());
    list.stop();
    EXPECT_TRUE(list.finished());
}

}  // namespace
}  // namespace shoal::discovery

#include "tracker/statistics.h"

#include <gtest/gtest.h>

namespace shoal::tracker {
namespace {

class StatisticsTest : public testing::Test {
  protected:
    /// A second passes, and this is seen at its end.
    bool second() {
        now_ += 1s;
        wall_ += 1s;
        return statistics_.observe(seen_, now_, wall_);
    }

    TimePoint now_{1000s};
    WallTime wall_{std::chrono::seconds(1'800'000'000)};
    Observation seen_;
    Statistics statistics_{now_, wall_};
};

TEST_F(StatisticsTest, AStepHasTheMeanOfItsSeconds) {
    for (int i = 0; i < 4; ++i) {
        seen_.tracker.announces.good += 10;
        seen_.server.answers[2] += 20;
        EXPECT_FALSE(second());
    }
    seen_.traffic = {.uploaded = 500, .downloaded = 1000};
    seen_.peers = 7;
    EXPECT_TRUE(second());
    EXPECT_EQ(statistics_.rates().announces, 8);
    EXPECT_EQ(statistics_.rates().requests, 16);
    EXPECT_EQ(statistics_.rates().received, 200);
    EXPECT_EQ(statistics_.rates().sent, 100);
    EXPECT_EQ(statistics_.rates().peers, 7);
    ASSERT_EQ(statistics_.hour().size(), 1u);
    EXPECT_EQ(statistics_.hour().end(), wall_);
    for (int i = 0; i < 5; ++i) second();
    EXPECT_EQ(statistics_.rates().announces, 0);
    EXPECT_EQ(statistics_.hour().at(0).announces, 8);
    EXPECT_EQ(statistics_.hour().at(1).announces, 0);
}

TEST_F(StatisticsTest, EveryKindOfErrorCounts) {
    seen_.tracker.announces.malformed = 1;
    seen_.tracker.refusals = {.strangers = 2, .torrents = 3, .full = 4};
    seen_.tracker.scrapes = {.good = 100, .refused = 5, .malformed = 1};
    seen_.server.answers = {0, 0, 100, 100, 7, 8};
    seen_.server.too_many = 9;
    seen_.server.failed_handshakes = 10;
    seen_.server.too_slow = 11;
    std::vector<std::uint64_t> counts;
    for (const auto& error : errors_of(seen_)) counts.push_back(error.count);
    EXPECT_EQ(counts, (std::vector<std::uint64_t>{1, 2, 3, 4, 6, 7, 8, 9, 10, 11}));
    for (int i = 0; i < 5; ++i) second();
    EXPECT_EQ(statistics_.rates().errors, 61.0F / 5);
}

TEST_F(StatisticsTest, KeepsAnHourInStepsAndADayInMinutes) {
    for (int minute = 0; minute < 25 * 60; ++minute) {
        for (int i = 0; i < 60; ++i) {
            seen_.tracker.announces.good += minute;
            second();
        }
    }
    ASSERT_EQ(statistics_.hour().size(), 720u);
    ASSERT_EQ(statistics_.day().size(), 1440u);
    EXPECT_EQ(statistics_.hour().at(0).announces, 24 * 60);
    EXPECT_EQ(statistics_.hour().at(719).announces, 25 * 60 - 1);
    EXPECT_EQ(statistics_.day().at(0).announces, 60);
    EXPECT_EQ(statistics_.day().at(1439).announces, 25 * 60 - 1);
    EXPECT_EQ(statistics_.day().end(), wall_);
}

TEST_F(StatisticsTest, ALongSleepIsSpreadOverWhatWasMissed) {
    seen_.tracker.announces.good = 1'000'000;
    now_ += 1000s;
    wall_ += 1000s;
    EXPECT_TRUE(statistics_.observe(seen_, now_, wall_));
    ASSERT_EQ(statistics_.hour().size(), 200u);
    EXPECT_EQ(statistics_.hour().at(0).announces, 1000);
    EXPECT_EQ(statistics_.day().size(), 16u);
    now_ += std::chrono::days(300);
    EXPECT_TRUE(statistics_.observe(seen_, now_, wall_));
    EXPECT_EQ(statistics_.rates().announces, 0);
    EXPECT_EQ(statistics_.day().size(), 1440u);
}

}  // namespace
}  // namespace shoal::tracker

#include "node/speed_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Sample = SpeedHistory::Sample;

TEST(SpeedHistory, BeginsWithTheFirstMovement) {
    SpeedHistory history;
    history.add({});
    EXPECT_THAT(history.samples(), IsEmpty());
    history.add({1, 0});
    history.add({});
    EXPECT_THAT(history.samples(), ElementsAre(Sample{1, 0}, Sample{}));
}

TEST(SpeedHistory, KeepsTheLastFiveMinutes) {
    SpeedHistory history;
    for (ByteCount i = 1; i <= 400; ++i) history.add({i, i});
    ASSERT_THAT(history.samples(), SizeIs(300));
    EXPECT_EQ(history.samples().front(), (Sample{101, 101}));
    EXPECT_EQ(history.samples().back(), (Sample{400, 400}));
}

TEST(SpeedHistory, ForgetsWhatHasNotMovedForThatTime) {
    SpeedHistory history;
    history.add({0, 5});
    for (int i = 0; i < 299; ++i) history.add({});
    EXPECT_THAT(history.samples(), SizeIs(300));
    history.add({});
    EXPECT_THAT(history.samples(), IsEmpty());
}

}  // namespace
}  // namespace shoal::node

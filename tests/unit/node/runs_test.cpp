#include "node/runs.h"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Two peers hold the first pieces, one those behind them, and none the last one.
std::uint32_t holders(std::uint32_t piece) {
    if (piece < 3) return 2;
    return piece < 9 ? 1 : 0;
}

TEST(Runs, JoinNeighboursOfOneValue) {
    EXPECT_THAT(runs_of(10, GroupValue::least, holders),
                ElementsAre(PieceRun{0, 2, 2}, PieceRun{3, 8, 1}, PieceRun{9, 9, 0}));
    EXPECT_THAT(runs_of(1, GroupValue::least, holders), ElementsAre(PieceRun{0, 0, 2}));
    EXPECT_THAT(runs_of(0, GroupValue::least, holders), IsEmpty());
}

TEST(Runs, OfWhichThereAreTooManyAreToldInGroups) {
    const auto odd = [](std::uint32_t piece) { return piece % 2; };
    EXPECT_THAT(runs_of(10, GroupValue::least, odd, 10), SizeIs(10));
    // Every group of two has a piece that nobody has.
    EXPECT_THAT(runs_of(10, GroupValue::least, odd, 9), ElementsAre(PieceRun{0, 9, 0}));
    EXPECT_THAT(runs_of(10, GroupValue::most, odd, 9), ElementsAre(PieceRun{0, 9, 1}));
    const auto thirds = [](std::uint32_t piece) { return piece / 3; };
    // Groups of four of eleven pieces: the last one is short.
    EXPECT_THAT(runs_of(11, GroupValue::least, thirds, 3),
                ElementsAre(PieceRun{0, 3, 0}, PieceRun{4, 7, 1}, PieceRun{8, 10, 2}));
}

TEST(Runs, NeverExceedTheirBound) {
    const auto odd = [](std::uint32_t piece) { return piece % 2; };
    EXPECT_LE(runs_of(2'000'000, GroupValue::least, odd).size(), most_runs);
    const auto number = [](std::uint32_t piece) { return piece; };
    EXPECT_LE(runs_of(2'000'000, GroupValue::most, number).size(), most_runs);
}

TEST(Runs, BecomeRangesOfWhatHolds) {
    const auto is_held = [](std::uint32_t piece) { return holders(piece) == 1; };
    EXPECT_EQ(boost::json::serialize(ranges_of(10, GroupValue::least, is_held)), "[[3,8]]");
    const auto never = [](std::uint32_t) { return false; };
    EXPECT_EQ(boost::json::serialize(ranges_of(10, GroupValue::least, never)), "[]");
}

}  // namespace
}  // namespace shoal::node

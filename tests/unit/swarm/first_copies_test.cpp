#include "swarm/first_copies.h"

#include <gtest/gtest.h>
#include <set>

namespace shoal::swarm {
namespace {

class FirstCopiesTest : public testing::Test {
  protected:
    FirstCopiesTest() {
        for (std::uint32_t i = 0; i < 3; ++i) copies.add(PieceIndex(i));
    }

    Random random{1};
    FirstCopies copies{10, random};
    const PeerKey fast{1}, slow{2};
    TimePoint now{1s};
};

TEST_F(FirstCopiesTest, PromisesEachPieceOnce) {
    std::set<PieceIndex> promised;
    for (int i = 0; i < 3; ++i)
        promised.insert(copies.promise_any(i == 0 ? slow : fast, now).value());
    EXPECT_EQ(promised.size(), 3u);
    EXPECT_FALSE(copies.promise_any(fast, now));
    EXPECT_EQ(copies.owed_by(slow), 1u);
    EXPECT_EQ(copies.owed_by(fast), 2u);
}

TEST_F(FirstCopiesTest, APieceIsOwedUntilSomebodyElseHasIt) {
    const PieceIndex piece = copies.promise_any(slow, now).value();
    EXPECT_EQ(copies.arrived(piece, slow), slow);
    EXPECT_EQ(copies.owed_by(slow), 1u);
    EXPECT_EQ(copies.arrived(piece, fast), slow);
    EXPECT_EQ(copies.owed_by(slow), 0u);
    EXPECT_EQ(copies.arrived(piece, PeerKey(3)), std::nullopt);
}

TEST_F(FirstCopiesTest, APromisedPieceThatComesFromElsewhereIsOwedByWhoeverHasIt) {
    const PieceIndex piece = copies.promise_any(slow, now).value();
    EXPECT_EQ(copies.arrived(piece, fast), slow);
    EXPECT_EQ(copies.owed_by(slow), 0u);
    EXPECT_EQ(copies.owed_by(fast), 1u);
}

TEST_F(FirstCopiesTest, WhatIsNotTakenIsFreeAgain) {
    const PieceIndex first = copies.promise_any(slow, now).value();
    const PieceIndex second = copies.promise_any(slow, now).value();
    copies.sent(second, slow, now + 10s);
    copies.release_older(now + 5s);
    EXPECT_EQ(copies.owed_by(slow), 1u);
    copies.promise(first, fast, now);
    EXPECT_EQ(copies.owed_by(fast), 1u);
    copies.promise(second, fast, now);
    EXPECT_EQ(copies.owed_by(fast), 1u);
    copies.release(slow);
    copies.promise(second, fast, now);
    EXPECT_EQ(copies.owed_by(fast), 2u);
}

TEST_F(FirstCopiesTest, AllIsGivenOnceEachPieceIsSomewhere) {
    for (std::uint32_t i = 0; i < 3; ++i) {
        EXPECT_FALSE(copies.all_given());
        copies.promise(PieceIndex(i), slow, now);
        copies.arrived(PieceIndex(i), slow);
    }
    EXPECT_TRUE(copies.all_given());
    // The only one that has it leaves.
    copies.release(slow);
    copies.add(PieceIndex(1));
    EXPECT_FALSE(copies.all_given());
    EXPECT_EQ(copies.promise_any(fast, now), PieceIndex(1));
}

}  // namespace
}  // namespace shoal::swarm

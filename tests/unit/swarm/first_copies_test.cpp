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

    static constexpr std::uint32_t length = 4 * block_size;
    Random random{1};
    FirstCopies copies{10, length, random};
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
    EXPECT_EQ(copies.arrived(piece, slow, now), slow);
    EXPECT_EQ(copies.owed_by(slow), 1u);
    EXPECT_EQ(copies.arrived(piece, fast, now), slow);
    EXPECT_EQ(copies.owed_by(slow), 0u);
    EXPECT_EQ(copies.arrived(piece, PeerKey(3), now), std::nullopt);
}

TEST_F(FirstCopiesTest, APromisedPieceThatComesFromElsewhereIsOwedByWhoeverHasIt) {
    const PieceIndex piece = copies.promise_any(slow, now).value();
    EXPECT_EQ(copies.arrived(piece, fast, now), slow);
    EXPECT_EQ(copies.owed_by(slow), 0u);
    EXPECT_EQ(copies.owed_by(fast), 1u);
}

TEST_F(FirstCopiesTest, WhatIsNotTakenIsFreeAgain) {
    const PieceIndex first = copies.promise_any(slow, now).value();
    const PieceIndex second = copies.promise_any(slow, now).value();
    copies.sent(second, slow, block_size, now + 10s);
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
        copies.arrived(PieceIndex(i), slow, now);
    }
    EXPECT_TRUE(copies.all_given());
    // The only one that has it leaves.
    copies.release(slow);
    copies.add(PieceIndex(1));
    EXPECT_FALSE(copies.all_given());
    EXPECT_EQ(copies.promise_any(fast, now), PieceIndex(1));
}

TEST_F(FirstCopiesTest, CountsWhatIsHeldAloneAndSinceWhen) {
    for (std::uint32_t i = 0; i < 3; ++i) copies.promise(PieceIndex(i), slow, now);
    EXPECT_EQ(copies.held_alone(now), 0u);
    copies.arrived(PieceIndex(0), slow, now);
    copies.arrived(PieceIndex(1), slow, now + 2s);
    EXPECT_EQ(copies.held_alone(now), 2u);
    EXPECT_EQ(copies.held_alone(now + 1s), 1u);
    EXPECT_EQ(copies.arrived(PieceIndex(1), slow, now + 3s), std::nullopt);
    EXPECT_EQ(copies.held_alone(now + 1s), 1u);
    copies.arrived(PieceIndex(1), fast, now + 3s);
    EXPECT_EQ(copies.held_alone(now), 1u);
}

TEST_F(FirstCopiesTest, WhatIsPromisedIsUnsentUntilItIsSentOrHasCome) {
    const PieceIndex first = copies.promise_any(slow, now).value();
    const PieceIndex second = copies.promise_any(fast, now).value();
    EXPECT_EQ(copies.unsent(), 2 * length);
    copies.sent(first, slow, block_size, now);
    copies.sent(first, fast, block_size, now);  // not the one that it is promised to
    EXPECT_EQ(copies.unsent(), 2 * length - block_size);
    copies.arrived(second, fast, now);
    EXPECT_EQ(copies.unsent(), length - block_size);
    for (int i = 0; i < 5; ++i) copies.sent(first, slow, block_size, now);  // some of it again
    EXPECT_EQ(copies.unsent(), 0);
}

TEST_F(FirstCopiesTest, APeerThatTakesNothingIsOverlookedUntilItsPromisesAreFree) {
    const PieceIndex first = copies.promise_any(slow, now).value();
    copies.promise_any(fast, now);
    const PieceIndex next = copies.promise_any(fast, now).value();
    copies.sent(next, fast, block_size, now + 5s);
    copies.overlook_older(now + 4s);
    // All that is promised to one that takes something counts.
    EXPECT_EQ(copies.unsent(), 2 * length - block_size);
    EXPECT_EQ(copies.owed_by(slow), 1u);
    copies.release(slow);
    copies.promise(first, fast, now);
    EXPECT_EQ(copies.unsent(), 3 * length - block_size);
}

TEST_F(FirstCopiesTest, WhoeverPassesOnSoonerHasTheShorterWait) {
    EXPECT_EQ(copies.wait_for(slow, now), copies.wait_for(fast, now));
    const PieceIndex first = copies.promise_any(slow, now).value();
    const PieceIndex second = copies.promise_any(fast, now).value();
    copies.arrived(first, slow, now);
    copies.arrived(second, fast, now);
    now += 100ms;
    copies.arrived(second, PeerKey(3), now);
    now += 3s;
    copies.arrived(first, PeerKey(3), now);
    EXPECT_LT(2 * copies.wait_for(fast, now), copies.wait_for(slow, now));
    // What it owes comes first.
    const double before = copies.wait_for(fast, now);
    copies.promise_any(fast, now);
    EXPECT_DOUBLE_EQ(copies.wait_for(fast, now), 2 * before);
}

TEST_F(FirstCopiesTest, WhoeverKeepsWhatItGotToItselfWaitsLongerAndLonger) {
    copies.arrived(copies.promise_any(slow, now).value(), slow, now);
    const double before = copies.wait_for(slow, now);
    EXPECT_GT(copies.wait_for(slow, now + 60s), 10 * before);
}

TEST_F(FirstCopiesTest, WhoeverHasLeftOwesNothing) {
    const PieceIndex held = copies.promise_any(slow, now).value();
    copies.arrived(held, slow, now);
    const PieceIndex promised = copies.promise_any(slow, now).value();
    copies.forget(slow);
    EXPECT_EQ(copies.owed_by(slow), 0u);
    EXPECT_EQ(copies.unsent(), 0);
    copies.promise(promised, fast, now);
    copies.add(held);
    copies.promise(held, fast, now);
    EXPECT_EQ(copies.owed_by(fast), 2u);
}

}  // namespace
}  // namespace shoal::swarm

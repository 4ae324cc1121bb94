#include "swarm/choker.h"

#include <gmock/gmock.h>

namespace shoal::swarm {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;
using testing::SizeIs;

const TimePoint start{1000s};

std::vector<ChokeCandidate> peers(std::uint32_t count) {
    std::vector<ChokeCandidate> all;
    for (std::uint32_t i = 0; i < count; ++i) {
        all.push_back({.peer = PeerKey(i),
                       .gives = static_cast<double>(i),
                       .unchoked_since = start,
                       .choked_since = start + i * 1ms});
    }
    return all;
}

TEST(Choker, UnchokesEveryoneWhileThereAreSlots) {
    Random random(1);
    Choker choker(4);
    EXPECT_THAT(choker.choose(peers(4), false, start, random), SizeIs(4));
}

TEST(Choker, GivesSlotsToThoseThatGiveMostAndOneToTheLongestWaiting) {
    Random random(1);
    Choker choker(4);
    const auto chosen = choker.choose(peers(10), false, start, random);
    EXPECT_THAT(chosen, SizeIs(4));
    EXPECT_THAT(chosen, IsSupersetOf({PeerKey(9), PeerKey(8), PeerKey(7), PeerKey(0)}));
}

TEST(Choker, KeepsTheOptimisticSlotForItsWholeTurn) {
    Random random(1);
    Choker choker(2);
    auto candidates = peers(5);
    EXPECT_THAT(choker.choose(candidates, false, start, random), Contains(PeerKey(0)));
    candidates[0].unchoked = true;
    EXPECT_THAT(choker.choose(candidates, false, start + 10s, random), Contains(PeerKey(0)));
    const auto later = choker.choose(candidates, false, start + 31s, random);
    EXPECT_THAT(later, Contains(PeerKey(1)));
    EXPECT_THAT(later, Not(Contains(PeerKey(0))));
}

TEST(Choker, ASeedServesEveryoneInTurn) {
    Random random(1);
    Choker choker(2);
    auto candidates = peers(6);
    std::vector<int> turns(6);
    TimePoint now = start;
    for (int round = 0; round < 60; ++round, now += Choker::period) {
        const auto chosen = choker.choose(candidates, true, now, random);
        ASSERT_THAT(chosen, SizeIs(2));
        for (auto& candidate : candidates) {
            const bool unchoked = std::ranges::find(chosen, candidate.peer) != chosen.end();
            if (unchoked) ++turns[candidate.peer.value()];
            if (unchoked && !candidate.unchoked) {
                candidate.unchoked_since = now;
                candidate.served = 0;
            }
            if (!unchoked && candidate.unchoked) candidate.choked_since = now;
            candidate.unchoked = unchoked;
            if (unchoked) candidate.served += 4 << 20;
        }
    }
    for (const int count : turns) EXPECT_NEAR(count, 20, 4);
}

}  // namespace
}  // namespace shoal::swarm

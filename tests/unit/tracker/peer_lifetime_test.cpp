#include "tracker/peer_lifetime.h"

#include <gtest/gtest.h>

namespace shoal::tracker {
namespace {

const TimePoint start = Clock::now();

TEST(PeerLifetimeTest, ALongerOneIsInForceAtOnce) {
    PeerLifetime lifetime(10s);
    EXPECT_EQ(lifetime.at(start), 10s);
    lifetime.change(20s, start);
    EXPECT_EQ(lifetime.at(start), 20s);
}

TEST(PeerLifetimeTest, AShorterOneWaitsForThoseWhoWereToldTheLonger) {
    PeerLifetime lifetime(100s);
    lifetime.change(10s, start);
    EXPECT_EQ(lifetime.at(start + 99s), 100s);
    EXPECT_EQ(lifetime.at(start + 100s), 10s);
}

TEST(PeerLifetimeTest, NoFurtherChangeCutsTheWaitShort) {
    for (const Duration next : {5s, 20s}) {
        PeerLifetime lifetime(100s);
        lifetime.change(10s, start);
        lifetime.change(next, start + 10s);
        EXPECT_EQ(lifetime.at(start + 99s), 100s);
        EXPECT_EQ(lifetime.at(start + 100s), next);
    }
    PeerLifetime lifetime(100s);
    lifetime.change(10s, start);
    lifetime.change(200s, start + 10s);
    EXPECT_EQ(lifetime.at(start + 10s), 200s);
}

}  // namespace
}  // namespace shoal::tracker

// Swarms of a hundred peers in virtual time. A failure names its seed; `shoal_sim` repeats it.
// SHOAL_SHORT=1, for builds that are slowed down by a sanitizer, runs one small swarm of each kind.
#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>

#include "sim/scenario.h"

namespace shoal::sim {
namespace {

bool is_short() {
    return std::getenv("SHOAL_SHORT") != nullptr;
}

std::uint64_t seeds(std::uint64_t count) {
    return is_short() ? 1 : count;
}

void expect_good(Scenario scenario) {
    if (is_short()) scenario.peers = std::min(scenario.peers, 30u);
    const Report report = run(scenario);
    EXPECT_TRUE(report.all_complete) << "seed " << scenario.seed;
    for (const auto& violation : report.violations) {
        ADD_FAILURE() << violation << ", seed " << scenario.seed;
    }
}

TEST(Swarm, EverybodyCompletesFromOneSeed) {
    for (std::uint64_t seed = 1; seed <= seeds(3); ++seed) expect_good({.seed = seed});
}

TEST(Swarm, EverybodyCompletesAmongPeersThatLeaveStallAndLie) {
    for (std::uint64_t seed = 1; seed <= seeds(4); ++seed) {
        expect_good({.seed = seed, .liars = 10, .stallers = 15, .leavers = 25});
    }
}

TEST(Swarm, ScatteredPartsComeTogether) {
    for (std::uint64_t seed = 1; seed <= seeds(3); ++seed) {
        expect_good({.seed = seed, .stallers = 10, .scattered = 7});
    }
}

TEST(Swarm, ASingleSourceAtATimeIsEnough) {
    expect_good({.seed = 1, .peers = 30, .leavers = 20, .single_source = true});
}

TEST(Swarm, LittleMemoryIsEnough) {
    // Three pieces at a time, and peers that leave pieces behind half done.
    for (std::uint64_t seed = 1; seed <= seeds(2); ++seed) {
        expect_good({.seed = seed,
                     .peers = 40,
                     .stallers = 20,
                     .leavers = 30,
                     .scattered = 5,
                     .memory = 3 * (48 << 10)});
    }
}

TEST(Swarm, ACrowdTakesLittleMoreThanTheTimeOfOneCopy) {
    if (is_short()) GTEST_SKIP() << "far too slow";
    constexpr double rate = 6.25e6;  // 50 Mbit/s for everybody, both ways
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        Scenario scenario{.seed = seed,
                          .peers = 8,
                          .pieces = 256,
                          .piece_length = 256 << 10,
                          .crowd = Links{rate, rate, {rate}},
                          .memory = 64 << 20};
        const Report report = run(scenario);
        EXPECT_TRUE(report.all_complete);
        EXPECT_TRUE(report.violations.empty());
        const double least = 256.0 * (256 << 10) / rate;
        EXPECT_LT(seconds(report.last_complete), 1.15 * least) << "seed " << seed;
        EXPECT_LT(report.first_share, 1.10) << "seed " << seed;
    }
}

TEST(Swarm, ASeedDoesNotRepeatItselfWhilePeersPassOnLargePieces) {
    if (is_short()) GTEST_SKIP() << "far too slow";
    constexpr double rate = 6.25e6;
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        const Scenario scenario{.seed = seed,
                                .peers = 8,
                                .pieces = 64,
                                .piece_length = 1 << 20,
                                .crowd = Links{rate, rate, {rate}},
                                .memory = 64 << 20};
        const Report report = run(scenario);
        EXPECT_TRUE(report.all_complete);
        EXPECT_TRUE(report.violations.empty());
        EXPECT_LT(report.last_complete, least_time(scenario) * 5 / 4) << "seed " << seed;
        EXPECT_LT(report.first_share, 1.09) << "seed " << seed;
    }
}

TEST(Swarm, ACrowdOnLinesOfManyRatesUsesThemAll) {
    if (is_short()) GTEST_SKIP() << "far too slow";
    constexpr double megabit = 1e6 / 8;
    Links links{25 * megabit, 100 * megabit, {}};
    for (const double up : {5, 5, 10, 10, 20, 20, 50, 50}) links.ups.push_back(up * megabit);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const Scenario scenario{.seed = seed,
                                .peers = 8,
                                .pieces = 256,
                                .piece_length = 256 << 10,
                                .crowd = links,
                                .memory = 64 << 20};
        const Report report = run(scenario);
        EXPECT_TRUE(report.all_complete);
        EXPECT_TRUE(report.violations.empty());
        EXPECT_LT(report.last_complete, least_time(scenario) * 11 / 10) << "seed " << seed;
        EXPECT_LT(report.first_share, 1.12) << "seed " << seed;
    }
}

TEST(Swarm, TheSameSeedGivesTheSameRun) {
    const Scenario scenario{.seed = 5, .peers = 30, .liars = 10, .stallers = 10, .leavers = 10};
    const Report first = run(scenario);
    const Report second = run(scenario);
    EXPECT_EQ(first.trace, second.trace);
    EXPECT_EQ(first.events, second.events);
    Scenario other = scenario;
    other.seed = 6;
    EXPECT_NE(run(other).trace, first.trace);
}

}  // namespace
}  // namespace shoal::sim

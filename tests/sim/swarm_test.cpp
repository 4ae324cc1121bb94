// Swarms of a hundred peers in virtual time. A failure names its seed; `shoal_sim` repeats it.
#include <gtest/gtest.h>

#include "sim/scenario.h"

namespace shoal::sim {
namespace {

void expect_good(const Scenario& scenario) {
    const Report report = run(scenario);
    EXPECT_TRUE(report.all_complete) << "seed " << scenario.seed;
    for (const auto& violation : report.violations) {
        ADD_FAILURE() << violation << ", seed " << scenario.seed;
    }
}

TEST(Swarm, EverybodyCompletesFromOneSeed) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) expect_good({.seed = seed});
}

TEST(Swarm, EverybodyCompletesAmongPeersThatLeaveStallAndLie) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        expect_good({.seed = seed, .liars = 10, .stallers = 15, .leavers = 25});
    }
}

TEST(Swarm, ScatteredPartsComeTogether) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        expect_good({.seed = seed, .stallers = 10, .scattered = 7});
    }
}

TEST(Swarm, ASingleSourceAtATimeIsEnough) {
    expect_good({.seed = 1, .peers = 30, .leavers = 20, .single_source = true});
}

TEST(Swarm, LittleMemoryIsEnough) {
    // Three pieces at a time, and peers that leave pieces behind half done.
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        expect_good({.seed = seed,
                     .peers = 40,
                     .stallers = 20,
                     .leavers = 30,
                     .scattered = 5,
                     .memory = 3 * (48 << 10)});
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

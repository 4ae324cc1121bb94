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

constexpr double megabit = 1e6 / 8;

/// Runs a crowd of eight that wants 64 MiB, once for each of so many seeds, and expects the last to
/// be done after so many times of what is possible, and the source to have sent so many copies.
void expect_quick(const Links& links, std::uint32_t piece_length, std::uint64_t runs, double times,
                  double copies) {
    constexpr ByteCount size = 64 << 20;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
        const Scenario scenario{.seed = seed,
                                .peers = 8,
                                .pieces = static_cast<std::uint32_t>(size / piece_length),
                                .piece_length = piece_length,
                                .crowd = links,
                                .memory = size};
        const Report report = run(scenario);
        EXPECT_TRUE(report.all_complete);
        EXPECT_TRUE(report.violations.empty());
        EXPECT_LT(seconds(report.last_complete), times * seconds(least_time(scenario)))
            << "seed " << seed;
        EXPECT_LT(report.first_share, copies) << "seed " << seed;
    }
}

TEST(Swarm, ACrowdTakesLittleMoreThanTheTimeOfOneCopy) {
    if (is_short()) GTEST_SKIP() << "far too slow";
    const double rate = 50 * megabit;  // for everybody, both ways
    expect_quick({rate, rate, {rate}}, 256 << 10, 2, 1.15, 1.10);
}

TEST(Swarm, ASeedDoesNotRepeatItselfWhilePeersPassOnLargePieces) {
    if (is_short()) GTEST_SKIP() << "far too slow";
    const double rate = 50 * megabit;
    expect_quick({rate, rate, {rate}}, 1 << 20, 2, 1.25, 1.09);
}

TEST(Swarm, ACrowdOnLinesOfManyRatesUsesThemAll) {
    if (is_short()) GTEST_SKIP() << "far too slow";
    Links links{25 * megabit, 100 * megabit, {}};
    for (const double up : {5, 5, 10, 10, 20, 20, 50, 50}) links.ups.push_back(up * megabit);
    expect_quick(links, 256 << 10, 3, 1.10, 1.12);
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

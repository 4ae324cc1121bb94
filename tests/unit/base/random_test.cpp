#include "base/random.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Random, RepeatsItselfFromTheSameSeedOnly) {
    Random a(1), b(1), c(2);
    EXPECT_EQ(a(), b());
    EXPECT_NE(a(), c());
}

TEST(Random, ReachesEveryValueBelowTheBoundAboutEquallyOften) {
    Random random(7);
    std::array<int, 5> seen{};
    for (int i = 0; i < 5000; ++i) ++seen.at(random.below(5));
    for (const int count : seen) EXPECT_NEAR(count, 1000, 150);
}

TEST(SecureRandom, FillsAllOfMoreThanTheSystemGivesAtOnce) {
    std::array<std::byte, 1000> first{}, second{};
    secure_random(first);
    secure_random(second);
    // A run of 16 equal bytes would be left from before.
    for (std::size_t at = 0; at + 16 <= first.size(); at += 8) {
        EXPECT_FALSE(std::equal(&first[at], &first[at] + 16, &second[at])) << at;
    }
}

}  // namespace
}  // namespace shoal

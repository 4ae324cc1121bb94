#include "base/random.h"

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

}  // namespace
}  // namespace shoal

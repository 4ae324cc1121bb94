#include "base/calendar.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Calendar, WritesUtcToTheSecond) {
    using std::chrono::seconds;
    EXPECT_EQ(to_rfc3339(std::chrono::sys_seconds(seconds(0))), "1970-01-01T00:00:00Z");
    // The last second of a leap day.
    EXPECT_EQ(to_rfc3339(std::chrono::sys_seconds(seconds(1709251199))), "2024-02-29T23:59:59Z");
}

}  // namespace
}  // namespace shoal

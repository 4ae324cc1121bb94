#include "base/decimal.h"

#include <cstdint>
#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Decimal, IsAppended) {
    std::string out = "x";
    append_decimal(out, 0);
    append_decimal(out, -7);
    append_decimal(out, std::numeric_limits<std::int64_t>::min());
    out += ' ';
    append_decimal(out, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(out, "x0-7-9223372036854775808 18446744073709551615");
}

}  // namespace
}  // namespace shoal

#include "cli/shell/peer_shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

FetchWish read(const Words& words) {
    const auto wish = read_fetch(words);
    EXPECT_TRUE(wish);
    return wish.value_or(FetchWish{});
}

TEST(ReadFetch, TakesADestinationAndAPeer) {
    const auto name = read({"a b"});
    EXPECT_EQ(name.what, "a b");
    EXPECT_EQ(name.destination, "");
    EXPECT_THAT(name.from, IsEmpty());
    EXPECT_EQ(read({"a", "b.bin"}).destination, "b.bin");
    const auto all = read({"a", "b.bin", "192.0.2.1", "6881"});
    EXPECT_EQ(all.destination, "b.bin");
    EXPECT_THAT(all.from, ElementsAre("192.0.2.1:6881"));
    const auto joined = read({"a", "b.bin", "[2001:db8::1]:70"});
    EXPECT_EQ(joined.destination, "b.bin");
    EXPECT_THAT(joined.from, ElementsAre("[2001:db8::1]:70"));
}

TEST(ReadFetch, TakesAPeerWithoutADestination) {
    const auto wish = read({"a", "192.0.2.1", "6881"});
    EXPECT_EQ(wish.destination, "");
    EXPECT_THAT(wish.from, ElementsAre("192.0.2.1:6881"));
}

TEST(ReadFetch, RefusesAPortThatIsNone) {
    for (const Words& words : {Words{"a", "b", "c", "d"}, Words{"a", "b", "c", "70000"}}) {
        const auto wish = read_fetch(words);
        ASSERT_FALSE(wish);
        EXPECT_EQ(wish.error().code, ErrorCode::usage);
    }
}

}  // namespace
}  // namespace shoal::cli

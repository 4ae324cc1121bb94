#include "http/query.h"

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

TEST(Query, KeepsRawBytes) {
    Query query;
    ASSERT_TRUE(query.parse("info_hash=%00%ff%2B+a&left=0"));
    EXPECT_EQ(query.find("info_hash"), std::string_view("\0\xff+ a", 5));
    EXPECT_EQ(query.find("left"), "0");
    EXPECT_FALSE(query.find("right"));
}

TEST(Query, KeepsRepeatedNamesInOrder) {
    Query query;
    ASSERT_TRUE(query.parse("a=1&b=2&a=3"));
    ASSERT_EQ(query.parameters().size(), 3u);
    EXPECT_EQ(query.parameters()[2].value, "3");
    EXPECT_EQ(query.find("a"), "1");
}

TEST(Query, ToleratesEmptyParts) {
    Query query;
    ASSERT_TRUE(query.parse("&&a&=x&b=&c==d&"));
    ASSERT_EQ(query.parameters().size(), 4u);
    EXPECT_EQ(query.find("a"), "");
    EXPECT_EQ(query.find(""), "x");
    EXPECT_EQ(query.find("b"), "");
    EXPECT_EQ(query.find("c"), "=d");
    ASSERT_TRUE(query.parse(""));
    EXPECT_TRUE(query.parameters().empty());
}

TEST(Query, RefusesBrokenPercentCoding) {
    Query query;
    for (const auto* bad : {"a=%", "a=%1", "a=%g0", "a=%0g", "%zz=1", "a=1&b=%-1"}) {
        EXPECT_FALSE(query.parse(bad)) << bad;
        EXPECT_TRUE(query.parameters().empty());
    }
}

TEST(Query, BoundsTheNumberOfParameters) {
    Query query;
    std::string many;
    for (std::size_t i = 0; i < Query::max_parameters; ++i) many += "a=b&";
    EXPECT_TRUE(query.parse(many));
    EXPECT_FALSE(query.parse(many + "a=b"));
}

}  // namespace
}  // namespace shoal::http

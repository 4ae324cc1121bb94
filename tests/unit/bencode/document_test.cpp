#include "bencode/document.h"

#include <gtest/gtest.h>

namespace shoal::bencode {
namespace {

TEST(Document, ReadsEveryKind) {
    const std::string_view input =
        "d4:listl1:ai-7ee6:nested"
        "d1:x0:e3:numi42ee";
    const auto document = Document::parse(bytes_of(input));
    ASSERT_TRUE(document) << document.error().message;
    const Value root = document->root();
    EXPECT_EQ(root.size(), 3u);
    EXPECT_EQ(root.find_integer("num"), 42);
    EXPECT_EQ(root.find("nested")->find_string("x"), "");
    std::vector<std::string> kinds;
    root.find("list")->for_each([&](Value v) { kinds.push_back(v.string() ? "string" : "other"); });
    EXPECT_EQ(kinds, (std::vector<std::string>{"string", "other"}));
    EXPECT_EQ(text_of(root.find("nested")->encoded()), "d1:x0:e");
    EXPECT_FALSE(root.find("missing"));
    EXPECT_FALSE(root.find("num")->string());
}

TEST(Document, RefusesWhatIsNotCanonical) {
    for (const auto* bad : {"",
                            "i",
                            "ie",
                            "i-0e",
                            "i01e",
                            "i+1e",
                            "i1",
                            "i9223372036854775808e",
                            "1",
                            "01:a",
                            "2:a",
                            "-1:a",
                            "99999999999:a",
                            "l",
                            "li1e",
                            "d",
                            "d1:ae",
                            "di1ei2ee",
                            "d1:ai1e1:ai2ee",
                            "d1:bi1e1:ai2ee",
                            "e",
                            "i1ei2e",
                            "x",
                            "d1:a",
                            "l1:ae1",
                            "i 1e",
                            "i1 e"}) {
        EXPECT_FALSE(Document::parse(bytes_of(bad))) << bad;
    }
}

TEST(Document, AllowsUnsortedKeysOnlyWhenAskedButNeverDoubledOnes) {
    const Limits loose{.keys_sorted = false};
    EXPECT_TRUE(Document::parse(bytes_of("d1:bi1e1:ai2ee"), loose));
    EXPECT_FALSE(Document::parse(bytes_of("d1:ai1e1:bi1e1:ai2ee"), loose));
}

TEST(Document, KeepsToItsLimits) {
    EXPECT_FALSE(Document::parse(bytes_of("llleee"), {.depth = 2}));
    EXPECT_TRUE(Document::parse(bytes_of("llleee"), {.depth = 3}));
    EXPECT_FALSE(Document::parse(bytes_of("li1ei2ee"), {.tokens = 2}));
    EXPECT_FALSE(Document::parse(bytes_of("3:abc"), {.bytes = 4}));
    const std::string deep(1'000'000, 'l');
    EXPECT_FALSE(Document::parse(bytes_of(deep)));
}

TEST(Document, ParseLeadingSaysHowMuchItTook) {
    const auto leading = parse_leading(bytes_of("d1:ai1eeDATA"));
    ASSERT_TRUE(leading);
    EXPECT_EQ(leading->consumed, 8u);
}

}  // namespace
}  // namespace shoal::bencode

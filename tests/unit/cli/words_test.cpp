#include "cli/shell/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Words split(std::string_view line) {
    const auto words = split_words(line);
    EXPECT_TRUE(words) << line;
    return words.value_or(Words{"refused"});
}

TEST(Words, AreSplitAtBlanks) {
    EXPECT_THAT(split(""), IsEmpty());
    EXPECT_THAT(split(" \t "), IsEmpty());
    EXPECT_THAT(split("  fetch\tBài  giảng "), ElementsAre("fetch", "Bài", "giảng"));
}

TEST(Words, HoldBlanksInQuotesOrBehindABackslash) {
    EXPECT_THAT(split("fetch 'a b' \"c d\" e\\ f"), ElementsAre("fetch", "a b", "c d", "e f"));
    EXPECT_THAT(split("a'b c'\"d\"e"), ElementsAre("ab cde"));
    EXPECT_THAT(split("'' \"\""), ElementsAre("", ""));
    EXPECT_THAT(split(R"('a\b"c' "a\b\"c\\d'")"), ElementsAre(R"(a\b"c)", R"(a\b"c\d')"));
}

TEST(Words, AreRefusedWithAnOpenQuoteOrALastBackslash) {
    for (const char* line : {"'", "a \"b", "a\\", "\"a\\"}) {
        const auto words = split_words(line);
        ASSERT_FALSE(words) << line;
        EXPECT_EQ(words.error().code, ErrorCode::usage);
    }
}

TEST(Words, AreQuotedSoThatTheyAreReadBack) {
    for (const std::string word :
         {"plain", "", "two words", "Bài giảng 1.pdf", "it's", "\"", "\\", "a\\\"b 'c'\\"}) {
        EXPECT_THAT(split(in_quotes(word) + " " + in_quotes(word)), ElementsAre(word, word));
    }
    EXPECT_EQ(in_quotes("plain"), "plain");
    EXPECT_EQ(in_quotes("a b", false), "\"a b");
}

TEST(Words, AreFoundWhereTheCursorStands) {
    const auto word = unfinished("fetch \"Bài gi");
    EXPECT_THAT(word.before, ElementsAre("fetch"));
    EXPECT_EQ(word.word, "Bài gi");
    EXPECT_EQ(word.at, 6u);
    const auto next = unfinished("fetch a ");
    EXPECT_THAT(next.before, ElementsAre("fetch", "a"));
    EXPECT_EQ(next.word, "");
    EXPECT_EQ(next.at, 8u);
    EXPECT_EQ(unfinished("fe").word, "fe");
    EXPECT_EQ(unfinished("a\\").word, "a");
}

TEST(CommonStart, EndsBetweenCharacters) {
    EXPECT_EQ(common_start({}), "");
    EXPECT_EQ(common_start({"list_files", "list_peers"}), "list_");
    EXPECT_EQ(common_start({"one"}), "one");
    // "ả" and "ạ" begin with the same two bytes.
    EXPECT_EQ(common_start({"bả", "bạ"}), "b");
}

TEST(Nearest, IsWhatWasMeant) {
    const std::vector<std::string> all = {"list_files", "list_peers", "ping", "pause", "exit"};
    EXPECT_EQ(nearest("lsit_files", all), "list_files");
    EXPECT_EQ(nearest("listpeers", all), "list_peers");
    EXPECT_EQ(nearest("pign", all), "ping");
    EXPECT_EQ(nearest("list", all), "list_files");
    EXPECT_EQ(nearest("exot", all), "exit");
    EXPECT_EQ(nearest("download", all), "");
    EXPECT_EQ(nearest("", all), "");
    EXPECT_EQ(nearest(std::string(100'000, 'x'), all), "");
}

}  // namespace
}  // namespace shoal::cli

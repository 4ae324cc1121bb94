#include "cli/shell/command_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CommandTableTest : public ::testing::Test {
  protected:
    CommandTableTest() {
        table_.add({.word = "fetch",
                    .arguments = "NAME [DESTINATION]",
                    .help = "gets a file",
                    .least = 1,
                    .most = 2,
                    .run = [this](const Words& words) -> Result<void> {
                        given_ = words;
                        return {};
                    },
                    .complete =
                        [](const Words& before, std::string_view) {
                            return before.size() == 1 ? std::vector<std::string>{"b 2", "a", "b 1"}
                                                      : std::vector<std::string>{};
                        }});
        table_.add({.word = "fail", .arguments = {}, .help = "fails", .run = [](const Words&) {
                        return Result<void>(fail(ErrorCode::refused, "no"));
                    }});
    }

    std::vector<std::string> complete(std::string_view line) {
        return table_.complete(unfinished(line));
    }

    CommandTable table_;
    Words given_;
};

TEST_F(CommandTableTest, RunsALineWithItsArguments) {
    EXPECT_TRUE(table_.run("fetch 'a b' c"));
    EXPECT_THAT(given_, ElementsAre("a b", "c"));
    EXPECT_TRUE(table_.run("   "));
    EXPECT_EQ(table_.run("fail").error().message, "no");
}

TEST_F(CommandTableTest, SaysHowACommandIsWritten) {
    for (const char* line : {"fetch", "fetch a b c"}) {
        const auto done = table_.run(line);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::usage);
        EXPECT_THAT(done.error().message, HasSubstr("fetch NAME [DESTINATION]"));
    }
    EXPECT_THAT(given_, IsEmpty());
}

TEST_F(CommandTableTest, SaysWhatIsNearAnUnknownWord) {
    EXPECT_THAT(table_.run("fecth x").error().message, HasSubstr("did you mean 'fetch'"));
    EXPECT_THAT(table_.run("wonderful").error().message, HasSubstr("see help"));
    EXPECT_EQ(table_.run("a\x1b[2Jb").error().message.find('\x1b'), std::string::npos);
}

TEST_F(CommandTableTest, OffersWordsAndArguments) {
    EXPECT_THAT(complete(""), ElementsAre("fail", "fetch"));
    EXPECT_THAT(complete("fe"), ElementsAre("fetch"));
    EXPECT_THAT(complete("fetch "), ElementsAre("a", "b 1", "b 2"));
    EXPECT_THAT(complete("fetch \"b"), ElementsAre("b 1", "b 2"));
    EXPECT_THAT(complete("fetch a "), IsEmpty());
    EXPECT_THAT(complete("fail "), IsEmpty());
    EXPECT_THAT(complete("nothing "), IsEmpty());
}

TEST_F(CommandTableTest, HelpsWithALineForEachWord) {
    EXPECT_THAT(table_.help(), ElementsAre("  fetch NAME [DESTINATION]  gets a file",
                                           "  fail                      fails"));
}

}  // namespace
}  // namespace shoal::cli

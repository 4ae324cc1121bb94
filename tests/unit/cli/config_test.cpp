#include "cli/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../disk/temp_folder.h"

namespace shoal::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

/// Some options, as a command has them.
struct Options {
    std::string listen = ":5000";
    std::string access = "group";
    bool quiet = false;
    std::int64_t interval = 300;
    std::vector<std::string> trust_ip_from;
};

class ConfigTest : public ::testing::Test {
  protected:
    ConfigTest() {
        command.add_option("--listen", options.listen);
        command.add_option("--access", options.access);
        command.add_flag("--quiet", options.quiet);
        command.add_option("--interval", options.interval);
        command.add_option("--trust-ip-from", options.trust_ip_from);
    }

    Result<void> read(const std::string& content, const std::string& command_line = "") {
        command.parse(command_line);
        auto file = ConfigFile::read(folder.write("a.toml", content), command);
        if (!file) return std::unexpected(file.error());
        file->text("listen", options.listen, [](const std::string& text) -> Result<void> {
            if (text.contains(':')) return {};
            return fail(ErrorCode::usage, "there is no port in it");
        });
        file->choice("access", options.access, {"group", "open"});
        file->flag("quiet", options.quiet);
        file->number("interval", options.interval, 1, 86'400);
        file->texts("trust_ip_from", options.trust_ip_from,
                    [](const std::string& text) -> Result<void> {
                        if (text != "all") return {};
                        return fail(ErrorCode::usage, "all is too much");
                    });
        return file->finish();
    }

    std::string error(const std::string& content, const std::string& command_line = "") {
        const auto done = read(content, command_line);
        if (done) return "";
        EXPECT_EQ(done.error().code, ErrorCode::usage);
        EXPECT_FALSE(done.error().message.contains('\n'));
        return done.error().message;
    }

    disk::testing::TempFolder folder;
    CLI::App command;
    Options options;
};

TEST_F(ConfigTest, ValuesTakeThePlaceOfTheDefaults) {
    ASSERT_TRUE(
        read("# of a tracker\n"
             "listen = \"0.0.0.0:7000\"\n"
             "access = 'open'\n"
             "quiet = true\n"
             "interval = 1_800\n"
             "trust_ip_from = [\n \"10.0.0.0/8\",\n \"::1\",\n]\n"));
    EXPECT_EQ(options.listen, "0.0.0.0:7000");
    EXPECT_EQ(options.access, "open");
    EXPECT_TRUE(options.quiet);
    EXPECT_EQ(options.interval, 1800);
    EXPECT_THAT(options.trust_ip_from, ElementsAre("10.0.0.0/8", "::1"));
}

TEST_F(ConfigTest, AnEmptyFileChangesNothing) {
    ASSERT_TRUE(read(""));
    EXPECT_EQ(options.listen, ":5000");
    EXPECT_EQ(options.interval, 300);
}

TEST_F(ConfigTest, TheCommandLineGoesFirst) {
    ASSERT_TRUE(read("listen = \":1\"\nquiet = false\ninterval = 7\ntrust_ip_from = [\"::1\"]\n",
                     "--listen :2 --quiet --trust-ip-from 10.0.0.0/8"));
    EXPECT_EQ(options.listen, ":2");
    EXPECT_TRUE(options.quiet);
    EXPECT_EQ(options.interval, 7);
    EXPECT_THAT(options.trust_ip_from, ElementsAre("10.0.0.0/8"));
}

TEST_F(ConfigTest, WhatIsWrongIsToldWithItsLine) {
    EXPECT_THAT(error("listen = \":1\"\ninterval = 0\n"),
                EndsWith("a.toml:2: 'interval' must be a whole number from 1 to 86400"));
    EXPECT_THAT(error("interval = 86401"), HasSubstr("a.toml:1: 'interval' must be"));
    EXPECT_THAT(error("interval = \"7\""), HasSubstr("a.toml:1: 'interval' must be"));
    EXPECT_THAT(error("interval = 1.5"), HasSubstr("a.toml:1: 'interval' must be"));
    EXPECT_THAT(error("\n\nlisten = 5000"), EndsWith("a.toml:3: 'listen' must be text in quotes"));
    EXPECT_THAT(error("listen = \"5000\""),
                EndsWith("a.toml:1: 'listen' is wrong: there is no port in it"));
    EXPECT_THAT(error("access = \"all\""),
                EndsWith("a.toml:1: 'access' is wrong: it is one of: group, open"));
    EXPECT_THAT(error("quiet = 1"), EndsWith("a.toml:1: 'quiet' must be true or false"));
    EXPECT_THAT(error("trust_ip_from = \"::1\""), HasSubstr("must be a list of texts"));
    EXPECT_THAT(error("trust_ip_from = [\"::1\", 2]"), HasSubstr("must be a list of texts"));
    EXPECT_THAT(error("trust_ip_from = [\"all\"]"), HasSubstr("all is too much"));
    EXPECT_THAT(error("interval = 0", "--interval 7"), HasSubstr("a.toml:1: 'interval' must be"));
}

TEST_F(ConfigTest, NothingIsAcceptedThatNobodyAsksFor) {
    EXPECT_THAT(error("listen = \":1\"\nzebra = 1\nant = 2\n"),
                HasSubstr("a.toml:2: there is no option 'zebra'; there are: listen, access"));
    EXPECT_THAT(error("[tracker]\nlisten = \":1\"\n"), HasSubstr("there is no option 'tracker'"));
    EXPECT_THAT(error("trust-ip-from = []"), HasSubstr("there is no option 'trust-ip-from'"));
}

TEST_F(ConfigTest, NoTomlIsToldWithItsLine) {
    EXPECT_THAT(error("listen = \":1\"\nlisten = \":2\"\n"), HasSubstr("a.toml:2: "));
    EXPECT_THAT(error("\nlisten\n"), HasSubstr("a.toml:2: "));
    EXPECT_THAT(error("listen = \"\xff\""), HasSubstr("a.toml:1: "));
    EXPECT_THAT(error("a = " + std::string(100'000, '[')), HasSubstr("a.toml:1: "));
}

TEST_F(ConfigTest, AFileThatCannotBeReadSaysSo) {
    const auto none = ConfigFile::read(folder.path() / "none", command);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
    const auto huge = ConfigFile::read(folder.write("b", std::string(2 << 20, '#')), command);
    ASSERT_FALSE(huge);
    EXPECT_EQ(huge.error().code, ErrorCode::bad_data);
}

}  // namespace
}  // namespace shoal::cli

#include "cli/shell/history.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../disk/temp_folder.h"

namespace shoal::cli {
namespace {

using disk::testing::TempFolder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(HistoryTest, KeepsLinesFromOneRunToTheNextForTheirOwnerAlone) {
    const TempFolder folder;
    const auto file = folder.path() / "history";
    History first(file);
    EXPECT_THAT(first.lines(), IsEmpty());
    EXPECT_TRUE(first.add("list_files"));
    EXPECT_TRUE(first.add("fetch 'Bài giảng'"));
    ASSERT_TRUE(first.save());
    EXPECT_THAT(History(file).lines(), ElementsAre("list_files", "fetch 'Bài giảng'"));
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(file).permissions(), perms::owner_read | perms::owner_write);
}

TEST(HistoryTest, KeepsNoSecretsNorWhatIsOfNoUse) {
    History history("");
    EXPECT_TRUE(history.add("users"));
    EXPECT_FALSE(history.add("users"));
    EXPECT_FALSE(history.add(" \t"));
    EXPECT_FALSE(history.add("connect http://192.0.2.1:5000/join#1/k=x/i=y"));
    EXPECT_FALSE(history.add("upload a http://h:5000/announce?passkey=x"));
    EXPECT_FALSE(history.add("bell \a"));
    EXPECT_FALSE(history.add(std::string(History::max_line + 1, 'x')));
    EXPECT_THAT(history.lines(), ElementsAre("users"));
    EXPECT_TRUE(history.save());
}

TEST(HistoryTest, ForgetsTheOldest) {
    History history("");
    for (std::size_t i = 0; i < History::max_lines + 5; ++i) history.add(std::to_string(i));
    EXPECT_EQ(history.lines().size(), History::max_lines);
    EXPECT_EQ(history.lines().front(), "5");
}

TEST(HistoryTest, BeginsAnewWhereTheFileIsNone) {
    const TempFolder folder;
    std::filesystem::create_directory(folder.path() / "history");
    EXPECT_THAT(History(folder.path() / "history").lines(), IsEmpty());
    folder.write("broken", std::string("good\n\xff\xfe\n\0x\n", 11));
    EXPECT_THAT(History(folder.path() / "broken").lines(), ElementsAre("good"));
}

}  // namespace
}  // namespace shoal::cli

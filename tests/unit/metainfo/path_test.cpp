#include "metainfo/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace shoal::metainfo {
namespace {

using ::testing::ElementsAre;
using namespace std::string_literals;

std::string safe(std::string_view raw, NameRules rules = NameRules::posix) {
    const auto name = safe_component(raw, rules);
    return name ? *name : "refused";
}

std::vector<File> files_at(std::initializer_list<std::vector<std::string>> paths) {
    std::vector<File> files;
    for (const auto& path : paths) files.push_back({.path = path, .length = 1});
    return files;
}

TEST(SafeComponent, KeepsNamesAsTheyCame) {
    for (const auto* name : {"a.txt", ".hidden", "...", "..a", "Bài giảng tuần 1.pdf", "日本語",
                             "a b", "aux.c", "what?.txt", "e\u0301", "-rf", "tab\there"}) {
        EXPECT_EQ(safe(name), name);
    }
}

TEST(SafeComponent, RefusesWhatLeavesTheFolderOrHasNoMeaning) {
    for (const auto& name : {""s, "."s, ".."s, "a/b"s, "/etc"s, "../x"s, "a\0b"s, "/"s}) {
        EXPECT_EQ(safe(name), "refused") << printable(name);
    }
}

TEST(SafeComponent, CleansBackslashesAndBrokenUtf8) {
    EXPECT_EQ(safe("dir\\file"), "dir_file");
    EXPECT_EQ(safe("caf\xe9.txt"), "caf%E9.txt");
    EXPECT_EQ(safe("\xff\xfe"), "%FF%FE");
    EXPECT_EQ(safe("ok\xc3\xa9\xc3"), "ok\xc3\xa9%C3");
}

TEST(SafeComponent, CutsOverLongNamesBetweenCharactersAndKeepsTheExtension) {
    std::string name;
    for (int i = 0; i < 200; ++i) name += "ả";
    const std::string cut = safe(name + ".tar.gz");
    EXPECT_LE(cut.size(), max_name_bytes);
    EXPECT_GT(cut.size(), max_name_bytes - 8);
    EXPECT_TRUE(is_valid_utf8(cut));
    EXPECT_TRUE(cut.ends_with("~.gz"));
    EXPECT_EQ(safe(std::string(255, 'x')), std::string(255, 'x'));
    EXPECT_EQ(safe(std::string(256, 'x')).size(), 255u);
}

TEST(SafeComponent, AvoidsDevicesAndCharactersThatWindowsKeepsForItself) {
    const auto windows = [](std::string_view raw) { return safe(raw, NameRules::windows); };
    EXPECT_EQ(windows("CON"), "_CON");
    EXPECT_EQ(windows("aux.c"), "_aux.c");
    EXPECT_EQ(windows("nul .txt"), "_nul .txt");
    EXPECT_EQ(windows("console"), "console");
    EXPECT_EQ(windows("a:b?"), "a_b_");
    EXPECT_EQ(windows("dots.."), "dots._");
    EXPECT_EQ(windows("line\nbreak"), "line_break");
}

TEST(SafePath, DropsEmptyComponentsAndRefusesTheWayUp) {
    EXPECT_THAT(*safe_path({"", "a", ".", "b"}), ElementsAre("a", "b"));
    EXPECT_FALSE(safe_path({"a", "..", "b"}));
    EXPECT_FALSE(safe_path({}));
    EXPECT_FALSE(safe_path({"", "."}));
}

TEST(SafePath, BoundsDepthAndLength) {
    EXPECT_TRUE(safe_path(std::vector<std::string_view>(max_path_depth, "d")));
    EXPECT_FALSE(safe_path(std::vector<std::string_view>(max_path_depth + 1, "d")));
    const std::string name(200, 'n');
    EXPECT_TRUE(safe_path(std::vector<std::string_view>(15, name)));
    EXPECT_FALSE(safe_path(std::vector<std::string_view>(16, name)));
}

TEST(SettlePaths, RefusesTwoFilesInOnePlaceAndAFileThatIsAFolder) {
    auto same = files_at({{"a", "b"}, {"c"}, {"a", "b"}});
    EXPECT_FALSE(settle_paths(same));
    auto nested = files_at({{"a", "b", "c"}, {"a-b"}, {"a", "b"}});
    EXPECT_FALSE(settle_paths(nested));
    auto apart = files_at({{"a", "b"}, {"a", "bc"}, {"ab"}, {"a", "c", "b"}});
    EXPECT_TRUE(settle_paths(apart));
}

TEST(SettlePaths, DoesNotCareAboutPadding) {
    std::vector<File> files(3);
    for (File& file : files) file.padding = true;
    EXPECT_TRUE(settle_paths(files));
}

TEST(SettlePaths, LeavesNamesThatDifferInCaseApartWhereTheFileSystemDoes) {
    auto files = files_at({{"Makefile"}, {"makefile"}, {"\u00e9"}, {"e\u0301"}});
    EXPECT_TRUE(settle_paths(files, NameRules::posix));
    EXPECT_THAT(files[1].path, ElementsAre("makefile"));
}

TEST(SettlePaths, NumbersNamesThatDifferOnlyInCaseOrUnicodeFormUnderWindowsRules) {
    auto files = files_at({{"a.txt"},
                           {"A.TXT"},
                           {"a~2.txt"},
                           {"\u00e9"},
                           {"e\u0301"},
                           {"Dir", "x"},
                           {"dir", "X"},
                           {"DIR"}});
    EXPECT_TRUE(settle_paths(files, NameRules::windows));
    std::vector<std::string> shown;
    for (const File& file : files) shown.push_back(join_path(file.path));
    EXPECT_THAT(shown, ElementsAre("a.txt", "A~2.TXT", "a~2~2.txt", "\u00e9", "e\u0301~2", "Dir/x",
                                   "dir/X~2", "DIR~2"));
}

}  // namespace
}  // namespace shoal::metainfo

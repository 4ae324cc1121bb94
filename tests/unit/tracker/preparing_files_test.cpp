#include "tracker/preparing_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::tracker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const PreparingDaemon lan{7, "Lan"};
const PreparingDaemon minh{9, "Minh"};

PreparingFile file(const std::string& name) {
    return {.name = name, .path = "shared/" + name, .size = 5'000'000'000, .pieces = 1193};
}

std::vector<std::string> names(const PreparingFiles& files) {
    std::vector<std::string> result;
    for (const auto& shown : files.list({}, 1000)) {
        result.push_back(shown.daemon.user + " " + shown.file.name);
    }
    return result;
}

TEST(PreparingFilesTest, AListTakesThePlaceOfTheOneBefore) {
    PreparingFiles files;
    EXPECT_EQ(files.replace(lan, {file("b"), file("a")}), true);
    EXPECT_EQ(files.replace(minh, {file("a")}), true);
    EXPECT_THAT(names(files), ElementsAre("Lan a", "Lan b", "Minh a"));
    EXPECT_EQ(files.replace(lan, {file("c")}), true);
    EXPECT_THAT(names(files), ElementsAre("Lan c", "Minh a"));
    EXPECT_EQ(files.replace(lan, {}), true);
    EXPECT_THAT(names(files), ElementsAre("Minh a"));
    EXPECT_EQ(files.list({}, 1).front(), (PreparingFiles::Shown{minh, file("a")}));
}

TEST(PreparingFilesTest, SaysWhetherThereIsNews) {
    PreparingFiles files;
    EXPECT_EQ(files.replace(lan, {}), false);
    EXPECT_EQ(files.replace(lan, {file("a"), file("b")}), true);
    EXPECT_EQ(files.replace(lan, {file("b"), file("a")}), false);
    auto larger = file("b");
    larger.size += 1;
    EXPECT_EQ(files.replace(lan, {file("a"), larger}), true);
}

TEST(PreparingFilesTest, RefusesWhatCouldNotBePublished) {
    PreparingFiles files;
    ASSERT_TRUE(files.replace(lan, {file("a")}));
    auto no_path = file("b");
    no_path.path.clear();
    auto same_path = file("b");
    same_path.path = file("c").path;
    const std::vector<std::vector<PreparingFile>> wrong = {{file("..")},
                                                           {file("b/c")},
                                                           {file("")},
                                                           {file(std::string(256, 'x'))},
                                                           {no_path},
                                                           {file("b"), file("b")},
                                                           {file("c"), same_path}};
    for (const auto& list : wrong) {
        const auto answer = files.replace(lan, list);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, ErrorCode::usage);
    }
    EXPECT_THAT(names(files), ElementsAre("Lan a"));
}

TEST(PreparingFilesTest, IsBounded) {
    PreparingFiles files({.of_daemon = 3, .files = 4, .text_bytes = 60});
    const auto too_many = files.replace(lan, {file("a"), file("b"), file("c"), file("d")});
    ASSERT_FALSE(too_many);
    EXPECT_EQ(too_many.error().code, ErrorCode::usage);
    ASSERT_TRUE(files.replace(lan, {file("a"), file("b"), file("c")}));
    const auto no_room = files.replace(minh, {file("a"), file("b")});
    ASSERT_FALSE(no_room);
    EXPECT_EQ(no_room.error().code, ErrorCode::refused);
    const auto too_long = files.replace(minh, {file(std::string(30, 'x'))});
    ASSERT_FALSE(too_long);
    EXPECT_EQ(too_long.error().code, ErrorCode::refused);
    EXPECT_EQ(files.size(), 3);
    // Its own list makes room for the one that follows.
    ASSERT_TRUE(files.replace(lan, {file("x"), file("y"), file("z")}));
    ASSERT_TRUE(files.replace(lan, {}));
    EXPECT_TRUE(files.replace(minh, {file("a"), file("b")}));
    EXPECT_EQ(files.size(), 2);
}

TEST(PreparingFilesTest, TheListsOfThoseWhoAreGoneGoToo) {
    PreparingFiles files;
    ASSERT_TRUE(files.replace(lan, {file("a")}));
    ASSERT_TRUE(files.replace(minh, {file("a"), file("b")}));
    EXPECT_THAT(files.keep([](std::int64_t) { return true; }), IsEmpty());
    EXPECT_THAT(files.keep([](std::int64_t daemon) { return daemon == 7; }), ElementsAre(minh));
    EXPECT_THAT(names(files), ElementsAre("Lan a"));
    EXPECT_EQ(files.size(), 1);
}

TEST(PreparingFilesTest, PagesGoOnAfterAPlaceEvenWhenItIsGone) {
    PreparingFiles files;
    ASSERT_TRUE(files.replace(lan, {file("a"), file("c")}));
    ASSERT_TRUE(files.replace(minh, {file("b"), file("d")}));
    const auto first = files.list({}, 1);
    EXPECT_THAT(first, ElementsAre(PreparingFiles::Shown{lan, file("a")}));
    EXPECT_THAT(files.list({7, "a"}, 2), ElementsAre(PreparingFiles::Shown{lan, file("c")},
                                                     PreparingFiles::Shown{minh, file("b")}));
    EXPECT_THAT(files.list({7, "b"}, 1), ElementsAre(PreparingFiles::Shown{lan, file("c")}));
    EXPECT_THAT(files.list({8, "z"}, 9), ElementsAre(PreparingFiles::Shown{minh, file("b")},
                                                     PreparingFiles::Shown{minh, file("d")}));
    EXPECT_THAT(files.list({9, "d"}, 9), IsEmpty());
}

}  // namespace
}  // namespace shoal::tracker

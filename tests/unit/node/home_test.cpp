#include "node/home.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "../disk/temp_folder.h"

namespace shoal::node {
namespace {

class HomeTest : public ::testing::Test {
  protected:
    disk::testing::TempFolder folder_;
};

TEST_F(HomeTest, MakesItsFoldersForTheOwnerAlone) {
    const auto home = Home::open(folder_ / "new/home");
    ASSERT_TRUE(home) << home.error().message;
    for (const auto& below : {home->shared(), home->downloads(), home->torrents(), home->items()}) {
        EXPECT_TRUE(std::filesystem::is_directory(below));
    }
    struct stat status{};
    ASSERT_EQ(::stat(home->folder().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(HomeTest, BelongsToOneDaemonAtATime) {
    auto first = Home::open(folder_ / "home");
    ASSERT_TRUE(first);
    const auto second = Home::open(folder_ / "home");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::refused);
    EXPECT_NE(second.error().message.find("--data"), std::string::npos);
}

TEST_F(HomeTest, TheDaemonKeepsItsId) {
    const std::string id = Home::open(folder_ / "home")->daemon();
    EXPECT_EQ(id.size(), 32u);
    EXPECT_EQ(Home::open(folder_ / "home")->daemon(), id);
    EXPECT_NE(Home::open(folder_ / "other")->daemon(), id);
}

TEST_F(HomeTest, ShowsPathsAsSeenFromTheFolder) {
    const auto home = Home::open(folder_ / "home");
    ASSERT_TRUE(home);
    EXPECT_EQ(home->shown(home->shared() / "a b.pdf"), "shared/a b.pdf");
    EXPECT_EQ(home->shown(home->folder().parent_path() / "x"), "../x");
}

TEST_F(HomeTest, KnowsWhatIsNotToBeShared) {
    const auto home = Home::open(folder_ / "home");
    ASSERT_TRUE(home);
    for (const auto& path : {std::filesystem::path("/"), folder_.path(), home->folder(),
                             home->folder() / "account.json", home->items()}) {
        EXPECT_TRUE(home->is_private(path)) << path;
    }
    for (const auto& path :
         {home->shared() / "a", home->downloads() / "b/c", folder_ / "home2", folder_ / "x/home"}) {
        EXPECT_FALSE(home->is_private(path)) << path;
    }
}

TEST_F(HomeTest, TheSharedFolderMayBeElsewhere) {
    std::filesystem::create_directories(folder_ / "home");
    std::filesystem::create_directories(folder_ / "disk");
    std::filesystem::create_directory_symlink(folder_ / "disk", folder_ / "home/shared");
    const auto home = Home::open(folder_ / "home");
    ASSERT_TRUE(home);
    EXPECT_EQ(home->shared(), std::filesystem::canonical(folder_ / "disk"));
    EXPECT_FALSE(home->is_private(home->shared() / "x"));
}

TEST_F(HomeTest, TellsProgramsOfTheUserWhereTheDaemonAnswers) {
    const auto home = Home::open(folder_ / "home");
    EXPECT_EQ(ApiAccess::load(home->folder()).error().code, ErrorCode::not_found);
    ASSERT_TRUE((ApiAccess{"http://127.0.0.1:8080", "secret"}.save(home->folder())));
    struct stat status{};
    ASSERT_EQ(::stat((home->folder() / "api.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    const auto access = ApiAccess::load(home->folder());
    ASSERT_TRUE(access);
    EXPECT_EQ(access->url, "http://127.0.0.1:8080");
    EXPECT_EQ(access->token, "secret");
    std::ofstream(home->folder() / "api.json") << "{\"url\":1}";
    EXPECT_EQ(ApiAccess::load(home->folder()).error().code, ErrorCode::bad_data);
    ApiAccess::remove(home->folder());
    EXPECT_EQ(ApiAccess::load(home->folder()).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace shoal::node

#include "disk/folder_walk.h"

#include <gtest/gtest.h>

#include "temp_folder.h"

namespace shoal::disk {
namespace {

TEST(FolderWalk, FindsWhatTheFolderItselfFinds) {
    const testing::TempFolder temporary;
    temporary.write("a", "1");
    temporary.write("b/c", "22");
    temporary.write("b/d", "333");
    temporary.write("b/e/f", "4444");
    const auto root = *native_file_system()->open_folder(temporary.path(), false);
    FolderWalk walk(root);
    for (const std::string_view path : {"a", "b/c", "b/d", "b/no", "b/e/f", "b/c", "no/no",
                                        "no/more", "a/b", "b", "../x", "b/.."}) {
        const auto found = walk.status(path);
        const auto expected = root->status(path);
        ASSERT_EQ(found.has_value(), expected.has_value()) << path;
        if (found) {
            EXPECT_TRUE(found->same_file(*expected)) << path;
            EXPECT_EQ(found->size, expected->size) << path;
        } else {
            EXPECT_EQ(found.error().code, expected.error().code) << path;
        }
    }
}

TEST(FolderWalk, TellsWhetherTheFolderIsThere) {
    const testing::TempFolder temporary;
    temporary.write("b/c", "1");
    FolderWalk walk(*native_file_system()->open_folder(temporary.path(), false));
    for (const auto& [path, expected] : std::initializer_list<std::pair<std::string_view, bool>>{
             {"b/c", true}, {"b/no", true}, {"no/no", false}, {"none", true}, {"no/more", false}}) {
        static_cast<void>(walk.status(path));
        EXPECT_EQ(walk.has_folder(), expected) << path;
    }
}

TEST(FolderWalk, DoesNotFollowSymlinks) {
    const testing::TempFolder temporary;
    temporary.write("real/file", "1");
    std::filesystem::create_symlink("real", temporary.path() / "link");
    FolderWalk walk(*native_file_system()->open_folder(temporary.path(), false));
    EXPECT_TRUE(walk.status("real/file"));
    const auto found = walk.status("link/file");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace shoal::disk

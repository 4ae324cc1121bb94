#include "disk/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "temp_folder.h"

namespace shoal::disk {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

std::size_t entries(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(ReadFile, GivesTheContentUpToTheLimit) {
    const TempFolder folder;
    const auto path = folder.write("a", "12345");
    EXPECT_EQ(text_of(*read_file(path, 5)), "12345");
    const auto larger = read_file(path, 4);
    ASSERT_FALSE(larger);
    EXPECT_EQ(larger.error().code, ErrorCode::bad_data);
}

TEST(ReadFile, SaysWhatIsMissingAndRefusesWhatIsNoFile) {
    const TempFolder folder;
    const auto missing = read_file(folder / "none", 5);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    EXPECT_THAT(missing.error().message, HasSubstr("none"));
    EXPECT_FALSE(read_file(folder.path(), 5));
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_FALSE(read_file(folder / "pipe", 5));
}

TEST(WriteNewFile, WritesTheWholeContentAndLeavesNothingElse) {
    const TempFolder folder;
    ASSERT_TRUE(write_new_file(folder / "a", bytes_of("content")));
    EXPECT_EQ(text_of(*read_file(folder / "a", 100)), "content");
    EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(WriteNewFile, NeverReplacesWhatIsThere) {
    const TempFolder folder;
    folder.write("a", "old");
    const auto again = write_new_file(folder / "a", bytes_of("new"));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::refused);
    EXPECT_EQ(text_of(*read_file(folder / "a", 100)), "old");
    EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(WriteNewFile, SaysThatTheFolderIsMissing) {
    const TempFolder folder;
    const auto result = write_new_file(folder / "no" / "a", bytes_of("x"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace shoal::disk

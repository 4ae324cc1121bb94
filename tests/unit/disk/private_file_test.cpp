#include "disk/private_file.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shoal::disk {
namespace {

namespace fs = std::filesystem;

class PrivateFileTest : public testing::Test {
  protected:
    PrivateFileTest() { fs::create_directories(folder_); }
    ~PrivateFileTest() override { fs::remove_all(folder_); }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
    }

    fs::path folder_ = fs::temp_directory_path() / ("shoal-private-" + std::to_string(::getpid()));
    fs::path path_ = folder_ / "key";
};

TEST_F(PrivateFileTest, IsReadableByItsOwnerAlone) {
    const mode_t old = ::umask(0);
    ASSERT_TRUE(write_private_file(path_, std::string_view("a\0b", 3)));
    ::umask(old);
    struct stat found{};
    ASSERT_EQ(::stat(path_.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600u);
    EXPECT_EQ(read_private_file(path_, 3), std::string("a\0b", 3));
    EXPECT_EQ(files(), 1u) << "nothing else is left";
}

TEST_F(PrivateFileTest, ReplacesAnotherAsAWhole) {
    std::ofstream(path_) << "something longer";
    ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
    ASSERT_TRUE(write_private_file(path_, "new"));
    EXPECT_EQ(read_private_file(path_, 100), "new");
    struct stat found{};
    ASSERT_EQ(::stat(path_.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600u);
}

TEST_F(PrivateFileTest, AFailureLeavesWhatWasThere) {
    fs::create_directories(path_ / "x");
    EXPECT_FALSE(write_private_file(path_, "new")) << "a folder has the name";
    EXPECT_EQ(files(), 1u);
    EXPECT_FALSE(write_private_file(folder_ / "none" / "key", "new"));
}

TEST_F(PrivateFileTest, ReadingIsBounded) {
    EXPECT_EQ(read_private_file(path_, 10).error().code, ErrorCode::not_found);
    std::ofstream(path_) << "12345678901";
    EXPECT_EQ(read_private_file(path_, 10).error().code, ErrorCode::bad_data);
    EXPECT_EQ(read_private_file("/dev/zero", 10).error().code, ErrorCode::bad_data);
    EXPECT_EQ(read_private_file(folder_, 10).error().code, ErrorCode::bad_data);
    const fs::path pipe = folder_ / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(read_private_file(pipe, 10).error().code, ErrorCode::bad_data);
}

}  // namespace
}  // namespace shoal::disk

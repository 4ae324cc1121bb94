#include "disk/mapping.h"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "temp_folder.h"

namespace shoal::disk {
namespace {

using testing::TempFolder;

class MappingTest : public ::testing::Test {
  protected:
    std::shared_ptr<File> open(const std::filesystem::path& at, Access access = Access::read) {
        const auto folder = files->open_folder(at.parent_path(), false);
        EXPECT_TRUE(folder);
        return (*folder)->open(at.filename().native(), access).value();
    }

    TempFolder temporary;
    std::shared_ptr<FileSystem> files = native_file_system();
    const std::string content = metainfo::testing::content(3'000'000, 5);
    const std::filesystem::path path = temporary.write("file", content);
    const Bytes expected = bytes_of(content);
};

TEST_F(MappingTest, ShowsAnyRangeOfAFileThatIsInMemory) {
    const auto file = open(path);
    for (const auto& [offset, length] : std::initializer_list<std::pair<ByteCount, ByteCount>>{
             {0, 3'000'000}, {1, 1}, {4096, 4096}, {999'999, 700'001}, {2'999'999, 1}}) {
        const Mapping mapping = file->map(offset, length);
        ASSERT_EQ(std::ssize(mapping.bytes()), length);
        EXPECT_TRUE(std::ranges::equal(mapping.bytes(), expected.subspan(offset, length)));
        EXPECT_FALSE(mapping.is_damaged());
    }
}

TEST_F(MappingTest, StaysWhenItsFileIsClosed) {
    const Mapping mapping = open(path)->map(0, 3'000'000);
    EXPECT_TRUE(std::ranges::equal(mapping.bytes(), expected));
}

TEST_F(MappingTest, NeighboursShareOneRegionAndOtherFilesDoNot) {
    const auto file = open(path);
    const auto other = open(temporary.write("other", std::string(3'000'000, 'x')));
    const Mapping first = file->map(0, 1'000'000);
    const Mapping second = file->map(1'000'000, 1'000'000);
    EXPECT_EQ(first.bytes().data() + 1'000'000, second.bytes().data());
    EXPECT_EQ(other->map(0, 1).bytes()[0], std::byte{'x'});
}

TEST_F(MappingTest, NothingIsBeyondTheEnd) {
    EXPECT_TRUE(open(path)->map(2'000'000, 1'000'001).empty());
}

TEST_F(MappingTest, WhatWasCutOffReadsAsZerosAndIsKnownToBeDamaged) {
    const auto file = open(path, Access::write);
    const Mapping mapping = file->map(0, 3'000'000);
    const Mapping neighbour = file->map(0, 10);
    ASSERT_TRUE(file->resize(1'000'000));
    EXPECT_TRUE(std::ranges::equal(mapping.bytes().first(1'000'000), expected.first(1'000'000)));
    EXPECT_FALSE(mapping.is_damaged());
    EXPECT_TRUE(std::ranges::all_of(mapping.bytes().subspan(1'100'000),
                                    [](std::byte byte) { return byte == std::byte{0}; }));
    EXPECT_TRUE(mapping.is_damaged());
    EXPECT_TRUE(neighbour.is_damaged()) << "they share their pages";
    EXPECT_FALSE(open(path)->map(0, 1'000'000).is_damaged());
}

TEST_F(MappingTest, AHoleInAFileSystemInMemoryTakesNone) {
    const std::filesystem::path memory = "/dev/shm";
    if (!std::filesystem::exists(memory)) GTEST_SKIP() << "Linux has one, and here is none";
    const std::filesystem::path sparse =
        memory / ("shoal-" + std::to_string(::getpid()) + "-sparse");
    {
        const auto file = open(sparse, Access::create);
        const Bytes some = expected.first(4096);
        ASSERT_TRUE(file->write(0, std::span(&some, 1)));
        ASSERT_TRUE(file->resize(1 << 20));
        EXPECT_TRUE(file->map(0, 1 << 20).empty());
        EXPECT_FALSE(file->map(0, 4096).empty());
        EXPECT_EQ(file->status()->allocated, 4096);
    }
    std::filesystem::remove(sparse);
}

TEST_F(MappingTest, PagesOfOthersEndTheProcessAsBefore) {
    EXPECT_FALSE(open(path)->map(0, 1).empty());
    EXPECT_EXIT(
        {
            const int file = ::open(path.c_str(), O_RDWR);
            const void* const pages = ::mmap(nullptr, 1 << 20, PROT_READ, MAP_SHARED, file, 0);
            EXPECT_EQ(::ftruncate(file, 0), 0);
            static_cast<void>(*static_cast<const volatile char*>(pages));
        },
        [](int status) { return !WIFEXITED(status) || WEXITSTATUS(status) != 0; }, "");
}

TEST_F(MappingTest, ASignalThatWasSentEndsTheProcessAsBefore) {
    EXPECT_FALSE(open(path)->map(0, 1).empty());
    EXPECT_EXIT(
        ::raise(SIGBUS), [](int status) { return !WIFEXITED(status) || WEXITSTATUS(status) != 0; },
        "");
}

}  // namespace
}  // namespace shoal::disk

#include "disk/shared_tree.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "metainfo/path.h"
#include "temp_folder.h"

namespace shoal::disk {
namespace {

using metainfo::Format;
using metainfo::TorrentMaker;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempFolder;

std::vector<std::string> paths_of(const SharedTree& tree) {
    std::vector<std::string> paths;
    for (const SharedFile& file : tree.files) paths.push_back(metainfo::join_path(file.path));
    return paths;
}

TorrentMaker plan(const SharedTree& tree, Format format) {
    metainfo::NewTorrent torrent{.name = tree.name,
                                 .folder = tree.folder,
                                 .files = {},
                                 .format = format,
                                 .piece_length = 16'384};
    for (const SharedFile& file : tree.files) {
        torrent.files.push_back({file.path, file.length, file.executable});
    }
    return *TorrentMaker::plan(std::move(torrent));
}

Result<metainfo::Info> hash(const SharedTree& tree, Format format, unsigned threads) {
    auto maker = plan(tree, format);
    const std::atomic<bool> stop = false;
    if (auto ok = hash_tree(tree, maker, threads, stop, [](ByteCount) {}); !ok) {
        return std::unexpected(ok.error());
    }
    return maker.finish();
}

std::string varied(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * i >> 7);
    return text;
}

TEST(ScanTree, FindsFilesInOrderAndNamesTheFolder) {
    const TempFolder folder;
    folder.write("f/b/x", "1");
    folder.write("f/b-c", "22");
    folder.write("f/A", "");
    std::filesystem::permissions(folder.write("f/b/Run", "#!"), std::filesystem::perms::owner_all);
    const auto tree = scan_tree(folder / "f/");
    ASSERT_TRUE(tree) << tree.error().message;
    EXPECT_EQ(tree->name, "f");
    EXPECT_TRUE(tree->folder);
    EXPECT_THAT(paths_of(*tree), ElementsAre("A", "b/Run", "b/x", "b-c"));
    EXPECT_TRUE(tree->files[1].executable);
    EXPECT_EQ(tree->files[3].length, 2);
}

TEST(ScanTree, SkipsSymlinksAndSpecialFilesInsideAndSaysSo) {
    const TempFolder folder;
    folder.write("secret", "s");
    folder.write("f/a", "1");
    std::filesystem::create_symlink("../secret", folder / "f/link");
    std::filesystem::create_directory_symlink("..", folder / "f/up");
    ASSERT_EQ(::mkfifo((folder / "f/pipe").c_str(), 0600), 0);
    const auto tree = scan_tree(folder / "f");
    ASSERT_TRUE(tree);
    EXPECT_THAT(paths_of(*tree), ElementsAre("a"));
    EXPECT_THAT(tree->skipped,
                ElementsAre(HasSubstr("'link'"), HasSubstr("'pipe'"), HasSubstr("'up'")));
}

TEST(ScanTree, FollowsASymlinkThatTheUserNames) {
    const TempFolder folder;
    folder.write("real", "1");
    std::filesystem::create_symlink("real", folder / "name");
    const auto tree = scan_tree(folder / "name");
    ASSERT_TRUE(tree);
    EXPECT_EQ(tree->name, "name");
    EXPECT_FALSE(tree->folder);
    EXPECT_TRUE(hash(*tree, Format::v1, 1));
}

TEST(ScanTree, RefusesWhatHoldsNoFile) {
    const TempFolder folder;
    std::filesystem::create_directories(folder / "f/g");
    EXPECT_EQ(scan_tree(folder / "f").error().code, ErrorCode::usage);
    EXPECT_EQ(scan_tree(folder / "none").error().code, ErrorCode::not_found);
    EXPECT_EQ(scan_tree("/dev/null").error().code, ErrorCode::usage);
}

TEST(HashTree, GivesTheSameInfoHashWithAnyNumberOfThreads) {
    const TempFolder folder;
    folder.write("f/big", varied(3'000'000));
    folder.write("f/empty", "");
    for (int i = 0; i < 50; ++i)
        folder.write("f/small" + std::to_string(i), varied(1000u + i * 700u));
    const auto tree = scan_tree(folder / "f");
    ASSERT_TRUE(tree);
    for (const Format format : {Format::v1, Format::v2, Format::hybrid}) {
        const auto alone = hash(*tree, format, 1);
        const auto many = hash(*tree, format, 7);
        ASSERT_TRUE(alone && many);
        EXPECT_EQ(alone->info_hash(), many->info_hash());
    }
}

TEST(HashTree, ReportsEveryByteInTheEnd) {
    const TempFolder folder;
    const auto tree = scan_tree(folder.write("a", varied(100'000)));
    ASSERT_TRUE(tree);
    auto maker = plan(*tree, Format::v1);
    const std::atomic<bool> stop = false;
    ByteCount last = 0;
    ASSERT_TRUE(hash_tree(*tree, maker, 2, stop, [&](ByteCount done) { last = done; }));
    EXPECT_EQ(last, 100'000);
}

TEST(HashTree, FindsFilesThatChangedOrVanishedSinceTheyWereFound) {
    const TempFolder folder;
    const auto change = [&](const std::function<void()>& meanwhile) {
        std::filesystem::remove_all(folder / "f");
        folder.write("f/a", varied(50'000));
        folder.write("f/b", varied(50'000));
        const auto tree = scan_tree(folder / "f");
        meanwhile();
        return hash(*tree, Format::v1, 2);
    };
    EXPECT_TRUE(change([] {}));
    for (const std::function<void()>& meanwhile : std::vector<std::function<void()>>{
             [&] { std::filesystem::remove(folder / "f/b"); },
             [&] { std::filesystem::resize_file(folder / "f/b", 40'000); },
             [&] { std::filesystem::resize_file(folder / "f/b", 60'000); },
             [&] {
                 std::filesystem::last_write_time(
                     folder / "f/b",
                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
             }}) {
        const auto info = change(meanwhile);
        ASSERT_FALSE(info);
        EXPECT_EQ(info.error().code, ErrorCode::failed);
        EXPECT_THAT(info.error().message, HasSubstr("changed"));
    }
}

TEST(HashTree, StopsWhenItIsTold) {
    const TempFolder folder;
    const auto tree = scan_tree(folder.write("a", varied(100'000)));
    auto maker = plan(*tree, Format::v1);
    const std::atomic<bool> stop = true;
    const auto result = hash_tree(*tree, maker, 2, stop, [](ByteCount) {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace shoal::disk

#include "disk/content.h"

#include <gtest/gtest.h>

#include "fixture.h"
#include "metainfo/path.h"
#include "temp_folder.h"

namespace shoal::disk {
namespace {

namespace fs = std::filesystem;
using namespace testing;

class ContentTest : public ::testing::Test {
  protected:
    void put(const Torrent& torrent, const std::string& below) {
        for (const TestFile& one : torrent.files) {
            temporary.write(below + "/" + metainfo::join_path(one.path), one.bytes);
        }
    }
    Result<std::shared_ptr<Storage>> open(const Torrent& torrent, const fs::path& path) {
        return open_content(torrent.info, *files, path);
    }
    /// Pieces that verify, or -1 when the content cannot be opened.
    int good_pieces(const Torrent& torrent, const fs::path& path) {
        const auto storage = open(torrent, path);
        if (!storage) return -1;
        int good = 0;
        for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) {
            if (verify(**storage, PieceIndex(i)) == Verdict::good) ++good;
        }
        return good;
    }

    disk::testing::TempFolder temporary;
    std::shared_ptr<FileSystem> files = native_file_system();
    Torrent folder = folder_torrent();
    Torrent file = file_torrent(50'000);
};

TEST_F(ContentTest, FindsAFolderByItselfOrByItsHolder) {
    put(folder, "holder/folder");
    const int all = static_cast<int>(folder.piece_count());
    EXPECT_EQ(good_pieces(folder, temporary / "holder"), all);
    EXPECT_EQ(good_pieces(folder, temporary / "holder/folder"), all);
    fs::rename(temporary / "holder/folder", temporary / "holder/renamed");
    EXPECT_EQ(good_pieces(folder, temporary / "holder/renamed"), all);
    EXPECT_EQ(open(folder, temporary / "holder").error().code, ErrorCode::not_found);
}

TEST_F(ContentTest, FindsAFileByItselfOrByItsHolder) {
    temporary.write("holder/file", file.row);
    const int all = static_cast<int>(file.piece_count());
    EXPECT_EQ(good_pieces(file, temporary / "holder"), all);
    EXPECT_EQ(good_pieces(file, temporary / "holder/file"), all);
    fs::rename(temporary / "holder/file", temporary / "holder/renamed");
    EXPECT_EQ(good_pieces(file, temporary / "holder/renamed"), all);
    EXPECT_EQ(open(file, temporary / "holder").error().code, ErrorCode::not_found);
}

TEST_F(ContentTest, IsNotMisledByAFolderOfTheSameNameInside) {
    const Torrent nested = make_torrent({{{"folder", "x"}, metainfo::testing::content(40'000, 1)},
                                         {{"y"}, metainfo::testing::content(40'000, 2)}});
    put(nested, "folder");
    EXPECT_EQ(good_pieces(nested, temporary / "folder"), static_cast<int>(nested.piece_count()));
    EXPECT_EQ(good_pieces(nested, temporary.path()), static_cast<int>(nested.piece_count()));
}

TEST_F(ContentTest, FollowsSymlinksOfThePathButNoneBelow) {
    put(folder, "real");
    fs::create_directory_symlink(temporary / "real", temporary / "link");
    EXPECT_EQ(good_pieces(folder, temporary / "link"), static_cast<int>(folder.piece_count()));
    temporary.write("elsewhere", folder.files[0].bytes);
    fs::remove(temporary / "real/a");
    fs::create_symlink(temporary / "elsewhere", temporary / "real/a");
    const auto storage = open(folder, temporary / "link");
    ASSERT_TRUE(storage);
    EXPECT_EQ(inspect(**storage)[0].state, FileState::unreadable);
    EXPECT_FALSE(verify(**storage, PieceIndex(0)));

    temporary.write("target", file.row);
    fs::create_symlink(temporary / "target", temporary / "file");
    EXPECT_EQ(good_pieces(file, temporary / "file"), static_cast<int>(file.piece_count()));
    EXPECT_EQ(good_pieces(file, temporary.path()), static_cast<int>(file.piece_count()));
}

TEST_F(ContentTest, SaysWhatIsThereInstead) {
    put(folder, "folder");
    temporary.write("file", "x");
    EXPECT_EQ(open(folder, temporary / "none").error().code, ErrorCode::not_found);
    EXPECT_EQ(open(folder, temporary / "file").error().code, ErrorCode::bad_data);
    EXPECT_EQ(open(file, temporary / "none").error().code, ErrorCode::not_found);
    fs::create_directory(temporary / "folder/file");
    EXPECT_EQ(open(file, temporary / "folder").error().code, ErrorCode::bad_data);
}

TEST_F(ContentTest, ReportsEachFile) {
    put(folder, "folder");
    fs::remove(temporary / "folder/b/c");
    fs::remove(temporary / "folder/b/d");
    fs::create_directory(temporary / "folder/b/d");
    fs::resize_file(temporary / "folder/e", 1);
    const auto storage = open(folder, temporary / "folder");
    ASSERT_TRUE(storage);
    const auto reports = inspect(**storage);
    ASSERT_EQ(reports.size(), 4u);
    EXPECT_EQ(reports[0].state, FileState::present);
    EXPECT_EQ(reports[1].state, FileState::missing);
    EXPECT_EQ(reports[2].state, FileState::no_file);
    EXPECT_EQ(reports[3].state, FileState::wrong_size);
    EXPECT_NE(reports[3].problem.find("1 bytes instead of 40000"), std::string::npos);
}

TEST_F(ContentTest, RemovesTheTorrentsFilesAndNothingElse) {
    put(folder, "holder/folder");
    temporary.write("holder/own", "the user's");
    temporary.write("holder/folder/own", "the user's");
    ASSERT_TRUE(remove_content(*folder.info, *files, temporary / "holder"));
    EXPECT_TRUE(fs::exists(temporary / "holder/own"));
    EXPECT_TRUE(fs::exists(temporary / "holder/folder/own"));
    const auto entries = fs::directory_iterator(temporary / "holder/folder");
    EXPECT_EQ(std::distance(fs::begin(entries), fs::end(entries)), 1);
    EXPECT_TRUE(remove_content(*folder.info, *files, temporary / "holder"));
}

TEST_F(ContentTest, RemovesTheFoldersThatAreEmptyThen) {
    put(folder, "holder/folder");
    temporary.write("holder/file", file.row);
    ASSERT_TRUE(remove_content(*file.info, *files, temporary / "holder"));
    EXPECT_FALSE(fs::exists(temporary / "holder/file"));
    ASSERT_TRUE(remove_content(*folder.info, *files, temporary / "holder/folder"));
    EXPECT_TRUE(fs::is_empty(temporary / "holder"));
}

TEST_F(ContentTest, RemovesNothingThroughASymlink) {
    put(folder, "elsewhere");
    temporary.write("folder/a", "");
    fs::create_directory_symlink(temporary / "elsewhere/b", temporary / "folder/b");
    EXPECT_FALSE(remove_content(*folder.info, *files, temporary / "folder"));
    for (const TestFile& one : folder.files) {
        EXPECT_TRUE(fs::exists(temporary / "elsewhere" / metainfo::join_path(one.path)));
    }
}

}  // namespace
}  // namespace shoal::disk

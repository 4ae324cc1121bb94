#include "disk/workspace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_file_system.h"
#include "fixture.h"
#include "metainfo/path.h"
#include "temp_folder.h"

namespace shoal::disk {
namespace {

namespace fs = std::filesystem;
using namespace testing;
using ::testing::Contains;
using ::testing::ElementsAre;

/// Downloads on real files.
class WorkspaceTest : public ::testing::Test {
  protected:
    Result<std::unique_ptr<Workspace>> open(const Torrent& torrent) {
        return Workspace::open(files, temporary / "dir", torrent.info->info_hash());
    }
    /// A whole download that is not published yet.
    std::shared_ptr<Storage> download(Workspace& workspace, const Torrent& torrent,
                                      std::vector<bool> wanted = {}) {
        auto storage = workspace.open_storage(
            torrent.info, {.writable = true, .wanted = std::move(wanted), .handles = nullptr});
        EXPECT_TRUE(storage) << message_of(storage);
        for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) {
            if ((*storage)->is_wanted(PieceIndex(i))) {
                EXPECT_TRUE(write_piece(**storage, torrent, i));
            }
        }
        return *storage;
    }
    static Progress whole(const Storage& storage) {
        Progress progress{.pieces = Bitfield(storage.layout().piece_count())};
        for (std::uint32_t i = 0; i < progress.pieces.size(); ++i) {
            if (storage.is_wanted(PieceIndex(i))) progress.pieces.set(i);
        }
        return progress;
    }
    std::string content(const fs::path& path) {
        std::ifstream stream(temporary / path, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    disk::testing::TempFolder temporary;
    std::shared_ptr<FileSystem> files = native_file_system();
    Random random{1};
    Torrent folder = folder_torrent();
    Torrent file = file_torrent(50'000);
};

TEST_F(WorkspaceTest, PublishesByOneRenameAndLeavesNothingBehind) {
    for (const Torrent* torrent : {&folder, &file}) {
        auto workspace = open(*torrent);
        ASSERT_TRUE(workspace) << message_of(workspace);
        const std::string name = torrent->info->name();
        EXPECT_EQ((*workspace)->standing(torrent->info, name), Standing::fresh);
        const auto storage = download(**workspace, *torrent);
        EXPECT_FALSE(fs::exists(temporary / "dir" / name));
        EXPECT_EQ((*workspace)->standing(torrent->info, name), Standing::begun);
        const auto done = (*workspace)->publish(*storage, whole(*storage), name);
        ASSERT_TRUE(done) << message_of(done);
        EXPECT_FALSE(fs::exists(temporary / "dir/.progress"));
        for (std::uint32_t i = 0; i < torrent->piece_count(); ++i) {
            EXPECT_EQ(verify(*storage, PieceIndex(i)), Verdict::good);
        }
        storage->close();
        EXPECT_EQ(verify(*storage, PieceIndex(0)), Verdict::good);
    }
    EXPECT_EQ(content("dir/file"), file.row);
    for (const TestFile& one : folder.files) {
        EXPECT_EQ(content("dir/folder/" + metainfo::join_path(one.path)), one.bytes);
    }
}

TEST_F(WorkspaceTest, PublishesUnderAnotherName) {
    auto workspace = open(file);
    const auto storage = download(**workspace, file);
    ASSERT_TRUE((*workspace)->publish(*storage, whole(*storage), "renamed"));
    EXPECT_EQ(content("dir/renamed"), file.row);
}

TEST_F(WorkspaceTest, ATorrentMayBearTheNameOfAnythingInTheWorkspace) {
    for (const char* name : {"record", "parts", "lock", "torrent", "content", ".progress"}) {
        const Torrent odd = make_torrent({{{name}, file.row}}, Format::v1, name, false);
        auto workspace = open(odd);
        const auto storage = download(**workspace, odd);
        ASSERT_TRUE((*workspace)->save(*storage, whole(*storage)));
        const auto plan = (*workspace)->load(*storage, random);
        ASSERT_TRUE(plan);
        EXPECT_EQ(plan->believed.count() + plan->sample.size(), odd.piece_count()) << name;
        const auto done = (*workspace)->publish(*storage, whole(*storage), name);
        EXPECT_EQ(done.has_value(), std::string_view(name) != ".progress") << message_of(done);
    }
}

TEST_F(WorkspaceTest, GoesOnWhereTheLastRunStopped) {
    {
        auto workspace = open(folder);
        const auto storage = *(*workspace)->open_storage(folder.info);
        Progress progress{.pieces = Bitfield(folder.piece_count()), .downloaded = 9};
        for (const std::uint32_t i : {0u, 2u, 3u}) {
            ASSERT_TRUE(write_piece(*storage, folder, i));
            progress.pieces.set(i);
        }
        ASSERT_TRUE((*workspace)->save(*storage, progress));
        ASSERT_TRUE(write_piece(*storage, folder, 5));
    }
    auto workspace = open(folder);
    ASSERT_TRUE(workspace) << message_of(workspace);
    EXPECT_EQ((*workspace)->standing(folder.info, "folder"), Standing::begun);
    const auto storage = *(*workspace)->open_storage(folder.info);
    const auto plan = (*workspace)->load(*storage, random);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->believed.count() + plan->sample.size(), 3u);
    EXPECT_THAT(plan->check, Contains(PieceIndex(5)));
    EXPECT_EQ(plan->downloaded, 9);
    EXPECT_EQ(plan->doubt, "");
}

TEST_F(WorkspaceTest, ADamagedRecordMeansThatAllIsHashed) {
    {
        auto workspace = open(file);
        const auto storage = download(**workspace, file);
        ASSERT_TRUE((*workspace)->save(*storage, whole(*storage)));
    }
    const fs::path record = temporary / "dir/.progress" / file.info->info_hash().hex() / "record";
    ASSERT_TRUE(fs::exists(record));
    for (const auto size : {std::uintmax_t{0}, fs::file_size(record) - 1}) {
        fs::resize_file(record, size);
        auto workspace = open(file);
        const auto storage = *(*workspace)->open_storage(file.info);
        const auto plan = (*workspace)->load(*storage, random);
        ASSERT_TRUE(plan) << message_of(plan);
        EXPECT_EQ(plan->check.size(), file.piece_count());
        EXPECT_NE(plan->doubt, "");
    }
}

TEST_F(WorkspaceTest, ASecondProcessOnTheSameDownloadIsRefused) {
    auto first = open(file);
    ASSERT_TRUE(first);
    const auto second = open(file);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::refused);
    EXPECT_NE(second.error().message.find("another process"), std::string::npos);
    EXPECT_TRUE(open(folder));
    first->reset();
    EXPECT_TRUE(open(file));
}

TEST_F(WorkspaceTest, NeverReplacesWhatHasItsName) {
    temporary.write("dir/file", "mine");
    auto workspace = open(file);
    EXPECT_EQ((*workspace)->standing(file.info, "file"), Standing::name_taken);
    const auto storage = download(**workspace, file);
    EXPECT_EQ((*workspace)->standing(file.info, "file"), Standing::name_taken);
    const auto done = (*workspace)->publish(*storage, whole(*storage), "file");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::refused);
    EXPECT_EQ(content("dir/file"), "mine");
    // Once it is out of the way, the download finds its place.
    fs::remove(temporary / "dir/file");
    ASSERT_TRUE((*workspace)->publish(*storage, whole(*storage), "file"));
    EXPECT_EQ(content("dir/file"), file.row);
}

TEST_F(WorkspaceTest, UnderstandsARunThatEndedRightAfterTheMove) {
    {
        auto workspace = open(folder);
        const auto storage = download(**workspace, folder);
        ASSERT_TRUE((*workspace)->save(*storage, whole(*storage)));
    }
    const fs::path inside = temporary / "dir/.progress" / folder.info->info_hash().hex();
    fs::rename(inside / "content/folder", temporary / "dir/folder");
    auto workspace = open(folder);
    EXPECT_EQ((*workspace)->standing(folder.info, "folder"), Standing::published);
    const auto storage = (*workspace)->adopt(folder.info, "folder");
    ASSERT_TRUE(storage) << message_of(storage);
    EXPECT_FALSE(fs::exists(temporary / "dir/.progress"));
    for (std::uint32_t i = 0; i < folder.piece_count(); ++i) {
        EXPECT_EQ(verify(**storage, PieceIndex(i)), Verdict::good);
    }
}

TEST_F(WorkspaceTest, DoesNotTakeOtherContentForItsOwn) {
    {
        auto workspace = open(file);
        const auto storage = download(**workspace, file);
        ASSERT_TRUE((*workspace)->save(*storage, whole(*storage)));
    }
    fs::remove(temporary / "dir/.progress" / file.info->info_hash().hex() / "content/file");
    temporary.write("dir/file", "of another length");
    auto workspace = open(file);
    EXPECT_EQ((*workspace)->standing(file.info, "file"), Standing::name_taken);
}

TEST_F(WorkspaceTest, KeepsTheTorrentForTheNextRun) {
    const std::string torrent(300'000, 't');
    {
        auto workspace = open(file);
        EXPECT_EQ((*workspace)->torrent().value(), std::nullopt);
        ASSERT_TRUE((*workspace)->keep_torrent(bytes_of(torrent)));
    }
    auto workspace = open(file);
    const auto kept = (*workspace)->torrent();
    ASSERT_TRUE(kept && *kept);
    EXPECT_EQ(text_of(**kept), torrent);
}

TEST_F(WorkspaceTest, PublishesOnlyTheFilesThatWereWanted) {
    auto workspace = open(folder);
    const auto storage = download(**workspace, folder, {false, true, false, false});
    ASSERT_TRUE((*workspace)->publish(*storage, whole(*storage), "folder"));
    EXPECT_EQ(content("dir/folder/b/c"), folder.files[1].bytes);
    EXPECT_FALSE(fs::exists(temporary / "dir/folder/a"));
    EXPECT_FALSE(fs::exists(temporary / "dir/folder/e"));
    EXPECT_TRUE(storage->needs_parts(PieceIndex(3)));
    EXPECT_EQ(verify(*storage, PieceIndex(3)), Verdict::bad);
}

TEST_F(WorkspaceTest, TakesBackWhatItHasPublished) {
    std::vector<bool> wanted(folder.info->layout().files().size(), false);
    wanted[0] = true;
    {
        auto workspace = open(folder);
        ASSERT_TRUE(workspace) << message_of(workspace);
        const auto storage = download(**workspace, folder, wanted);
        ASSERT_TRUE((*workspace)->publish(*storage, whole(*storage), "chosen"));
    }
    auto workspace = open(folder);
    ASSERT_TRUE(workspace) << message_of(workspace);
    // A run that ended in the middle does it once more.
    for (int time = 0; time < 2; ++time) {
        ASSERT_TRUE((*workspace)->take_back(*folder.info, "chosen"));
        EXPECT_FALSE(fs::exists(temporary / "dir/chosen"));
        EXPECT_EQ((*workspace)->standing(folder.info, "chosen").value(), Standing::begun);
    }
    const auto storage = download(**workspace, folder);
    ASSERT_TRUE((*workspace)->publish(*storage, whole(*storage), "chosen"));
    EXPECT_TRUE(fs::exists(temporary / "dir/chosen"));
}

TEST_F(WorkspaceTest, FollowsAChangeOfWhatIsWanted) {
    {
        auto workspace = open(folder);
        const auto storage = download(**workspace, folder, {true, false, false, false});
        ASSERT_TRUE((*workspace)->save(*storage, whole(*storage)));
    }
    auto workspace = open(folder);
    const auto storage = (*workspace)
                             ->open_storage(folder.info, {.writable = true,
                                                          .wanted = {false, true, true, true},
                                                          .handles = nullptr});
    ASSERT_TRUE(storage) << message_of(storage);
    const auto plan = (*workspace)->load(**storage, random);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->believed.count() + plan->sample.size(), 4u) << plan->doubt;
    for (std::uint32_t i = 0; i < 4; ++i) {
        EXPECT_EQ(verify(**storage, PieceIndex(i)), Verdict::good);
    }
}

TEST_F(WorkspaceTest, ListsTheDownloadsOfAFolder) {
    EXPECT_THAT(*Workspace::list(*files, temporary / "dir"), ElementsAre());
    const auto first = open(file);
    temporary.write("dir/.progress/no hash/x", "");
    EXPECT_THAT(*Workspace::list(*files, temporary / "dir"), ElementsAre(file.info->info_hash()));
    ASSERT_TRUE((*first)->discard());
    EXPECT_THAT(*Workspace::list(*files, temporary / "dir"), ElementsAre());
    EXPECT_TRUE(fs::exists(temporary / "dir/.progress/no hash"));
}

TEST_F(WorkspaceTest, NeverFollowsASymlinkPlantedInTheDestination) {
    fs::create_directories(temporary / "outside");
    fs::create_directories(temporary / "dir");
    fs::create_directory_symlink(temporary / "outside", temporary / "dir/.progress");
    EXPECT_EQ(open(file).error().code, ErrorCode::refused);
    EXPECT_TRUE(fs::is_empty(temporary / "outside"));
}

/// Downloads on a disk that fails on demand.
class FailingWorkspaceTest : public ::testing::Test {
  protected:
    FailingWorkspaceTest() {
        workspace = std::move(*Workspace::open(files, "/dir", torrent.info->info_hash()));
        storage = *workspace->open_storage(torrent.info);
        EXPECT_TRUE(write_piece(*storage, torrent, 0));
        progress.pieces.set(0);
    }

    std::shared_ptr<FaultyFileSystem> files = std::make_shared<FaultyFileSystem>();
    Random random{1};
    Torrent torrent = file_torrent(200'000);
    std::unique_ptr<Workspace> workspace;
    std::shared_ptr<Storage> storage;
    Progress progress{.pieces = Bitfield(torrent.piece_count())};
};

TEST_F(FailingWorkspaceTest, SavesDataBeforeTheRecordThatClaimsIt) {
    std::vector<std::string> order;
    files->set_fault([&](Op op, const std::string& path) -> std::optional<Fault> {
        const std::string name = path.substr(path.rfind('/') + 1);
        if (op == Op::sync_file) order.push_back("sync " + name);
        if (op == Op::sync_folder) order.push_back("sync folder " + name);
        if (op == Op::rename) order.push_back("rename " + name);
        return std::nullopt;
    });
    ASSERT_TRUE(workspace->save(*storage, progress));
    const std::string hash = torrent.info->info_hash().hex();
    EXPECT_THAT(order, ElementsAre("sync file", "sync folder content", "sync record.new",
                                   "rename record.new", "sync folder " + hash));
}

TEST_F(FailingWorkspaceTest, MakesTheMoveSafeBeforeItTidiesUp) {
    std::vector<std::string> order;
    files->set_fault([&](Op op, const std::string& path) -> std::optional<Fault> {
        const std::string name = path.substr(path.rfind('/') + 1);
        if (op == Op::sync_folder && name == "dir") order.push_back("sync folder dir");
        if (op == Op::rename && name == "file") order.push_back("move");
        if (op == Op::remove) order.push_back("remove " + name);
        return std::nullopt;
    });
    ASSERT_TRUE(workspace->publish(*storage, progress, "file"));
    const std::string hash = torrent.info->info_hash().hex();
    EXPECT_THAT(order, ElementsAre("move", "sync folder dir", "remove content", "remove record",
                                   "remove lock", "remove " + hash, "remove .progress"));
}

TEST_F(FailingWorkspaceTest, AFullDiskLeavesTheRecordBefore) {
    ASSERT_TRUE(workspace->save(*storage, progress));
    const std::string path = "/dir/.progress/" + torrent.info->info_hash().hex() + "/record";
    const auto before = files->content(path);
    files->set_fault([](Op op, const std::string& name) -> std::optional<Fault> {
        if (op == Op::write && name.ends_with("record.new")) {
            return Fault{ErrorCode::no_space, "the disk is full"};
        }
        return std::nullopt;
    });
    progress.pieces.set(1);
    const auto done = workspace->save(*storage, progress);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::no_space);
    EXPECT_EQ(files->content(path), before);
    EXPECT_FALSE(files->exists(path + ".new"));
    files->set_fault(nullptr);
    EXPECT_TRUE(workspace->save(*storage, progress));
    EXPECT_NE(files->content(path), before);
}

TEST_F(FailingWorkspaceTest, SaysSoWhenItsFolderVanished) {
    files->vanish("/dir");
    const auto done = workspace->save(*storage, progress);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::failed);
    EXPECT_NE(done.error().message.find("vanished"), std::string::npos);
}

}  // namespace
}  // namespace shoal::disk

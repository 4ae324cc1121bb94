#include "disk/storage.h"

#include <gtest/gtest.h>
#include <thread>
#ifdef __linux__
#include <sys/mount.h>
#endif

#include "faulty_file_system.h"
#include "fixture.h"
#include "metainfo/path.h"
#include "temp_folder.h"

namespace shoal::disk {
namespace {

namespace fs = std::filesystem;
using namespace testing;

/// A storage on real files, with the side file beside the content.
class StorageTest : public ::testing::Test {
  protected:
    std::unique_ptr<Storage> open(const Torrent& torrent, std::vector<bool> wanted = {},
                                  std::shared_ptr<HandleCache> handles = nullptr) {
        const auto root = *files->open_folder(temporary / "root", true);
        return std::make_unique<Storage>(
            torrent.info, ContentPlace{root, torrent.info->name(), root},
            StorageOptions{.writable = true, .wanted = std::move(wanted), .handles = handles});
    }
    std::string content(const std::string& path) {
        std::ifstream file(temporary / "root" / path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    disk::testing::TempFolder temporary;
    std::shared_ptr<FileSystem> files = native_file_system();
};

std::string read_piece(const Storage& storage, const Torrent& torrent, std::uint32_t index) {
    std::string bytes(torrent.layout().piece_size(PieceIndex(index)), '?');
    const auto done = storage.read(PieceIndex(index), 0, std::as_writable_bytes(std::span(bytes)));
    return done ? bytes : "error: " + done.error().message;
}

TEST_F(StorageTest, WritesPiecesThatReadAndVerifyInEveryFormat) {
    for (const Format format : {Format::v1, Format::v2, Format::hybrid}) {
        const Torrent torrent = folder_torrent(format);
        fs::remove_all(temporary / "root");
        const auto storage = open(torrent);
        ASSERT_TRUE(storage->prepare());
        write_all(*storage, torrent);
        for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) {
            EXPECT_EQ(verify(*storage, PieceIndex(i)), Verdict::good) << i;
            const auto& layout = torrent.layout();
            EXPECT_EQ(
                read_piece(*storage, torrent, i),
                torrent.row.substr(static_cast<std::size_t>(layout.piece_offset(PieceIndex(i))),
                                   layout.piece_size(PieceIndex(i))));
        }
        for (const TestFile& file : torrent.files) {
            EXPECT_EQ(content("folder/" + metainfo::join_path(file.path)), file.bytes);
        }
        EXPECT_TRUE(fs::exists(temporary / "root/folder/b/d"));
    }
}

TEST_F(StorageTest, GathersBuffersAcrossFiles) {
    const Torrent torrent = folder_torrent();
    const auto storage = open(torrent);
    const Bytes piece = torrent.piece(PieceIndex(3));  // the end of a, b/c, the start of e
    std::vector<Bytes> buffers;
    for (std::size_t at = 0; at < piece.size(); at += 1000) {
        buffers.push_back(piece.subspan(at, std::min<std::size_t>(1000, piece.size() - at)));
    }
    buffers.insert(buffers.begin() + 2, Bytes());
    ASSERT_TRUE(storage->prepare());
    ASSERT_TRUE(storage->write(PieceIndex(3), 0, buffers));
    EXPECT_EQ(verify(*storage, PieceIndex(3)), Verdict::good);
    EXPECT_EQ(content("folder/b/c"), torrent.files[1].bytes);
}

TEST_F(StorageTest, MakesFilesSparseAndOfTheirWholeLength) {
    const Torrent torrent = file_torrent(10 << 20);
    const auto storage = open(torrent);
    ASSERT_TRUE(storage->prepare());
    EXPECT_FALSE(fs::exists(temporary / "root/file"));
    ASSERT_TRUE(write_piece(*storage, torrent, 3));
    const auto status = storage->probe(FileIndex(0));
    ASSERT_TRUE(status);
    EXPECT_EQ(status->size, 10 << 20);
    EXPECT_LT(status->allocated, 1 << 20);
}

TEST_F(StorageTest, KnowsWhichPiecesHaveData) {
    const Torrent torrent = file_torrent(1 << 20, 64 << 10);
    const auto storage = open(torrent);
    ASSERT_TRUE(storage->prepare());
    EXPECT_EQ(storage->has_data(PieceIndex(0)), false);
    EXPECT_TRUE(storage->pieces_with_data()->none());
    ASSERT_TRUE(write_piece(*storage, torrent, 2));
    const Bytes part = torrent.piece(PieceIndex(9)).subspan(16 << 10, 16 << 10);
    ASSERT_TRUE(storage->write(PieceIndex(9), 16 << 10, std::span(&part, 1)));
    for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) {
        const bool expected = i == 2 || i == 9;
        EXPECT_EQ(storage->has_data(PieceIndex(i)), expected) << i;
        EXPECT_EQ((*storage->pieces_with_data())[i], expected) << i;
    }
    EXPECT_EQ(verify(*storage, PieceIndex(2)), Verdict::good);
    EXPECT_EQ(verify(*storage, PieceIndex(9)), Verdict::bad);
}

TEST_F(StorageTest, PutsBytesOfUnwantedFilesAside) {
    const Torrent torrent = folder_torrent();
    const auto storage = open(torrent, {true, false, false, false});
    ASSERT_TRUE(storage->prepare());
    EXPECT_TRUE(storage->is_wanted(PieceIndex(3)));
    EXPECT_TRUE(storage->needs_parts(PieceIndex(3)));
    EXPECT_FALSE(storage->needs_parts(PieceIndex(2)));
    EXPECT_FALSE(storage->is_wanted(PieceIndex(4)));
    for (std::uint32_t i = 0; i < 4; ++i) ASSERT_TRUE(write_piece(*storage, torrent, i));
    EXPECT_EQ(verify(*storage, PieceIndex(3)), Verdict::good);
    EXPECT_EQ(content("folder/a"), torrent.files[0].bytes);
    EXPECT_FALSE(fs::exists(temporary / "root/folder/b"));
    EXPECT_FALSE(fs::exists(temporary / "root/folder/e"));
    EXPECT_TRUE(fs::exists(temporary / "root/parts"));
    EXPECT_EQ(storage->has_data(PieceIndex(3)), true);
}

TEST_F(StorageTest, BringsFilesToWhereTheyBelongWhenOthersAreWanted) {
    const Torrent torrent = folder_torrent();
    const std::vector<bool> before = {true, false, false, false};
    const std::vector<bool> after = {false, true, true, true};
    {
        const auto storage = open(torrent, before);
        ASSERT_TRUE(storage->prepare());
        for (std::uint32_t i = 0; i < 4; ++i) ASSERT_TRUE(write_piece(*storage, torrent, i));
    }
    const auto storage = open(torrent, after);
    ASSERT_TRUE(storage->change_wanted(before));
    ASSERT_TRUE(storage->prepare());
    EXPECT_FALSE(fs::exists(temporary / "root/folder/a"));
    EXPECT_EQ(content("folder/b/c"), torrent.files[1].bytes);
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(verify(*storage, PieceIndex(i)), Verdict::good);
    EXPECT_EQ(verify(*storage, PieceIndex(4)), Verdict::bad);
}

TEST_F(StorageTest, GivesExtentsForSendfile) {
    const Torrent torrent = folder_torrent(Format::hybrid);
    const auto storage = open(torrent);
    ASSERT_TRUE(storage->prepare());
    write_all(*storage, torrent);
    for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) {
        const std::uint32_t size = torrent.layout().piece_size(PieceIndex(i));
        const auto extents = storage->extents({PieceIndex(i), 0, size});
        ASSERT_TRUE(extents);
        std::string sent;
        for (const Extent& extent : *extents) {
            std::string part(static_cast<std::size_t>(extent.length), '\0');
            if (extent.file) {
                ASSERT_EQ(extent.file->read(extent.offset, std::as_writable_bytes(std::span(part))),
                          part.size());
            }
            sent += part;
        }
        EXPECT_EQ(sent, read_piece(*storage, torrent, i));
        EXPECT_TRUE(storage->warm({PieceIndex(i), 0, size}));
        EXPECT_TRUE(Storage::is_warm(*extents));
    }
}

TEST_F(StorageTest, SaysSoWhenAFileWasCutShortOrIsGone) {
    const Torrent torrent = file_torrent(100'000);
    const auto storage = open(torrent);
    ASSERT_TRUE(storage->prepare());
    write_all(*storage, torrent);
    fs::resize_file(temporary / "root/file", 20'000);
    std::string bytes(1000, '?');
    const auto cut = storage->read(PieceIndex(1), 10'000, std::as_writable_bytes(std::span(bytes)));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, ErrorCode::bad_data);
    EXPECT_NE(cut.error().message.find("cut short"), std::string::npos);
    EXPECT_FALSE(storage->warm({PieceIndex(1), 10'000, 1000}));
    EXPECT_EQ(verify(*storage, PieceIndex(0)), Verdict::good);
    EXPECT_EQ(verify(*storage, PieceIndex(1)), Verdict::bad);
    storage->close();
    fs::remove(temporary / "root/file");
    EXPECT_EQ(storage->read(PieceIndex(0), 0, {}).has_value(), true);
    const auto gone = storage->read(PieceIndex(0), 0, std::as_writable_bytes(std::span(bytes)));
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, ErrorCode::not_found);
}

TEST_F(StorageTest, NeverWritesThroughAPlantedSymlink) {
    temporary.write("outside/secret", "untouched");
    const Torrent torrent = folder_torrent();
    fs::create_directories(temporary / "root/folder");
    fs::create_directory_symlink(temporary / "outside", temporary / "root/folder/b");
    const auto folder = open(torrent);
    ASSERT_FALSE(folder->prepare());

    fs::remove(temporary / "root/folder/b");
    const auto file = open(torrent);
    ASSERT_TRUE(file->prepare());
    fs::create_symlink(temporary / "outside/secret", temporary / "root/folder/b/c");
    const auto done = write_piece(*file, torrent, 3);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::refused) << done.error().message;
    std::ifstream secret(temporary / "outside/secret");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(secret), {}), "untouched");
}

TEST_F(StorageTest, StopsWhenItsFolderVanishes) {
    const Torrent torrent = folder_torrent();
    const auto storage = open(torrent);
    ASSERT_TRUE(storage->prepare());
    ASSERT_TRUE(write_piece(*storage, torrent, 0));
    fs::remove_all(temporary / "root");
    const auto made = write_piece(*storage, torrent, 3);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::failed);
    EXPECT_NE(made.error().message.find("vanished"), std::string::npos);
    // The file that is open takes bytes still, but they are nowhere.
    EXPECT_TRUE(write_piece(*storage, torrent, 1));
    const auto synced = storage->sync();
    ASSERT_FALSE(synced);
    EXPECT_NE(synced.error().message.find("vanished"), std::string::npos);
}

TEST_F(StorageTest, DoesNotBringADeletedFileBackEmpty) {
    const Torrent torrent = file_torrent(100'000);
    const auto storage = open(torrent);
    ASSERT_TRUE(storage->prepare());
    ASSERT_TRUE(write_piece(*storage, torrent, 0));
    fs::remove(temporary / "root/file");
    storage->close();
    EXPECT_FALSE(write_piece(*storage, torrent, 1));
    EXPECT_FALSE(fs::exists(temporary / "root/file"));
}

TEST_F(StorageTest, KeepsFewFilesOpenForManyAndFindsThemAgain) {
    std::vector<TestFile> small;
    for (int i = 0; i < 500; ++i) {
        small.push_back({{fmt::format("f{:03}", i % 10), fmt::format("{}", i)},
                         metainfo::testing::content(1000, static_cast<std::uint32_t>(i))});
    }
    const Torrent torrent = make_torrent(small);
    const auto handles = std::make_shared<HandleCache>(16);
    const auto storage = open(torrent, {}, handles);
    ASSERT_TRUE(storage->prepare());
    write_all(*storage, torrent);
    EXPECT_EQ(handles->size(), 16u);
    ASSERT_TRUE(storage->sync());
    for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) {
        EXPECT_EQ(verify(*storage, PieceIndex(i)), Verdict::good) << i;
    }
}

TEST_F(StorageTest, GoesOnAtAnotherPlace) {
    const Torrent torrent = folder_torrent();
    const auto storage = open(torrent);
    ASSERT_TRUE(storage->prepare());
    write_all(*storage, torrent);
    fs::rename(temporary / "root/folder", temporary / "elsewhere");
    storage->relocate({*files->open_folder(temporary.path(), false), "elsewhere", nullptr});
    storage->close();
    EXPECT_EQ(verify(*storage, PieceIndex(0)), Verdict::good);
}

TEST_F(StorageTest, IsUsedBySeveralThreadsAtOnce) {
    const Torrent torrent = file_torrent(4 << 20, 64 << 10);
    const auto storage = open(torrent);
    ASSERT_TRUE(storage->prepare());
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint32_t i = t; i < torrent.piece_count(); i += 4) {
                EXPECT_TRUE(write_piece(*storage, torrent, i));
                EXPECT_EQ(verify(*storage, PieceIndex(i)), Verdict::good);
                if (i % 16 == 0) {
                    EXPECT_TRUE(storage->sync());
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(storage->sync());
    EXPECT_EQ(content("file"), torrent.row);
}

#ifdef __linux__
/// A small disk of its own.
class Mount {
  public:
    explicit Mount(fs::path path) : path_(std::move(path)) {
        fs::create_directory(path_);
        mounted_ = ::mount("none", path_.c_str(), "tmpfs", 0, "size=1m") == 0;
    }
    ~Mount() {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }
    Mount(const Mount&) = delete;
    Mount& operator=(const Mount&) = delete;
    [[nodiscard]] explicit operator bool() const { return mounted_; }

  private:
    fs::path path_;
    bool mounted_ = false;
};

TEST_F(StorageTest, StopsOnAFullDiskKeepsWhatIsGoodAndGoesOn) {
    const Mount mount(temporary / "root");
    if (!mount) GTEST_SKIP() << "only root may mount a small disk";
    const Torrent torrent = file_torrent(700 << 10, 64 << 10);
    const auto storage = open(torrent);
    ASSERT_TRUE(storage->prepare());
    ASSERT_TRUE(write_piece(*storage, torrent, 0));
    temporary.write("root/filler", std::string(800 << 10, 'x'));

    std::uint32_t next = 1;
    auto done = Result<void>();
    for (; done && next < torrent.piece_count(); ++next) {
        done = write_piece(*storage, torrent, next);
    }
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::no_space) << done.error().message;
    for (std::uint32_t i = 0; i + 1 < next; ++i) {
        EXPECT_EQ(verify(*storage, PieceIndex(i)), Verdict::good);
    }
    EXPECT_EQ(open(torrent)->prepare().error().code, ErrorCode::no_space);

    fs::remove(temporary / "root/filler");
    write_all(*storage, torrent);
    EXPECT_TRUE(storage->sync());
    EXPECT_EQ(content("file"), torrent.row);
}
#endif

/// A storage on a disk that fails on demand.
class FailingStorageTest : public ::testing::Test {
  protected:
    FaultyFileSystem files;
    Torrent torrent = file_torrent(200'000);
    std::shared_ptr<Folder> root = *files.open_folder("/root", true);
    Storage storage{torrent.info, {root, "file", root}};
};

TEST_F(FailingStorageTest, ChecksTheSpaceFirst) {
    files.set_capacity(100'000);
    const auto done = storage.prepare();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::no_space);
    EXPECT_NE(done.error().message.find("free some space"), std::string::npos);
}

TEST_F(FailingStorageTest, GoesOnWhenTheFullDiskHasRoomAgain) {
    ASSERT_TRUE(storage.prepare());
    files.set_capacity(40'000);
    ASSERT_TRUE(write_piece(storage, torrent, 0));
    ASSERT_TRUE(write_piece(storage, torrent, 1));
    const auto full = write_piece(storage, torrent, 2);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::no_space);
    files.set_capacity(0);
    EXPECT_TRUE(write_piece(storage, torrent, 2));
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(verify(storage, PieceIndex(i)), Verdict::good);
}

TEST_F(FailingStorageTest, TellsAReadErrorFromMissingData) {
    ASSERT_TRUE(storage.prepare());
    EXPECT_EQ(verify(storage, PieceIndex(0)), Verdict::bad);
    ASSERT_TRUE(write_piece(storage, torrent, 0));
    files.set_fault([](Op op, const std::string&) -> std::optional<Fault> {
        if (op == Op::read) return Fault{ErrorCode::failed, "the device reports an error"};
        return std::nullopt;
    });
    const auto verdict = verify(storage, PieceIndex(0));
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code, ErrorCode::failed);
}

TEST_F(FailingStorageTest, TrustsNothingAfterAFailedSync) {
    ASSERT_TRUE(storage.prepare());
    ASSERT_TRUE(write_piece(storage, torrent, 0));
    files.set_fault([](Op op, const std::string&) -> std::optional<Fault> {
        if (op == Op::sync_file) return Fault{};
        return std::nullopt;
    });
    EXPECT_FALSE(storage.sync());
    files.set_fault(nullptr);
    EXPECT_FALSE(storage.sync());
}

TEST_F(FailingStorageTest, FlushesOnlyWhatWasWrittenSince) {
    ASSERT_TRUE(storage.prepare());
    std::vector<std::string> flushed;
    files.set_fault([&](Op op, const std::string& path) -> std::optional<Fault> {
        if (op == Op::sync_file) flushed.push_back(path);
        return std::nullopt;
    });
    ASSERT_TRUE(storage.sync());
    EXPECT_TRUE(flushed.empty());
    ASSERT_TRUE(write_piece(storage, torrent, 0));
    ASSERT_TRUE(storage.sync());
    ASSERT_TRUE(storage.sync());
    EXPECT_EQ(flushed, std::vector<std::string>{"/root/file"});
    EXPECT_EQ(storage.stamps()[0].size, 200'000);
}

}  // namespace
}  // namespace shoal::disk

#include "disk/check_list.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "faulty_file_system.h"
#include "fixture.h"

namespace shoal::disk {
namespace {

using namespace testing;

class CheckListTest : public ::testing::Test {
  protected:
    struct Watched {
        std::optional<Result<Bitfield>> result;
        std::size_t told = 0;
        std::stop_source stop;
    };

    /// The content of a torrent, stored whole under a name of its own.
    std::shared_ptr<Storage> store(const Torrent& torrent, const std::string& name) {
        auto storage = std::make_shared<Storage>(torrent.info, ContentPlace{root, name, root});
        EXPECT_TRUE(storage->prepare());
        write_all(*storage, torrent);
        return storage;
    }
    void check(const std::shared_ptr<Storage>& storage, Watched& watched) {
        std::vector<PieceIndex> pieces;
        for (std::uint32_t i = 0; i < storage->layout().piece_count(); ++i) pieces.emplace_back(i);
        checks.add(storage, std::move(pieces),
                   {.progress = [&](PieceIndex, Verdict) { ++watched.told; },
                    .stop = watched.stop.get_token()},
                   context.get_executor(), [&](Result<Bitfield> result) {
                       EXPECT_FALSE(watched.result) << "ended twice";
                       watched.result = std::move(result);
                   });
    }
    /// One portion of as many pieces as fit.
    void step() {
        checks.fill(batch);
        if (!batch.empty()) batch.step();
        context.restart();
        context.run();
    }

    boost::asio::io_context context;
    std::shared_ptr<FaultyFileSystem> files = std::make_shared<FaultyFileSystem>();
    std::shared_ptr<Folder> root = *files->open_folder("/root", true);
    CheckList checks;
    PieceBatch batch;
};

TEST_F(CheckListTest, ChecksPiecesOfSeveralTorrentsTogether) {
    std::array<Watched, 3> watched;
    std::vector<Torrent> torrents;
    const std::array formats = {Format::v1, Format::v2, Format::hybrid};
    for (std::size_t i = 0; i < formats.size(); ++i) {
        torrents.push_back(make_torrent({{{"a"}, metainfo::testing::content(70'000)}}, formats[i]));
        ASSERT_EQ(torrents[i].piece_count(), 5u);
        const auto storage = store(torrents[i], std::to_string(i));
        check(storage, watched[i]);
        const std::byte wrong{};
        const Bytes bytes(&wrong, 1);
        const auto bad = static_cast<std::uint32_t>(i);
        ASSERT_TRUE(storage->write(PieceIndex(bad), 100, std::span(&bytes, 1)));
    }
    step();
    for (std::size_t i = 0; i < formats.size(); ++i) {
        ASSERT_TRUE(watched[i].result) << "there is room for all of them at once";
        ASSERT_TRUE(*watched[i].result);
        EXPECT_EQ(watched[i].told, 5u);
        for (std::size_t piece = 0; piece < 5; ++piece) {
            EXPECT_EQ((**watched[i].result)[piece], piece != i);
        }
    }
    EXPECT_TRUE(checks.empty());
}

TEST_F(CheckListTest, AShortCheckDoesNotWaitForALongOne) {
    const Torrent large = file_torrent(100 * (16 << 10));
    const Torrent small = folder_torrent();
    Watched of_large;
    Watched of_small;
    check(store(large, "large"), of_large);
    check(store(small, "small"), of_small);
    step();
    step();
    EXPECT_TRUE(of_small.result);
    EXPECT_FALSE(of_large.result);
    while (!checks.empty() || !batch.empty()) step();
    ASSERT_TRUE(of_large.result);
    EXPECT_TRUE((*of_large.result)->all());
    EXPECT_EQ(of_large.told, 100u);
}

TEST_F(CheckListTest, PiecesOfAMissingFileAreBad) {
    const Torrent torrent = folder_torrent();
    const auto storage = store(torrent, "folder");
    ASSERT_TRUE(root->remove("folder/e"));
    storage->close();
    Watched watched;
    check(storage, watched);
    step();
    ASSERT_TRUE(watched.result && *watched.result);
    EXPECT_EQ((*watched.result)->count(), 3u);
}

TEST_F(CheckListTest, ADiskThatCannotBeReadEndsItsOwnCheckAlone) {
    Watched good;
    Watched broken;
    check(store(file_torrent(1 << 20), "broken"), broken);
    check(store(folder_torrent(), "good"), good);
    files->set_fault([](Op op, const std::string& path) -> std::optional<Fault> {
        if (op != Op::read || !path.ends_with("broken")) return std::nullopt;
        return Fault{ErrorCode::failed, "a broken disk"};
    });
    step();
    step();
    ASSERT_TRUE(broken.result && good.result);
    EXPECT_EQ(message_of(*broken.result), "a broken disk");
    ASSERT_TRUE(*good.result);
    EXPECT_TRUE((*good.result)->all());
    EXPECT_TRUE(checks.empty());
}

TEST_F(CheckListTest, StoppedChecksEndAndOthersGoOn) {
    Watched waiting;
    Watched in_work;
    Watched other;
    check(store(file_torrent(16 << 20, 1 << 20), "in work"), in_work);
    check(store(file_torrent(1 << 20), "waiting"), waiting);
    check(store(folder_torrent(), "other"), other);
    step();
    in_work.stop.request_stop();
    waiting.stop.request_stop();
    step();
    step();
    ASSERT_TRUE(waiting.result && in_work.result && other.result);
    EXPECT_EQ(waiting.result->error().code, ErrorCode::cancelled);
    EXPECT_EQ(in_work.result->error().code, ErrorCode::cancelled);
    EXPECT_TRUE(*other.result);
}

TEST_F(CheckListTest, AbandonedChecksEndOnceNothingOfThemIsInWork) {
    Watched begun;
    Watched waiting;
    check(store(file_torrent(20 << 20, 1 << 20), "begun"), begun);
    check(store(folder_torrent(), "waiting"), waiting);
    step();
    checks.abandon();
    EXPECT_TRUE(checks.empty());
    ASSERT_TRUE(waiting.result);
    EXPECT_EQ(waiting.result->error().code, ErrorCode::cancelled);
    EXPECT_FALSE(begun.result);
    batch.abandon(stopped_error());
    ASSERT_TRUE(begun.result);
    EXPECT_EQ(begun.result->error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace shoal::disk

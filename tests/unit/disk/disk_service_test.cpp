#include "disk/disk_service.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <gtest/gtest.h>
#include <latch>
#include <semaphore>
#include <thread>

#include "base/hash.h"
#include "faulty_file_system.h"
#include "fixture.h"

namespace shoal::disk {
namespace {

using namespace testing;

class DiskServiceTest : public ::testing::Test {
  protected:
    DiskServiceTest() { EXPECT_TRUE(storage->prepare()); }

    /// A piece as it came from peers, in two segments of one buffer.
    PieceJob job(std::uint32_t index) {
        const Bytes bytes = torrent.piece(PieceIndex(index));
        auto buffer = std::make_shared<Buffer>(pool->acquire(bytes.size()));
        std::ranges::copy(bytes, buffer->bytes().begin());
        const auto half = static_cast<std::uint32_t>(bytes.size() / 2 / block_size * block_size);
        const auto rest = static_cast<std::uint32_t>(bytes.size()) - half;
        return {PieceIndex(index), {{0, half, buffer, 0}, {half, rest, buffer, half}}};
    }
    /// Runs what was asked for to its end.
    void run() {
        context.restart();
        context.run();
    }
    /// Has pieces stored, and counts those that are.
    void store(std::uint32_t first, std::uint32_t end, int& written) {
        for (std::uint32_t i = first; i < end; ++i) {
            service.store_piece(storage, job(i), [&](Result<PieceOutcome> outcome) {
                EXPECT_TRUE(outcome);
                ++written;
            });
        }
    }
    std::vector<PieceIndex> all_pieces() const {
        std::vector<PieceIndex> pieces;
        for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) pieces.emplace_back(i);
        return pieces;
    }

    boost::asio::io_context context;
    std::shared_ptr<FaultyFileSystem> files = std::make_shared<FaultyFileSystem>();
    std::shared_ptr<BufferPool> pool = BufferPool::create();
    Torrent torrent = file_torrent(80 * (64 << 10) - 5000, 64 << 10);
    std::shared_ptr<Folder> root = *files->open_folder("/root", true);
    std::shared_ptr<Storage> storage =
        std::make_shared<Storage>(torrent.info, ContentPlace{root, "file", root});
    DiskService service{context.get_executor()};
};

TEST_F(DiskServiceTest, StoresGoodPiecesAndGivesTheirMemoryBack) {
    std::uint32_t good = 0;
    for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) {
        service.store_piece(storage, job(i), [&](Result<PieceOutcome> outcome) {
            EXPECT_TRUE(outcome) << message_of(outcome);
            if (outcome->verdict == Verdict::good) ++good;
            EXPECT_TRUE(outcome->block_hashes.empty());
        });
    }
    EXPECT_EQ(good, 0u) << "handlers run on the executor alone";
    run();
    EXPECT_EQ(good, torrent.piece_count());
    EXPECT_EQ(pool->in_use(), 0u);
    EXPECT_EQ(files->content("/root/file"), torrent.row);
}

TEST_F(DiskServiceTest, WritesNothingOfABadPieceAndTellsItsBlocks) {
    PieceJob bad = job(3);
    auto& bytes = const_cast<Buffer&>(*bad.segments[0].buffer);
    bytes.bytes()[20'000] ^= std::byte{1};
    const ByteVector sent(bytes.bytes().begin(), bytes.bytes().end());
    std::optional<PieceOutcome> outcome;
    service.store_piece(storage, std::move(bad),
                        [&](Result<PieceOutcome> result) { outcome = std::move(*result); });
    run();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->verdict, Verdict::bad);
    ASSERT_EQ(outcome->block_hashes.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(outcome->block_hashes[i], sha1(Bytes(sent).subspan(i * block_size, block_size)));
    }
    EXPECT_EQ(storage->has_data(PieceIndex(3)), false);
}

TEST_F(DiskServiceTest, TellsTheBlocksOfAGoodPieceWhereTheyAreWanted) {
    PieceJob wanted = job(3);
    wanted.want_digests = true;
    std::optional<PieceOutcome> outcome;
    service.store_piece(storage, std::move(wanted),
                        [&](Result<PieceOutcome> result) { outcome = std::move(*result); });
    run();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->verdict, Verdict::good);
    ASSERT_EQ(outcome->block_hashes.size(), 4u);
    EXPECT_EQ(outcome->block_hashes[2],
              sha1(torrent.piece(PieceIndex(3)).subspan(2 * block_size, block_size)));
}

TEST_F(DiskServiceTest, LocatesBlocksAndJoinsThoseThatFollowEachOther) {
    write_all(*storage, torrent);
    std::vector<Extent> extents;
    service.locate(storage,
                   {{PieceIndex(2), 0, block_size},
                    {PieceIndex(2), block_size, block_size},
                    {PieceIndex(0), 0, block_size}},
                   [&](Result<std::vector<Extent>> found) {
                       ASSERT_TRUE(found) << message_of(found);
                       extents = std::move(*found);
                   });
    run();
    ASSERT_EQ(extents.size(), 2u);
    EXPECT_EQ(extents[0].offset, torrent.layout().piece_offset(PieceIndex(2)));
    EXPECT_EQ(extents[0].length, 2 * block_size);
    EXPECT_EQ(extents[1].offset, 0);
}

TEST_F(DiskServiceTest, HashesWhatWasSpilledFromDisk) {
    PieceJob piece = job(5);
    service.spill(storage, PieceIndex(5), {piece.segments[1]},
                  [&](Result<void> done) { EXPECT_TRUE(done) << message_of(done); });
    run();
    piece.segments[1].buffer.reset();
    service.store_piece(storage, std::move(piece), [&](Result<PieceOutcome> outcome) {
        ASSERT_TRUE(outcome) << message_of(outcome);
        EXPECT_EQ(outcome->verdict, Verdict::good);
    });
    run();
    EXPECT_EQ(verify(*storage, PieceIndex(5)), Verdict::good);
}

TEST_F(DiskServiceTest, ReadsIntoTheBufferThatItIsGiven) {
    ASSERT_TRUE(write_piece(*storage, torrent, 2));
    std::string read;
    service.read(storage, {PieceIndex(2), 100, 5000}, pool->acquire(16 << 10),
                 [&](Result<Buffer> buffer) {
                     ASSERT_TRUE(buffer) << message_of(buffer);
                     read = text_of(buffer->bytes().first(5000));
                 });
    run();
    EXPECT_EQ(read, text_of(torrent.piece(PieceIndex(2)).subspan(100, 5000)));
    EXPECT_EQ(pool->in_use(), 0u);
}

TEST_F(DiskServiceTest, TellsErrorsOfTheDisk) {
    files->set_fault([](Op op, const std::string&) -> std::optional<Fault> {
        if (op == Op::write) return Fault{ErrorCode::no_space, "the disk is full"};
        return std::nullopt;
    });
    const auto empty = std::make_shared<Storage>(torrent.info, ContentPlace{root, "nothing", root});
    std::optional<Error> stored;
    std::optional<Error> read;
    service.store_piece(storage, job(0), [&](Result<PieceOutcome> outcome) {
        ASSERT_FALSE(outcome);
        stored = outcome.error();
    });
    service.read(empty, {PieceIndex(9), 0, 100}, pool->acquire(100), [&](Result<Buffer> buffer) {
        ASSERT_FALSE(buffer);
        read = buffer.error();
    });
    run();
    ASSERT_TRUE(stored && read);
    EXPECT_EQ(stored->code, ErrorCode::no_space);
    EXPECT_EQ(read->code, ErrorCode::not_found);
    EXPECT_EQ(pool->in_use(), 0u);
}

TEST_F(DiskServiceTest, ChecksPiecesAndTellsOfEach) {
    for (std::uint32_t i = 0; i < torrent.piece_count(); i += 2) {
        ASSERT_TRUE(write_piece(*storage, torrent, i));
    }
    Bitfield told(torrent.piece_count());
    std::size_t calls = 0;
    std::optional<Bitfield> good;
    service.check(storage, all_pieces(),
                  {.progress =
                       [&](PieceIndex piece, Verdict verdict) {
                           EXPECT_FALSE(good) << "progress after the end";
                           ++calls;
                           if (verdict == Verdict::good) told.set(piece);
                       },
                   .stop = {}},
                  [&](Result<Bitfield> result) { good = std::move(*result); });
    run();
    ASSERT_TRUE(good);
    EXPECT_EQ(calls, torrent.piece_count());
    EXPECT_EQ(*good, told);
    for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) EXPECT_EQ((*good)[i], i % 2 == 0);
}

TEST_F(DiskServiceTest, AnEmptyCheckEndsAtOnce) {
    bool ended = false;
    service.check(storage, {}, {}, [&](Result<Bitfield> good) { ended = good && good->none(); });
    run();
    EXPECT_TRUE(ended);
}

TEST_F(DiskServiceTest, ManyChecksAtOnceAllEnd) {
    write_all(*storage, torrent);
    std::size_t ended = 0;
    for (int i = 0; i < 50; ++i) {
        service.check(storage, all_pieces(), {}, [&](Result<Bitfield> good) {
            ASSERT_TRUE(good);
            EXPECT_TRUE(good->all());
            // One that begins when the threads may just have found nothing more to do.
            service.check(storage, all_pieces(), {}, [&](Result<Bitfield> again) {
                if (again && again->all()) ++ended;
            });
        });
    }
    run();
    EXPECT_EQ(ended, 50u);
}

TEST_F(DiskServiceTest, ACheckCanBeStopped) {
    write_all(*storage, torrent);
    std::stop_source stop;
    std::size_t calls = 0;
    std::optional<Error> error;
    std::atomic<std::size_t> reads = 0;
    files->set_fault([&](Op op, const std::string&) -> std::optional<Fault> {
        // More than the threads take at once, so that some are through: the stop comes before the
        // rest is.
        constexpr std::size_t at_once = DiskService::default_threads * metainfo::PieceLanes::count;
        while (op == Op::read && reads >= at_once && !stop.stop_requested()) {
            std::this_thread::yield();
        }
        if (op == Op::read) ++reads;
        return std::nullopt;
    });
    service.check(storage, all_pieces(),
                  {.progress =
                       [&](PieceIndex, Verdict) {
                           ++calls;
                           stop.request_stop();
                       },
                   .stop = stop.get_token()},
                  [&](Result<Bitfield> result) {
                      ASSERT_FALSE(result);
                      error = result.error();
                  });
    run();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::cancelled);
    EXPECT_LT(calls, torrent.piece_count());
}

TEST_F(DiskServiceTest, ALongCheckDoesNotHoldUpAStore) {
    write_all(*storage, torrent);
    files->set_fault([&](Op op, const std::string&) -> std::optional<Fault> {
        if (op == Op::read) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return std::nullopt;
    });
    std::size_t checked = 0;
    std::size_t checked_at_store = 0;
    service.check(storage, all_pieces(),
                  {.progress = [&](PieceIndex, Verdict) { ++checked; }, .stop = {}},
                  [&](Result<Bitfield>) {});
    service.store_piece(storage, job(0), [&](Result<PieceOutcome>) { checked_at_store = checked; });
    run();
    EXPECT_EQ(checked, torrent.piece_count());
    EXPECT_LT(checked_at_store, torrent.piece_count());
}

TEST_F(DiskServiceTest, AFlushThatHangsLeavesAThreadForTheRest) {
    ASSERT_TRUE(write_piece(*storage, torrent, 0));
    std::binary_semaphore gate(0);
    files->set_fault([&](Op op, const std::string&) -> std::optional<Fault> {
        if (op == Op::sync_file) gate.acquire();
        return std::nullopt;
    });
    const auto sync = [this] { return storage->sync(); };
    int synced = 0;
    for (int i = 0; i < 3; ++i) {
        service.run<void>(sync, [&](Result<void> done) { synced += done ? 1 : 0; });
    }
    service.store_piece(storage, job(1), [&](Result<PieceOutcome> outcome) {
        EXPECT_TRUE(outcome);
        EXPECT_EQ(synced, 0);
        gate.release(2);
    });
    run();
    EXPECT_EQ(synced, 3);
}

TEST_F(DiskServiceTest, WritesThatHangLeaveAThreadForReading) {
    ASSERT_TRUE(write_piece(*storage, torrent, 0));
    std::counting_semaphore<64> gate(0);
    files->set_fault([&](Op op, const std::string&) -> std::optional<Fault> {
        if (op == Op::write || op == Op::sync_file) gate.acquire();
        return std::nullopt;
    });
    int written = 0;
    store(1, 20, written);
    service.run<void>([this] { return storage->sync(); }, [](Result<void>) {});
    bool read = false;
    service.locate(storage, {{PieceIndex(0), 0, block_size}},
                   [&](Result<std::vector<Extent>> extents) {
                       EXPECT_TRUE(extents);
                       EXPECT_EQ(written, 0);
                       read = true;
                       gate.release(64);
                   });
    run();
    EXPECT_TRUE(read);
    EXPECT_EQ(written, 19);
}

TEST_F(DiskServiceTest, PiecesThatWaitForAThreadCostNoTime) {
    std::counting_semaphore<64> gate(0);
    std::latch hanging(2);
    files->set_fault([&](Op op, const std::string&) -> std::optional<Fault> {
        if (op != Op::write) return std::nullopt;
        if (!hanging.try_wait()) hanging.count_down();
        gate.acquire();
        return std::nullopt;
    });
    int written = 0;
    store(0, 40, written);
    // From here on all that may store hang, and the rest of the pieces are due.
    hanging.wait();
    std::this_thread::sleep_for(50ms);
    const std::clock_t begin = std::clock();
    std::this_thread::sleep_for(300ms);
    const auto spent =
        std::chrono::duration<double>(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    EXPECT_LT(spent, 100ms);
    gate.release(64);
    run();
    EXPECT_EQ(written, 40);
}

TEST_F(DiskServiceTest, RecoversByAPlan) {
    for (std::uint32_t i = 0; i < 20; ++i) ASSERT_TRUE(write_piece(*storage, torrent, i));
    ResumePlan plan;
    plan.believed = Bitfield(torrent.piece_count());
    for (std::uint32_t i = 0; i < 10; ++i) plan.believed.set(i);
    plan.sample = {PieceIndex(10), PieceIndex(11)};
    plan.check = {PieceIndex(12), PieceIndex(30)};
    std::optional<Bitfield> have;
    service.recover(storage, plan, {}, [&](Result<Bitfield> good) { have = std::move(*good); });
    run();
    ASSERT_TRUE(have);
    EXPECT_EQ(have->count(), 13u);
    EXPECT_FALSE((*have)[30u]);
}

TEST_F(DiskServiceTest, BelievesNothingWhenTheSampleIsBad) {
    for (std::uint32_t i = 0; i < 20; ++i) ASSERT_TRUE(write_piece(*storage, torrent, i));
    files->damage("/root/file", 3 * (64 << 10) + 5);
    files->damage("/root/file", 10 * (64 << 10) + 5);
    ResumePlan plan;
    plan.believed = Bitfield(torrent.piece_count());
    for (std::uint32_t i = 0; i < 10; ++i) plan.believed.set(i);
    plan.sample = {PieceIndex(10), PieceIndex(11)};
    std::optional<Bitfield> have;
    service.recover(storage, plan, {}, [&](Result<Bitfield> good) { have = std::move(*good); });
    run();
    ASSERT_TRUE(have);
    EXPECT_EQ(have->count(), 10u);
    EXPECT_FALSE((*have)[3u]);
    EXPECT_FALSE((*have)[10u]);
    EXPECT_TRUE((*have)[11u]);
}

TEST_F(DiskServiceTest, IsAwaitable) {
    bool done = false;
    boost::asio::co_spawn(
        context,
        [&]() -> boost::asio::awaitable<void> {
            const auto outcome =
                co_await service.store_piece(storage, job(0), boost::asio::use_awaitable);
            EXPECT_TRUE(outcome);
            const auto warm =
                co_await service.warm(storage, {PieceIndex(0), 0, 100}, boost::asio::use_awaitable);
            EXPECT_TRUE(warm);
            done = true;
        },
        boost::asio::detached);
    run();
    EXPECT_TRUE(done);
}

TEST_F(DiskServiceTest, SavesAWorkspace) {
    std::shared_ptr<Workspace> workspace =
        *Workspace::open(files, "/dir", torrent.info->info_hash());
    const auto content = *workspace->open_storage(torrent.info);
    bool saved = false;
    service.store_piece(content, job(0), [&](Result<PieceOutcome>) {
        Progress progress{.pieces = Bitfield(torrent.piece_count())};
        progress.pieces.set(0);
        service.sync_and_save(workspace, content, std::move(progress),
                              [&](Result<void> done) { saved = done.has_value(); });
    });
    run();
    EXPECT_TRUE(saved);
    EXPECT_TRUE(files->exists("/dir/.progress/" + torrent.info->info_hash().hex() + "/record"));
}

TEST_F(DiskServiceTest, AtItsEndWritesWhatIsDueAndCancelsTheRest) {
    int written = 0;
    int cancelled = 0;
    {
        std::latch begun(1);
        std::binary_semaphore gate(0);
        std::jthread opener;
        DiskService short_lived(context.get_executor(), 1);
        short_lived.run<void>(
            [&]() -> Result<void> {
                begun.count_down();
                gate.acquire();
                return {};
            },
            [](Result<void>) {});
        begun.wait();
        for (std::uint32_t i = 0; i < 5; ++i) {
            short_lived.store_piece(
                storage, job(i), [&](Result<PieceOutcome> outcome) { written += outcome ? 1 : 0; });
        }
        short_lived.check(storage, all_pieces(), {}, [&](Result<Bitfield> good) {
            cancelled += !good && good.error().code == ErrorCode::cancelled ? 1 : 0;
        });
        short_lived.warm(storage, {PieceIndex(0), 0, 1}, [&](Result<void> done) {
            cancelled += !done && done.error().code == ErrorCode::cancelled ? 1 : 0;
        });
        opener = std::jthread([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            gate.release();
        });
        // The scope ends while everything still waits behind the first job.
    }
    run();
    EXPECT_EQ(written, 5);
    EXPECT_EQ(cancelled, 2);
}

}  // namespace
}  // namespace shoal::disk

#include "disk/stored_piece.h"

#include <gtest/gtest.h>
#include <optional>

#include "base/hash.h"
#include "faulty_file_system.h"
#include "fixture.h"

namespace shoal::disk {
namespace {

using namespace testing;

class StoredPieceTest : public ::testing::TestWithParam<Format> {
  protected:
    StoredPieceTest() { EXPECT_TRUE(storage->prepare()); }

    /// A piece whose blocks lie alone and together in buffers, as peers send them.
    PieceJob job(std::uint32_t index) {
        PieceJob job{PieceIndex(index), {}};
        const Bytes bytes = torrent.piece(PieceIndex(index));
        for (std::uint32_t at = 0, blocks = 1; at < bytes.size(); blocks = blocks % 3 + 1) {
            const Bytes part =
                bytes.subspan(at, std::min<std::size_t>(bytes.size() - at, blocks * block_size));
            auto buffer = std::make_shared<Buffer>(pool->acquire(part.size() + 7));
            std::ranges::copy(part, buffer->bytes().subspan(7).begin());
            const auto length = static_cast<std::uint32_t>(part.size());
            job.segments.push_back({at, length, std::move(buffer), 7});
            at += length;
        }
        return job;
    }
    /// Has them hashed and written together.
    std::vector<std::optional<Result<PieceOutcome>>> store(std::vector<PieceJob> jobs) {
        std::vector<std::optional<Result<PieceOutcome>>> outcomes(jobs.size());
        PieceBatch batch;
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            batch.add(std::make_unique<StoredPiece>(storage, std::move(jobs[i]),
                                                    [&outcomes, i](Result<PieceOutcome> outcome) {
                                                        outcomes[i] = std::move(outcome);
                                                    }));
        }
        while (!batch.empty()) batch.step();
        return outcomes;
    }

    std::shared_ptr<FaultyFileSystem> files = std::make_shared<FaultyFileSystem>();
    std::shared_ptr<BufferPool> pool = BufferPool::create();
    Torrent torrent = make_torrent({{{"a"}, metainfo::testing::content(700'000, 1)},
                                    {{"b"}, metainfo::testing::content(90'000, 2)}},
                                   GetParam(), "folder", true, 256 << 10);
    std::shared_ptr<Folder> root = *files->open_folder("/root", true);
    std::shared_ptr<Storage> storage =
        std::make_shared<Storage>(torrent.info, ContentPlace{root, "folder", root});
};

TEST_P(StoredPieceTest, PiecesOfManyBuffersAreHashedTogetherAndWritten) {
    std::vector<PieceJob> jobs;
    for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) jobs.push_back(job(i));
    for (const auto& outcome : store(std::move(jobs))) {
        ASSERT_TRUE(outcome && *outcome);
        EXPECT_EQ((*outcome)->verdict, Verdict::good);
        EXPECT_TRUE((*outcome)->block_hashes.empty());
    }
    for (std::uint32_t i = 0; i < torrent.piece_count(); ++i) {
        EXPECT_EQ(verify(*storage, PieceIndex(i)), Verdict::good);
    }
    EXPECT_EQ(pool->in_use(), 0u);
}

TEST_P(StoredPieceTest, ABadPieceAmongGoodOnesIsNotWrittenAndItsBlocksAreTold) {
    std::vector<PieceJob> jobs{job(0), job(1)};
    const Segment& lie = jobs[1].segments[1];
    const_cast<Buffer&>(*lie.buffer).bytes()[lie.buffer_offset] ^= std::byte{1};
    const auto outcomes = store(std::move(jobs));
    ASSERT_TRUE(outcomes[0] && *outcomes[0] && outcomes[1] && *outcomes[1]);
    EXPECT_EQ((*outcomes[0])->verdict, Verdict::good);
    EXPECT_EQ((*outcomes[1])->verdict, Verdict::bad);
    EXPECT_EQ(verify(*storage, PieceIndex(1)), Verdict::bad);
    const auto& told = (*outcomes[1])->block_hashes;
    const Bytes sent = torrent.piece(PieceIndex(1));
    ASSERT_EQ(told.size(), (sent.size() + block_size - 1) / block_size);
    for (std::size_t i = 0; i < told.size(); ++i) {
        const Bytes rest = sent.subspan(i * block_size);
        const Bytes block = rest.first(std::min<std::size_t>(rest.size(), block_size));
        EXPECT_EQ(told[i] == sha1(block), i != 1) << "block " << i;
    }
}

TEST_P(StoredPieceTest, WhatWasSpilledIsReadBack) {
    PieceJob piece = job(2);
    ASSERT_TRUE(write_segments(*storage, PieceIndex(2), {piece.segments.back()}));
    piece.segments.back().buffer.reset();
    piece.want_digests = true;
    const auto outcomes = store({std::move(piece)});
    ASSERT_TRUE(outcomes[0] && *outcomes[0]);
    EXPECT_EQ((*outcomes[0])->verdict, Verdict::good);
    EXPECT_EQ((*outcomes[0])->block_hashes[0],
              sha1(torrent.piece(PieceIndex(2)).first(block_size)));
    EXPECT_EQ(verify(*storage, PieceIndex(2)), Verdict::good);
}

TEST_P(StoredPieceTest, AnErrorOfTheDiskIsToldAndTheBuffersAreGivenBack) {
    files->set_fault([](Op op, const std::string&) -> std::optional<Fault> {
        if (op == Op::write) return Fault{ErrorCode::no_space, "the disk is full"};
        return std::nullopt;
    });
    const auto outcomes = store({job(0)});
    ASSERT_TRUE(outcomes[0]);
    EXPECT_EQ(message_of(*outcomes[0]).find("the disk is full") != std::string::npos, true);
    EXPECT_EQ(pool->in_use(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Formats, StoredPieceTest,
                         ::testing::Values(Format::v1, Format::v2, Format::hybrid),
                         [](const auto& named) {
                             return std::string(metainfo::format_name(named.param));
                         });

}  // namespace
}  // namespace shoal::disk

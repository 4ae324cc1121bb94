#include "engine/piece_memory.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace shoal::engine {
namespace {

constexpr std::uint32_t mebibyte = 1 << 20;

/// Two pieces of 2.5 MiB each, the second one block and 100 bytes short of it.
metainfo::Layout make_layout() {
    constexpr std::uint32_t piece_length = 2 * mebibyte + mebibyte / 2;
    metainfo::File file;
    file.path = {"file"};
    file.length = 2 * ByteCount{piece_length} - block_size - 100;
    return metainfo::Layout({file}, piece_length);
}

class PieceMemoryTest : public ::testing::Test {
  protected:
    BlockRange block(std::uint32_t piece, std::uint32_t number) {
        const std::uint32_t size = layout_.piece_data_size(PieceIndex(piece));
        const std::uint32_t offset = number * block_size;
        return {PieceIndex(piece), offset, std::min(block_size, size - offset)};
    }
    void receive(const BlockRange& range) {
        const MutableBytes place = memory_.place(range);
        ASSERT_EQ(place.size(), range.length);
        std::ranges::fill(place, mark(range));
        memory_.received(range);
    }
    static std::byte mark(const BlockRange& range) {
        return static_cast<std::byte>(range.offset / block_size + 7);
    }
    /// Segments are in order, without gaps, and hold what was received.
    void expect_whole(const disk::PieceJob& job, std::uint32_t piece) {
        std::uint32_t at = 0;
        for (const auto& segment : job.segments) {
            EXPECT_EQ(segment.offset, at);
            at += segment.length;
            if (!segment.buffer) continue;
            const Bytes data = segment.data();
            for (std::uint32_t i = 0; i < data.size(); i += block_size) {
                EXPECT_EQ(data[i], mark(block(piece, (segment.offset + i) / block_size)));
            }
        }
        EXPECT_EQ(at, layout_.piece_data_size(PieceIndex(piece)));
    }

    metainfo::Layout layout_ = make_layout();
    std::shared_ptr<disk::BufferPool> pool_ = disk::BufferPool::create(8 * mebibyte);
    PieceMemory memory_{layout_, pool_};
};

TEST_F(PieceMemoryTest, BlocksOfAWholePieceLieInLargeSegmentsWhateverTheirOrder) {
    for (std::uint32_t i = layout_.block_count(PieceIndex(1)); i-- > 0;) receive(block(1, i));
    const disk::PieceJob job = memory_.take(PieceIndex(1));
    EXPECT_EQ(job.piece, PieceIndex(1));
    EXPECT_EQ(job.segments.size(), 3u);
    expect_whole(job, 1);
}

TEST_F(PieceMemoryTest, MemoryIsFreeOnceTheJobIsGone) {
    for (std::uint32_t i = 0; i < layout_.block_count(PieceIndex(0)); ++i) receive(block(0, i));
    EXPECT_GT(pool_->in_use(), 0u);
    {
        const disk::PieceJob job = memory_.take(PieceIndex(0));
        EXPECT_GT(pool_->in_use(), 0u);
    }
    EXPECT_EQ(pool_->in_use(), 0u);
}

TEST_F(PieceMemoryTest, MemoryIsTakenOnlyWhereBlocksArrive) {
    receive(block(0, 0));
    EXPECT_EQ(pool_->in_use(), mebibyte);
    receive(block(0, 1));
    EXPECT_EQ(pool_->in_use(), mebibyte);
    receive(block(0, 64));
    EXPECT_EQ(pool_->in_use(), 2 * mebibyte);
}

TEST_F(PieceMemoryTest, AnEmptyPlaceSaysThatMemoryIsUsedUp) {
    std::vector<disk::Buffer> others;
    for (int i = 0; i < 8; ++i) others.push_back(pool_->acquire(mebibyte));
    EXPECT_TRUE(memory_.place(block(0, 0)).empty());
    others.pop_back();
    EXPECT_EQ(memory_.place(block(0, 0)).size(), block_size);
}

TEST_F(PieceMemoryTest, AParkedPieceGivesUpItsMemoryAndGoesOnLater) {
    receive(block(0, 1));
    receive(block(0, 2));
    receive(block(0, 70));
    static_cast<void>(memory_.place(block(0, 4)));  // begun, never ended
    {
        const auto spilled = memory_.park(PieceIndex(0));
        ASSERT_EQ(spilled.size(), 2u);
        EXPECT_EQ(spilled[0].offset, block_size);
        EXPECT_EQ(spilled[0].length, 2 * block_size);
        EXPECT_EQ(spilled[0].data()[block_size], mark(block(0, 2)));
        EXPECT_EQ(spilled[1].offset, 70 * block_size);
    }
    EXPECT_EQ(pool_->in_use(), 0u);
    for (std::uint32_t i = 0; i < layout_.block_count(PieceIndex(0)); ++i) {
        if (i != 1 && i != 2 && i != 70) receive(block(0, i));
    }
    const disk::PieceJob job = memory_.take(PieceIndex(0));
    expect_whole(job, 0);
    const auto on_disk = std::ranges::count_if(
        job.segments, [](const disk::Segment& segment) { return segment.buffer == nullptr; });
    EXPECT_EQ(on_disk, 2);
}

}  // namespace
}  // namespace shoal::engine

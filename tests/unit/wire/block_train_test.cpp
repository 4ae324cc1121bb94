#include "wire/block_train.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "wire/encoder.h"

namespace shoal::wire {
namespace {

class BlockTrainTest : public ::testing::Test {
  protected:
    /// Three blocks of different lengths, and the stream of what was expected.
    BlockTrainTest() {
        for (std::size_t i = 0; i < places.size(); ++i) {
            places[i].resize(100 * (i + 1));
            const auto length = static_cast<std::uint32_t>(places[i].size());
            expected.push_back(
                {{PieceIndex(4), 1000 * static_cast<std::uint32_t>(i), length}, places[i]});
            append(encode_piece_header(expected[i].range));
            append(ByteVector(length, static_cast<std::byte>('a' + i)));
        }
        train.expect(expected);
    }

    void append(Bytes bytes) { stream.insert(stream.end(), bytes.begin(), bytes.end()); }
    /// As if so much of the stream had been read; what the train took.
    std::size_t read(std::size_t bytes) {
        std::size_t done = 0;
        for (const MutableBytes buffer : train.buffers()) {
            const std::size_t part = std::min(buffer.size(), bytes - done);
            std::ranges::copy(Bytes(stream).subspan(done, part), buffer.begin());
            done += part;
        }
        return train.commit(bytes);
    }
    ByteVector rest() {
        ByteVector bytes(train.size());
        train.take_rest(bytes);
        return bytes;
    }

    std::array<ByteVector, 3> places;
    std::vector<ExpectedBlock> expected;
    ByteVector stream;
    BlockTrain train;
};

TEST_F(BlockTrainTest, TheBlocksThatWereExpectedLieInTheirPlaces) {
    EXPECT_EQ(read(stream.size() + 7), stream.size()) << "what is more is somebody else's";
    for (const ExpectedBlock& block : expected) {
        const auto arrival = train.next();
        ASSERT_TRUE(arrival);
        EXPECT_EQ(arrival->range, block.range);
        EXPECT_EQ(arrival->data.data(), block.destination.data());
        EXPECT_EQ(arrival->data.size(), block.range.length);
    }
    EXPECT_EQ(train.size(), 0u);
    EXPECT_FALSE(train.next());
    EXPECT_EQ(places[1], ByteVector(200, std::byte{'b'}));
}

TEST_F(BlockTrainTest, TheLastBlockMayBeThereInPart) {
    read(13 + 100 + 13 + 50);
    EXPECT_EQ(train.next()->data.size(), 100u);
    EXPECT_EQ(train.next()->data.size(), 50u);
    EXPECT_FALSE(train.next());
}

TEST_F(BlockTrainTest, PartOfAHeaderIsGivenBack) {
    read(13 + 100 + 12);
    ASSERT_TRUE(train.next());
    EXPECT_FALSE(train.next());
    EXPECT_EQ(rest(), ByteVector(stream.begin() + 113, stream.begin() + 125));
    EXPECT_EQ(train.size(), 0u);
}

TEST_F(BlockTrainTest, WhatWasNotExpectedIsGivenBackAsItStoodInTheStream) {
    stream[113 + 12] ^= std::byte{1};  // the second block's offset
    read(stream.size() - 3);
    ASSERT_TRUE(train.next());
    EXPECT_FALSE(train.next());
    EXPECT_FALSE(train.next());
    EXPECT_EQ(rest(), ByteVector(stream.begin() + 113, stream.end() - 3));
}

TEST_F(BlockTrainTest, IsNoLongerThanItMayBe) {
    const std::vector<ExpectedBlock> many(100, expected[0]);
    train.expect(many);
    EXPECT_EQ(train.buffers().size(), BlockTrain::most_buffers);
}

}  // namespace
}  // namespace shoal::wire

#include "swarm/begun_piece.h"

#include <gtest/gtest.h>

namespace shoal::swarm {
namespace {

TEST(BegunPiece, CutsAPieceIntoBlocksWithAShortLastOne) {
    const BegunPiece piece(PieceIndex(7), 2 * block_size + 100);
    EXPECT_EQ(piece.block_count(), 3u);
    EXPECT_EQ(piece.range(2), (BlockRange{PieceIndex(7), 2 * block_size, 100}));
    EXPECT_EQ(piece.block_of({PieceIndex(7), block_size, block_size}), 1u);
    EXPECT_FALSE(piece.block_of({PieceIndex(7), 1, block_size}));
    EXPECT_FALSE(piece.block_of({PieceIndex(7), 2 * block_size, block_size}));
    EXPECT_FALSE(piece.block_of({PieceIndex(7), 3 * block_size, 1}));
}

TEST(BegunPiece, ReopensABlockWhenItsLastRequesterGoes) {
    BegunPiece piece(PieceIndex(0), 3 * block_size);
    piece.request(0);
    piece.request(0);
    EXPECT_EQ(piece.first_open(), 1u);
    piece.release(0);
    EXPECT_EQ(piece.state(0), BlockState::requested);
    piece.release(0);
    EXPECT_EQ(piece.state(0), BlockState::open);
    EXPECT_EQ(piece.first_open(), 0u);
    EXPECT_TRUE(piece.idle());
}

TEST(BegunPiece, IsCompleteWhenEveryBlockHasArrived) {
    BegunPiece piece(PieceIndex(0), 2 * block_size);
    piece.request(0);
    piece.request(1);
    piece.start(0, PeerKey(5));
    piece.finish(0);
    EXPECT_FALSE(piece.complete());
    piece.start(1, PeerKey(6));
    piece.abort(1);
    EXPECT_EQ(piece.state(1), BlockState::requested);
    piece.start(1, PeerKey(6));
    piece.finish(1);
    EXPECT_TRUE(piece.complete());
    EXPECT_EQ(piece.sender(0), PeerKey(5));
    EXPECT_EQ(piece.open_count(), 0u);
}

}  // namespace
}  // namespace shoal::swarm

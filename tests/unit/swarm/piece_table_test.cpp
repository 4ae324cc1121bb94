#include "swarm/piece_table.h"

#include <gtest/gtest.h>
#include <map>

namespace shoal::swarm {
namespace {

PieceIndex piece(std::size_t i) {
    return PieceIndex(static_cast<std::uint32_t>(i));
}

Bitfield holding(std::size_t size, std::initializer_list<std::size_t> bits) {
    Bitfield pieces(size);
    for (const auto bit : bits) pieces.set(bit);
    return pieces;
}

TEST(PieceTable, StartsWithWhatIsHadAndWanted) {
    Random random(1);
    const PieceTable table(holding(4, {0}), holding(4, {0, 1, 2}), random);
    EXPECT_EQ(table.state(piece(0)), PieceState::on_disk);
    EXPECT_EQ(table.state(piece(1)), PieceState::missing);
    EXPECT_EQ(table.state(piece(3)), PieceState::not_wanted);
    EXPECT_EQ(table.unfinished(), 2u);
    EXPECT_TRUE(table.consistent());
}

TEST(PieceTable, PicksTheRarestThatThePeerHolds) {
    Random random(1);
    PieceTable table(Bitfield(4), Bitfield(4, true), random);
    table.add_holder(holding(4, {0, 1, 2}));
    table.add_holder(holding(4, {0, 1}));
    table.add_holder(holding(4, {0}));
    const auto any = [](PieceIndex) { return true; };
    EXPECT_EQ(table.rarest(false, any), piece(2));
    EXPECT_EQ(table.rarest(false, [](PieceIndex p) { return p != piece(2); }), piece(1));
    // Piece 3 is held by nobody but seeds, and so is the rarest for a seed.
    table.add_seed();
    EXPECT_EQ(table.rarest(true, any), piece(3));
}

TEST(PieceTable, BreaksTiesAtRandom) {
    std::map<std::uint32_t, int> first;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        Random random(seed);
        PieceTable table(Bitfield(4), Bitfield(4, true), random);
        table.add_holder(Bitfield(4, true));
        ++first[table.rarest(false, [](PieceIndex) { return true; })->value()];
    }
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_NEAR(first[i], 100, 45) << i;
}

TEST(PieceTable, NamesWhatNobodyHolds) {
    Random random(1);
    PieceTable table(Bitfield(3), Bitfield(3, true), random);
    table.add_holder(holding(3, {1}));
    EXPECT_EQ(table.unavailable(10).size(), 2u);
    EXPECT_EQ(table.unavailable(1).size(), 1u);
    table.add_seed();
    EXPECT_TRUE(table.unavailable(10).empty());
}

TEST(PieceTable, StaysInOrderThroughAnythingThatHappens) {
    Random random(42);
    constexpr std::size_t size = 60;
    PieceTable table(Bitfield(size), Bitfield(size, true), random);
    std::vector<Bitfield> peers;
    for (int step = 0; step < 3000; ++step) {
        const PieceIndex chosen = piece(random.below(size));
        switch (random.below(6)) {
            case 0: {
                Bitfield pieces(size);
                for (std::size_t i = 0; i < size; ++i) {
                    if (random.below(2) == 0) pieces.set(i);
                }
                table.add_holder(pieces);
                peers.push_back(pieces);
                break;
            }
            case 1:
                if (peers.empty()) break;
                table.remove_holder(peers.back());
                peers.pop_back();
                break;
            case 2:
                if (peers.empty() || !peers.back().set(chosen)) break;
                table.add_holder(chosen);
                break;
            case 3:
                if (table.state(chosen) == PieceState::missing) table.begin(chosen);
                break;
            case 4:
                if (table.state(chosen) == PieceState::in_flight) table.verify(chosen);
                break;
            default:
                if (table.state(chosen) != PieceState::verifying) break;
                if (random.below(4) == 0) {
                    table.store(chosen);
                } else {
                    table.reject(chosen);
                }
        }
        ASSERT_TRUE(table.consistent()) << step;
    }
}

}  // namespace
}  // namespace shoal::swarm

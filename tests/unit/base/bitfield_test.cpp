#include "base/bitfield.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Bitfield, PutsTheFirstBitHighestInTheFirstByte) {
    Bitfield bits(10);
    bits.set(0);
    bits.set(9);
    EXPECT_EQ(bits.to_bytes(), (ByteVector{std::byte{0x80}, std::byte{0x40}}));
}

TEST(Bitfield, CountsWhatIsSet) {
    Bitfield bits(130);
    EXPECT_TRUE(bits.set(0));
    EXPECT_TRUE(bits.set(129));
    EXPECT_FALSE(bits.set(129));
    EXPECT_EQ(bits.count(), 2u);
    EXPECT_TRUE(bits.clear(0));
    EXPECT_FALSE(bits.clear(0));
    EXPECT_EQ(bits.count(), 1u);
}

TEST(Bitfield, FilledLeavesSpareBitsZero) {
    for (const std::size_t size : {1u, 7u, 8u, 63u, 64u, 65u, 128u}) {
        const Bitfield bits(size, true);
        EXPECT_TRUE(bits.all());
        Bitfield copy(size);
        EXPECT_TRUE(copy.assign(bits.to_bytes())) << size;
        EXPECT_EQ(copy, bits);
    }
}

TEST(Bitfield, RefusesAPayloadOfAnotherLengthOrWithSpareBits) {
    Bitfield bits(10);
    EXPECT_FALSE(bits.assign(ByteVector{std::byte{0xff}}));
    EXPECT_FALSE(bits.assign(ByteVector{std::byte{0xff}, std::byte{0xff}}));
    EXPECT_TRUE(bits.none());
    EXPECT_TRUE(bits.assign(ByteVector{std::byte{0xff}, std::byte{0xc0}}));
    EXPECT_TRUE(bits.all());
}

TEST(Bitfield, VisitsSetBitsInOrder) {
    Bitfield bits(200);
    const std::vector<std::size_t> wanted = {0, 63, 64, 127, 128, 199};
    for (const auto bit : wanted) bits.set(bit);
    std::vector<std::size_t> seen;
    bits.for_each_set([&](std::size_t bit) { seen.push_back(bit); });
    EXPECT_EQ(seen, wanted);
}

}  // namespace
}  // namespace shoal

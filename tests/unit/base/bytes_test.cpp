#include "base/bytes.h"

#include <array>
#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Bytes, BigEndianNumbersComeBack) {
    std::array<std::byte, 8> buffer{};
    store_big_endian<std::uint32_t>(0x01020304, buffer);
    EXPECT_EQ(buffer[0], std::byte{1});
    EXPECT_EQ(buffer[3], std::byte{4});
    EXPECT_EQ(load_big_endian<std::uint32_t>(buffer), 0x01020304u);
    store_big_endian<std::uint64_t>(0xfedcba9876543210, buffer);
    EXPECT_EQ(load_big_endian<std::uint64_t>(buffer), 0xfedcba9876543210u);
    store_big_endian<std::uint8_t>(0x7f, buffer);
    EXPECT_EQ(load_big_endian<std::uint8_t>(buffer), 0x7f);
}

}  // namespace
}  // namespace shoal

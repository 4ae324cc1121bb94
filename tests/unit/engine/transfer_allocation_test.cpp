// That a block costs next to no allocation, and none of our own copies, on its way from a seed's
// file to a downloader's. A program of its own, because it counts all of them.
#include "../allocation_counter.h"
#include "../copy_counter.h"
#include "fixture.h"

namespace shoal::engine {
namespace {

constexpr std::size_t size = 64 << 20;
constexpr std::size_t blocks = size / block_size;

using TransferAllocation = testing::EngineTest;

TEST_F(TransferAllocation, BlocksCostNextToNone) {
    const std::string bytes = metainfo::testing::content(size);
    folder_.write("seed/file", bytes);
    auto info =
        metainfo::testing::make(metainfo::Format::v1, {{{"file"}, bytes}}, 1 << 20, "file", false);
    ASSERT_TRUE(info);
    metainfo::Metainfo torrent;
    torrent.info = std::make_shared<const metainfo::Info>(std::move(*info));
    ASSERT_EQ(seed(*seeder_, {.torrent = torrent, .path = folder_ / "seed"}), "");

    const std::size_t before = shoal::testing::allocations;
    const std::size_t copied_before = shoal::testing::copied_bytes;
    ASSERT_EQ(fetch(*fetcher_, {.source = torrent,
                                .directory = folder_ / "fetched",
                                .peers = {address_of(*seeder_)}}),
              "");
    const std::size_t after = shoal::testing::allocations;
    const std::size_t copied = shoal::testing::copied_bytes - copied_before;
    EXPECT_EQ(bytes_, ByteCount{size});
    RecordProperty("allocations_per_block",
                   std::to_string(static_cast<double>(after - before) / blocks));
    // Of both sides, their start and end among them; more wake-ups on a busy machine cost some,
    // too.
    EXPECT_LT(after - before, blocks * 3 / 2);
    RecordProperty("copied_bytes", std::to_string(copied));
    // Blocks that come otherwise than expected, and what is known of the torrent.
    EXPECT_LT(copied, size / 20);
}

}  // namespace
}  // namespace shoal::engine

#include "disk/store_queue.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace shoal::disk {
namespace {

using namespace testing;

/// A piece of which only the order counts.
class IdlePiece final : public PieceTask {
  public:
    IdlePiece(const Torrent& torrent, std::uint32_t piece, std::vector<std::uint32_t>& ended)
        : PieceTask(torrent.layout(), Format::v1, PieceIndex(piece)), ended_(ended) {}

    void read_ahead(const BlockRange& /*range*/) override {}
    Result<Bytes> read(std::uint32_t /*offset*/, MutableBytes /*scratch*/) override {
        return fail(ErrorCode::cancelled, "nothing to read");
    }
    void end(const Result<metainfo::PieceDigests>& /*result*/) override {
        ended_.push_back(piece().value());
    }

  private:
    std::vector<std::uint32_t>& ended_;
};

class StoreQueueTest : public ::testing::Test {
  protected:
    /// Pieces of the torrent, in their order, one so long after the other.
    void add(const Torrent& torrent, std::uint32_t count, Duration apart = Duration::zero()) {
        for (std::uint32_t i = 0; i < count; ++i) {
            now += apart;
            queue.add(std::make_unique<IdlePiece>(torrent, next++, ended), now);
        }
    }
    /// The pieces that are taken together.
    std::vector<std::uint32_t> take() {
        PieceBatch batch;
        queue.take(batch);
        ended.clear();
        while (!batch.empty()) batch.step();
        return ended;
    }

    Torrent small = file_torrent(40 * (16 << 10), 16 << 10);
    Torrent large = file_torrent(12 << 20, 4 << 20);
    std::vector<std::uint32_t> ended;
    StoreQueue queue;
    std::uint32_t next = 0;
    TimePoint now = TimePoint{} + 1h;
};

TEST_F(StoreQueueTest, OnASlowLineEachPieceIsDueAtOnce) {
    for (std::uint32_t i = 0; i < 3; ++i) {
        add(large, 1, 20ms);
        EXPECT_LE(queue.due(), now);
        EXPECT_EQ(take(), std::vector{i});
        EXPECT_TRUE(queue.empty());
    }
}

TEST_F(StoreQueueTest, OnAFastLineAPieceWaitsForTheNextButNotForLong) {
    add(small, 1);
    EXPECT_LE(queue.due(), now);
    add(small, 1, 20us);
    EXPECT_GT(queue.due(), now);
    EXPECT_LE(queue.due(), now + 1ms);
    EXPECT_EQ(take(), (std::vector{0u, 1u}));
}

TEST_F(StoreQueueTest, NoPieceWaitsLongerThanAllowedHoweverCloselyOthersFollow) {
    Torrent middle = file_torrent(32 << 20, 1 << 20);
    add(middle, 1);
    const TimePoint first = now;
    add(middle, 12, 1900us);
    EXPECT_EQ(queue.due(), first + 15ms);
}

TEST_F(StoreQueueTest, AsManyAsAreHashedTogetherAreDueAtOnce) {
    add(small, 20);
    EXPECT_LE(queue.due(), now);
    EXPECT_EQ(take().size(), metainfo::PieceLanes::count);
    EXPECT_EQ(take(), (std::vector{16u, 17u, 18u, 19u}));
}

TEST_F(StoreQueueTest, BytesThatAreTakenTogetherAreBounded) {
    Torrent huge = file_torrent(80 << 20, 16 << 20);
    add(huge, 2);
    EXPECT_LE(queue.due(), now);
    EXPECT_EQ(take(), std::vector{0u});
    EXPECT_EQ(take(), std::vector{1u});
}

}  // namespace
}  // namespace shoal::disk

// How fast a torrent fetches over a long fast line, in virtual time.
#include <deque>
#include <gtest/gtest.h>

#include "swarm/torrent.h"

namespace shoal::swarm {
namespace {

constexpr std::uint32_t piece_count = 2000;
constexpr std::uint32_t piece_length = 4 << 20;
constexpr double line_rate = 1.25e9;  // bytes a second
constexpr Duration round_trip = 100ms;
constexpr Duration hashing_time = 2ms;

metainfo::Layout layout() {
    metainfo::File file;
    file.path = {"file"};
    file.length = ByteCount{piece_count} * piece_length;
    return {{file}, piece_length};
}

/// A download from one seed that answers in order, over a line of 10 Gbit/s.
class LongLine {
  public:
    explicit LongLine(ByteCount memory)
        : budget_{.limit = memory},
          torrent_(layout_, Bitfield(piece_count), Bitfield(piece_count, true), {}, budget_, 1) {
        torrent_.add_peer(seed, {.fast = true}, now_);
        torrent_.set_request_limit(seed, 8192);
        EXPECT_TRUE(torrent_.receive(seed, wire::HaveAll{}, now_));
        EXPECT_TRUE(torrent_.receive(seed, wire::Unchoke{}, now_));
        settle();
    }

    /// Bytes a second received in the time to come.
    double rate_over(Duration time) {
        const TimePoint begin = now_;
        ByteCount bytes = 0;
        while (now_ < begin + time && step()) bytes += block_size;
        return static_cast<double>(bytes) / seconds(now_ - begin);
    }

  private:
    struct Answer {
        BlockRange range;
        TimePoint arrives;
    };

    /// The next block or the next piece's hash, whichever is first; false when nothing comes.
    bool step() {
        while (!hashing_.empty() &&
               (answers_.empty() || hashing_.front().second <= answers_.front().arrives)) {
            now_ = hashing_.front().second;
            torrent_.piece_good(hashing_.front().first, {}, now_);
            hashing_.pop_front();
            settle();
        }
        if (answers_.empty()) return false;
        const auto [range, arrives] = answers_.front();
        answers_.pop_front();
        now_ = arrives;
        EXPECT_TRUE(torrent_.begin_block(seed, range, now_));
        torrent_.end_block(seed, range, now_);
        settle();
        if (now_ >= next_tick_) {
            torrent_.tick(now_);
            next_tick_ = now_ + 100ms;
            settle();
        }
        return true;
    }

    void settle() {
        const Outcome outcome = torrent_.take_outcome();
        for (const PieceIndex piece : outcome.to_store) {
            hashing_.emplace_back(piece, now_ + hashing_time);
        }
        ByteVector& outbox = torrent_.outbox(seed);
        constexpr std::size_t length_size = 4;
        for (Bytes rest = outbox; !rest.empty();) {
            const auto length = load_big_endian<std::uint32_t>(rest);
            const Bytes message = rest.subspan(length_size, length);
            rest = rest.subspan(length_size + length);
            if (message.empty() || message[0] != std::byte{6}) continue;
            const auto number = [&](std::size_t at) {
                return load_big_endian<std::uint32_t>(message.subspan(at));
            };
            line_free_ = std::max(line_free_, now_ + round_trip) + block_time;
            answers_.push_back({{PieceIndex(number(1)), number(5), number(9)}, line_free_});
        }
        outbox.clear();
    }

    static constexpr PeerKey seed{1};
    const Duration block_time =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(block_size / line_rate));

    metainfo::Layout layout_ = layout();
    PieceBudget budget_;
    TimePoint now_{1s};
    TimePoint next_tick_{1s};
    TimePoint line_free_{};
    Torrent torrent_;
    std::deque<Answer> answers_;
    std::deque<std::pair<PieceIndex, TimePoint>> hashing_;
};

TEST(Downloads, FillALongFastLineGivenTheMemory) {
    LongLine line(256 << 20);
    line.rate_over(3s);
    EXPECT_GE(line.rate_over(3s), 0.9 * line_rate);
}

TEST(Downloads, ComeNearMemoryOverRoundTripWhereMemoryIsTheLimit) {
    for (const ByteCount memory : {32 << 20, 64 << 20}) {
        LongLine line(memory);
        line.rate_over(3s);
        const double most = static_cast<double>(memory) / seconds(round_trip);
        EXPECT_GE(line.rate_over(3s), 0.9 * most) << memory;
    }
}

}  // namespace
}  // namespace shoal::swarm

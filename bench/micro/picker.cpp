// Choosing what to ask of whom: a torrent of 100,000 pieces and 500 peers, of which each holds a
// random half, or all. An item is a request; its time holds all that a block costs the brain.
#include <benchmark/benchmark.h>
#include <deque>
#include <memory>

#include "swarm/torrent.h"

namespace {

using namespace shoal;
using namespace shoal::swarm;

constexpr std::uint32_t piece_count = 100'000;
constexpr std::uint32_t request_limit = 2000;
constexpr std::uint32_t piece_length = 16 * block_size;

metainfo::Layout layout() {
    metainfo::File file;
    file.path = {"file"};
    file.length = ByteCount{piece_count} * piece_length;
    return {{file}, piece_length};
}

/// A download whose peers answer in the order of the requests.
class Swarm {
  public:
    Swarm(bool seeds, std::uint32_t peers)
        : torrent_(layout_, Bitfield(piece_count), Bitfield(piece_count, true), {}, budget_, 1) {
        for (std::uint32_t i = 0; i < peers; ++i) {
            const PeerKey key(i);
            torrent_.add_peer(key, {.fast = true}, now_);
            torrent_.set_request_limit(key, request_limit);
            say(key, seeds ? wire::Message(wire::HaveAll{}) : random_bitfield());
            say(key, wire::Unchoke{});
        }
        collect();
    }

    [[nodiscard]] bool through() const { return requests_.empty(); }
    [[nodiscard]] std::int64_t asked() const { return asked_; }

    /// The oldest request is answered.
    void answer() {
        const auto [peer, range] = requests_.front();
        requests_.pop_front();
        now_ += std::chrono::microseconds(100);
        if (torrent_.begin_block(peer, range, now_)) torrent_.end_block(peer, range, now_);
        collect();
    }

  private:
    wire::Message random_bitfield() {
        bits_.resize(piece_count / 8);
        for (std::byte& byte : bits_) byte = static_cast<std::byte>(random_() & 0xff);
        return wire::BitfieldMessage{bits_};
    }

    void say(PeerKey peer, const wire::Message& message) {
        benchmark::DoNotOptimize(torrent_.receive(peer, message, now_));
    }

    void collect() {
        for (;;) {
            const Outcome outcome = torrent_.take_outcome();
            for (const PeerKey peer : outcome.to_flush) take_requests(peer);
            if (outcome.to_store.empty()) return;
            for (const PieceIndex piece : outcome.to_store) torrent_.piece_good(piece, {}, now_);
        }
    }

    void take_requests(PeerKey peer) {
        ByteVector& outbox = torrent_.outbox(peer);
        constexpr std::size_t length_size = 4;
        for (Bytes rest = outbox; !rest.empty();) {
            const auto length = load_big_endian<std::uint32_t>(rest);
            const Bytes message = rest.subspan(length_size, length);
            rest = rest.subspan(length_size + length);
            if (message.empty() || message[0] != std::byte{6}) continue;
            const auto number = [&](std::size_t at) {
                return load_big_endian<std::uint32_t>(message.subspan(at));
            };
            requests_.push_back({peer, {PieceIndex(number(1)), number(5), number(9)}});
            ++asked_;
        }
        outbox.clear();
    }

    struct Asked {
        PeerKey peer;
        BlockRange range;
    };

    metainfo::Layout layout_ = layout();
    PieceBudget budget_;
    TimePoint now_{};
    Random random_{7};
    ByteVector bits_;
    Torrent torrent_;
    std::deque<Asked> requests_;
    std::int64_t asked_ = 0;
};

void pick(benchmark::State& state, bool seeds, std::uint32_t peers) {
    auto swarm = std::make_unique<Swarm>(seeds, peers);
    std::int64_t asked = 0;
    std::int64_t before = swarm->asked();
    for (auto _ : state) {
        if (swarm->through()) {
            state.PauseTiming();
            asked += swarm->asked() - before;
            swarm = std::make_unique<Swarm>(seeds, peers);
            before = swarm->asked();
            state.ResumeTiming();
        }
        swarm->answer();
    }
    state.SetItemsProcessed(asked + swarm->asked() - before);
}
BENCHMARK_CAPTURE(pick, half, false, 500)
    ->Name("picker/peers with half")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(pick, all, true, 500)->Name("picker/seeds")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(pick, one, true, 1)->Name("picker/one fast seed")->Unit(benchmark::kMicrosecond);

}  // namespace

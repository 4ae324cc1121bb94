// A tracker's memory of swarms: what an announce costs, and the longest that any call takes while
// two million peers come and while they are forgotten, which is how long answers can stand still.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <ctime>

#include "base/heap.h"
#include "tracker/memory_store.h"

namespace shoal::tracker {
namespace {

constexpr std::size_t most_peers = 2'000'000;

/// Microseconds of this thread alone, so that others on the processor do not count.
double busy() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

/// Runs it and remembers the longest that it took.
template <class Function>
void time_longest(double& longest, Function function) {
    const double began = busy();
    function();
    longest = std::max(longest, busy() - began);
}

PeerUpdate update_of(std::uint32_t swarm, std::uint32_t peer) {
    PeerUpdate update;
    store_big_endian(swarm, MutableBytes(update.info_hash.bytes).first(4));
    update.address = boost::asio::ip::address_v4(0x0a000000 + peer);
    update.port = 1;
    update.seed = peer % 3 == 0;
    update.numwant = 50;
    return update;
}

/// The arguments: how many swarms, and how many peers in each.
void come_and_be_forgotten(benchmark::State& state) {
    const auto swarms = static_cast<std::uint32_t>(state.range(0));
    const auto peers = static_cast<std::uint32_t>(state.range(1));
    double announce = 0;
    double expire = 0;
    PeerSample sample;
    keep_freed_memory();  // as the tracker does
    for (auto _ : state) {
        MemoryStore store(600s, {.swarms = swarms, .peers = most_peers}, 1);
        TimePoint now = Clock::now();
        for (std::uint32_t peer = 0; peer < peers; ++peer) {
            for (std::uint32_t swarm = 0; swarm < swarms; ++swarm) {
                const PeerUpdate update = update_of(swarm, peer);
                time_longest(announce, [&] {
                    benchmark::DoNotOptimize(store.announce(update, now, sample));
                });
            }
        }
        now += 601s;
        while (store.size().swarms > 0) {
            now += 1s;
            time_longest(expire, [&] { store.expire(now); });
        }
    }
    state.counters["longest_announce_us"] = announce;
    state.counters["longest_expire_us"] = expire;
    state.SetItemsProcessed(state.iterations() * swarms * peers);
}
BENCHMARK(come_and_be_forgotten)
    ->Args({1, most_peers})
    ->Args({1000, most_peers / 1000})
    ->Args({200'000, most_peers / 200'000})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

void announce_again(benchmark::State& state) {
    const auto swarms = static_cast<std::uint32_t>(state.range(0));
    const auto peers = static_cast<std::uint32_t>(state.range(1));
    MemoryStore store(600s, {.swarms = swarms, .peers = most_peers}, 1);
    const TimePoint now = Clock::now();
    PeerSample sample;
    for (std::uint32_t peer = 0; peer < peers; ++peer) {
        for (std::uint32_t swarm = 0; swarm < swarms; ++swarm) {
            benchmark::DoNotOptimize(store.announce(update_of(swarm, peer), now, sample));
        }
    }
    Random random(1);
    for (auto _ : state) {
        const auto swarm = static_cast<std::uint32_t>(random.below(swarms));
        const auto peer = static_cast<std::uint32_t>(random.below(peers));
        benchmark::DoNotOptimize(store.announce(update_of(swarm, peer), now, sample));
    }
}
BENCHMARK(announce_again)->Args({1000, 50})->Args({100'000, 10})->Args({1, 100'000});

}  // namespace
}  // namespace shoal::tracker

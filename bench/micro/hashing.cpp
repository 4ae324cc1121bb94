// SHA-1 and SHA-256: every kernel that this processor has with all its lanes, and what is chosen
// for so many messages.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/hash.h"
#include "hashing/many.h"

namespace {

using namespace shoal;
using namespace shoal::hashing;

constexpr std::size_t message_size = 64 << 10;

std::vector<Bytes> messages(std::size_t count) {
    static const ByteVector memory(max_lanes * message_size, std::byte{0x5a});
    std::vector<Bytes> found;
    for (std::size_t i = 0; i < count; ++i) {
        found.push_back(Bytes(memory).subspan(i * message_size, message_size));
    }
    return found;
}

template <class DigestType>
void many(benchmark::State& state, std::size_t count, std::span<const Kernel> kernels) {
    const std::vector<Bytes> parts = messages(count);
    ManyHasher<DigestType> hasher(count, kernels);
    for (auto _ : state) hasher.update(parts);
    benchmark::DoNotOptimize(hasher.finish(0));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(count * message_size));
}

template <class DigestType>
void one(benchmark::State& state) {
    const Bytes bytes = messages(1).front();
    Hasher<DigestType> hasher;
    for (auto _ : state) hasher.update(bytes);
    benchmark::DoNotOptimize(hasher.finish());
    state.SetBytesProcessed(state.iterations() * std::ssize(bytes));
}

template <class DigestType>
void add(const std::string& name) {
    benchmark::RegisterBenchmark((name + "/openssl").c_str(), one<DigestType>);
    for (const Kernel& kernel : usable_kernels<DigestType>()) {
        const std::vector<Kernel> alone = {kernel, usable_kernels<DigestType>().back()};
        benchmark::RegisterBenchmark(fmt::format("{}/{}", name, kernel.name).c_str(),
                                     [lanes = kernel.lanes, alone](benchmark::State& state) {
                                         many<DigestType>(state, lanes, alone);
                                     });
    }
    for (const std::size_t count : {1, 2, 3, 4, 6, 8, 12, 16}) {
        benchmark::RegisterBenchmark(
            fmt::format("{}/chosen for {}", name, count).c_str(), [count](benchmark::State& state) {
                many<DigestType>(state, count, chosen_kernels<DigestType>());
            });
    }
}

[[maybe_unused]] const bool added = [] {
    add<Sha1Digest>("sha1");
    add<Sha256Digest>("sha256");
    return true;
}();

}  // namespace

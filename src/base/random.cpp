#include "base/random.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <stdexcept>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif

namespace shoal {

Random::Random(std::uint64_t seed) {
    // SplitMix64 spreads a small seed over the whole state, as the authors of xoshiro advise.
    for (auto& word : state_) {
        seed += 0x9e3779b97f4a7c15;
        std::uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        word = z ^ (z >> 31);
    }
}

std::uint64_t Random::operator()() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
    assert(bound > 0);
    // Values from the incomplete last run of `bound` would come up more often: drawn again.
    const std::uint64_t limit = max() - max() % bound;
    std::uint64_t value = (*this)();
    while (value >= limit) value = (*this)();
    return value % bound;
}

double Random::fraction() {
    return static_cast<double>((*this)() >> 11) * 0x1.0p-53;
}

void secure_random(MutableBytes bytes) {
    constexpr std::size_t most = 256;  // of one call, says POSIX
    while (!bytes.empty()) {
        const MutableBytes part = bytes.first(std::min(bytes.size(), most));
        if (::getentropy(part.data(), part.size()) != 0) {
            throw std::runtime_error("the system's random generator failed");
        }
        bytes = bytes.subspan(part.size());
    }
}

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    secure_random(std::as_writable_bytes(std::span(&seed, 1)));
    return seed;
}

}  // namespace shoal

// Randomness: a seeded generator for decisions, and the system's for secrets.
#pragma once
#include <cstdint>
#include <utility>

#include "base/bytes.h"

namespace shoal {

/// A small fast generator (xoshiro256**). The same seed gives the same sequence everywhere, which
/// is what makes a simulated run repeatable. Not for secrets.
class Random {
  public:
    using result_type = std::uint64_t;

    explicit Random(std::uint64_t seed);

    std::uint64_t operator()();
    /// A number in [0, bound); bound must be positive.
    std::uint64_t below(std::uint64_t bound);
    /// A number in [0, 1).
    double fraction();

    template <class Range>
    void shuffle(Range& range) {
        for (std::size_t i = range.size(); i > 1; --i) {
            std::swap(range[i - 1], range[below(i)]);
        }
    }

    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return ~result_type{0}; }

  private:
    std::uint64_t state_[4]{};
};

/// Fills the bytes from the operating system's generator. Thread-safe.
void secure_random(MutableBytes bytes);

/// A seed for Random that nobody can foresee. Thread-safe.
std::uint64_t random_seed();

}  // namespace shoal

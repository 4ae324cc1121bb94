// Slows down those who guess: after a few failures in a row, each further one costs more time.
#pragma once
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace shoal::http {

struct AttemptLimits {
    int free = 5;              ///< attempts before the first wait
    Duration first_wait = 1s;  ///< doubled with every further attempt
    Duration longest_wait = 15min;
    Duration forget = 1h;       ///< after the last attempt
    std::size_t keys = 10'000;  ///< beyond it the one that has been quiet the longest is forgotten
};

/// Counts attempts by a key, such as an account or an address. An attempt counts from its beginning
/// on, so that many at once are not free; success takes all of them back. Does no I/O, not
/// thread-safe.
class AttemptLimiter {
  public:
    explicit AttemptLimiter(AttemptLimits limits = {}) : limits_(limits) {}

    /// Nothing: go ahead, it is counted. Otherwise how long to wait; it is not counted then, so
    /// that nobody can keep another one's account closed just by asking often.
    std::optional<Duration> attempt(std::string_view key, TimePoint now);
    /// The last attempt was right, or was no guess.
    void succeeded(std::string_view key);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        std::string key;
        int attempts = 0;
        TimePoint last;
    };
    using Entries = std::list<Entry>;

    [[nodiscard]] Duration wait_after(int attempts) const;
    void erase(Entries::iterator entry);

    AttemptLimits limits_;
    Entries entries_;  ///< the one attempted last is in front
    std::unordered_map<std::string_view, Entries::iterator> by_key_;  ///< keys are the entries' own
};

}  // namespace shoal::http

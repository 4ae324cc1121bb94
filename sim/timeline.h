// Virtual time: events in order, and nothing happens between them.
#pragma once
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "base/time.h"

namespace shoal::sim {

/// Runs what was put on it, earliest first, and what was put on it first among equals. Not
/// thread-safe.
class Timeline {
  public:
    [[nodiscard]] TimePoint now() const { return now_; }
    void at(TimePoint time, std::function<void()> event);
    void after(Duration delay, std::function<void()> event) { at(now_ + delay, std::move(event)); }
    /// Runs the next event; false when there is none before `end`.
    bool step(TimePoint end);

  private:
    struct Entry {
        TimePoint time;
        std::uint64_t number;
        std::function<void()> event;
        bool operator>(const Entry& other) const {
            return time != other.time ? time > other.time : number > other.number;
        }
    };

    TimePoint now_{1s};
    std::uint64_t next_number_ = 0;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

}  // namespace shoal::sim

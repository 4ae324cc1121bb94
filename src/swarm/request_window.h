// How many blocks to ask one peer for at a time: enough to keep its line full, and few enough that
// what it is asked for does not wait in its queue.
#pragma once
#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"

namespace shoal::swarm {

/// Follows bandwidth times delay. The delay is the shortest seen lately, because requests that
/// wait behind our own say nothing of the line; whenever the peer runs dry all the same (it works
/// in bursts, by a timer of its own), the window widens. Not thread-safe.
class RequestWindow {
  public:
    /// The window in blocks, at least 1.
    [[nodiscard]] std::uint32_t size() const { return window_; }
    /// The most the other side says it keeps (BEP 10, reqq), in blocks.
    void set_limit(std::uint32_t blocks);

    /// A block of that many bytes arrived for a request sent at `sent`; `dry` says that nothing
    /// more is on its way from this peer.
    void on_block(ByteCount bytes, TimePoint sent, bool dry, TimePoint now);
    /// The peer has stalled: the next request is a probe.
    void on_stall();

    /// How long an answer may take before the peer counts as stalled.
    [[nodiscard]] Duration patience() const;

  private:
    void close_interval(TimePoint now);
    void resize();

    std::uint32_t limit_ = 250;
    std::uint32_t window_ = 16;
    bool starting_ = true;  ///< the window grows with every block until the rate no longer does
    int flat_intervals_ = 0;

    TimePoint interval_begin_{};
    ByteCount interval_bytes_ = 0;
    bool ran_dry_ = false;
    double rate_ = 0;      ///< bytes a second, the best of recent intervals
    double stretch_ = 1;   ///< grows when the peer runs dry
    Duration shortest_{};  ///< shortest delay seen lately; zero before the first block
    Duration smoothed_{};  ///< smoothed delay, our own queue included
    TimePoint shortest_at_{};

    // Now and then the window shrinks for a moment to see the shortest delay anew: with a full
    // window every delay contains the queue that the window itself makes.
    bool probing_ = false;
    Duration probe_delay_{};  ///< smoothed delay when probing began
    Duration probed_{};       ///< shortest delay of the current interval
};

}  // namespace shoal::swarm

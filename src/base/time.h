// The time as the sans-I/O floors see it: handed in, never read from a clock.
#pragma once
#include <chrono>

namespace shoal {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;
using namespace std::chrono_literals;

/// A span of time in seconds, for rates.
inline double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace shoal

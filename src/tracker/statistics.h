// What the tracker's page draws: how much there is to do now, and was in the last hour and day.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/server.h"
#include "tracker/swarm_store.h"
#include "tracker/tracker.h"

namespace shoal::tracker {

using WallTime = std::chrono::system_clock::time_point;

/// What is read off a tracker and its server at one moment. Counts are since the start.
struct Observation {
    TrackerTally tracker;
    SwarmStore::Size swarms;
    Traffic traffic;
    http::ServerTally server;
    std::size_t connections = 0;
    std::size_t peers = 0;  ///< addresses of peers that are there
    std::size_t daemons = 0;
};

/// How often something went wrong, since the start.
struct ErrorCount {
    std::string_view kind;
    std::uint64_t count = 0;
};
inline constexpr std::size_t error_kinds = 10;
std::array<ErrorCount, error_kinds> errors_of(const Observation& seen);

/// Means over a stretch of time; all but the peers a second.
struct Rates {
    float announces = 0;
    float requests = 0;
    float peers = 0;
    float received = 0;  ///< bytes
    float sent = 0;      ///< bytes
    float errors = 0;

    Rates& operator+=(const Rates& other);
    Rates operator*(float factor) const;
};

/// The last rates, one a step, in memory that is taken once.
class RateHistory {
  public:
    RateHistory(std::chrono::seconds step, std::size_t most);

    void add(const Rates& rates, WallTime end);
    [[nodiscard]] std::chrono::seconds step() const { return step_; }
    [[nodiscard]] std::size_t size() const { return rates_.size(); }
    /// The oldest is at 0.
    [[nodiscard]] const Rates& at(std::size_t index) const;
    /// When the newest step ended; of an empty history the epoch.
    [[nodiscard]] WallTime end() const { return end_; }

  private:
    std::chrono::seconds step_;
    std::size_t most_;
    std::vector<Rates> rates_;
    std::size_t oldest_ = 0;
    WallTime end_;
};

/// Does no I/O. Not thread-safe.
class Statistics {
  public:
    static constexpr std::chrono::seconds step{5};

    Statistics(TimePoint now, WallTime wall) : step_began_(now), started_(wall) {}

    /// To be called about once a second. True when a step has ended, so that there are new rates.
    bool observe(const Observation& seen, TimePoint now, WallTime wall);

    [[nodiscard]] WallTime started() const { return started_; }
    [[nodiscard]] const Observation& seen() const { return seen_; }
    /// Of the last step.
    [[nodiscard]] const Rates& rates() const { return rates_; }
    [[nodiscard]] const RateHistory& hour() const { return hour_; }
    [[nodiscard]] const RateHistory& day() const { return day_; }

  private:
    void add_step(WallTime end);

    TimePoint step_began_;
    WallTime started_;
    Observation seen_;
    Observation before_;  ///< when the step began
    Rates rates_;
    RateHistory hour_{step, 720};
    RateHistory day_{std::chrono::minutes(1), 1440};
    Rates minute_;  ///< the sum of its steps so far
    int steps_of_minute_ = 0;
};

}  // namespace shoal::tracker

// When to announce to which tracker, and as what: tiers (BEP 12), intervals, events, back-off.
// Decides only; the time and the outcome of announces are handed in.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/time.h"
#include "discovery/announce.h"
#include "discovery/tracker_url.h"

namespace shoal::discovery {

/// The state of one tracker, for display.
struct TrackerStatus {
    enum class State : std::uint8_t {
        waiting,     ///< not asked yet
        announcing,  ///< asked, no answer yet
        working,     ///< the last announce was answered
        failing,     ///< the last announce failed; it is tried again
        disabled,    ///< never tried: the address is unusable, or the tracker said never
    };
    std::string url;  ///< as TrackerUrl::shown()
    State state = State::waiting;
    std::string message;    ///< the last error or warning, printable
    std::size_t peers = 0;  ///< in the last answer
    std::optional<std::int64_t> seeds;
    std::optional<std::int64_t> leechers;
    std::optional<TimePoint> next;  ///< of the next announce, when one is planned
};

/// The trackers of one torrent. They stand in groups that are announced to independently: the
/// torrent's own tiers are one group, in which one working tracker is enough (BEP 12), and each
/// tracker that the user named is a group of its own, which is always announced to.
///
/// Use: take tasks from next() until it gives none, carry each out, report it by succeeded() or
/// failed(), and ask again at wake() or after any other call.
class TrackerList {
  public:
    struct Options {
        Duration default_interval = 30min;    ///< when a tracker gives none
        Duration shortest_interval = 1s;      ///< a tracker's wish is taken for at least this
        Duration longest_interval = 24h;      ///< and for at most this
        Duration default_min_interval = 60s;  ///< between announces for want of peers
        Duration first_retry = 5s;            ///< doubles with every failure in a row
        Duration longest_retry = 30min;
        std::size_t max_trackers = 100;  ///< those beyond it are left out
    };

    /// One announce that is due.
    struct Task {
        std::size_t tracker = 0;  ///< to be given back with the outcome
        TrackerUrl url;
        Event event = Event::none;
    };

    /// Addresses that cannot be used are kept as disabled, with the reason. A tracker in both
    /// lists counts as the user's.
    TrackerList(const std::vector<std::vector<std::string>>& tiers,
                const std::vector<std::string>& user_trackers, std::uint64_t seed, Options options);
    TrackerList(const std::vector<std::vector<std::string>>& tiers,
                const std::vector<std::string>& user_trackers, std::uint64_t seed);

    /// Announces begin.
    void start(TimePoint now);
    /// The last missing byte was verified just now; told to every group once.
    void completed(TimePoint now);
    /// More peers are wanted: announces are brought forward as far as the trackers allow.
    void need_peers(TimePoint now);
    /// From now on the only tasks are `stopped` ones, one for each tracker that knows of us, each
    /// after a `completed` one where that is still owed.
    /// Announces under way are to be given up without a report.
    void stop();

    /// An announce that is due now; it counts as under way from here on.
    std::optional<Task> next(TimePoint now);
    /// When next() will have something; nothing when that depends on outcomes or calls.
    [[nodiscard]] std::optional<TimePoint> wake() const;

    /// The tracker answered; an answer with a failure reason counts as a failure.
    void succeeded(std::size_t tracker, const AnnounceAnswer& answer, TimePoint now);
    void failed(std::size_t tracker, const Error& error, TimePoint now);

    /// After stop(): all `stopped` tasks were taken and reported.
    [[nodiscard]] bool finished() const;
    [[nodiscard]] std::vector<TrackerStatus> status() const;

  private:
    struct Tracker {
        TrackerUrl url;
        bool usable = false;
        bool knows_us = false;  ///< accepted `started`, so is owed `stopped`
        bool under_way = false;
        bool owes_completed = false;  ///< after stop(): before `stopped`
        Event event = Event::none;    ///< of the announce under way
        int failures = 0;             ///< in a row
        TimePoint not_before{};       ///< back-off after failures
        Duration min_interval{};
        TrackerStatus status;
    };
    struct Group {
        std::vector<std::vector<std::size_t>> tiers;  ///< of indices into trackers_
        TimePoint due{};
        std::optional<TimePoint> answered;  ///< the last success
        std::size_t current = 0;            ///< the tracker that gave it
        bool under_way = false;
        bool owes_completed = false;
        bool wants_peers = false;  ///< asked for while an announce was under way
    };

    std::size_t add(const std::string& url);
    [[nodiscard]] Group& group_of(std::size_t tracker);
    [[nodiscard]] std::optional<std::size_t> pick(const Group& group, TimePoint now) const;
    [[nodiscard]] std::optional<TimePoint> due(const Group& group) const;
    void bring_forward(Group& group, TimePoint now);
    void promote(Group& group, std::size_t tracker);
    static void record_farewell(Tracker& tracker);
    void record_failure(std::size_t tracker, std::string message, TimePoint now,
                        std::optional<Duration> retry);

    Options options_;
    Random random_;
    std::vector<Tracker> trackers_;
    std::vector<Group> groups_;
    bool started_ = false;
    bool stopping_ = false;
};

}  // namespace shoal::discovery

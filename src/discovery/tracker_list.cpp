#include "discovery/tracker_list.h"

#include <algorithm>
#include <cassert>

#include "base/text.h"

namespace shoal::discovery {

TrackerList::TrackerList(const std::vector<std::vector<std::string>>& tiers,
                         const std::vector<std::string>& user_trackers, std::uint64_t seed)
    : TrackerList(tiers, user_trackers, seed, Options{}) {}

TrackerList::TrackerList(const std::vector<std::vector<std::string>>& tiers,
                         const std::vector<std::string>& user_trackers, std::uint64_t seed,
                         Options options)
    : options_(options), random_(seed) {
    std::vector<std::string> seen;
    const auto take = [&](const std::string& url) -> std::optional<std::size_t> {
        if (url.empty() || trackers_.size() >= options_.max_trackers) return std::nullopt;
        if (std::find(seen.begin(), seen.end(), url) != seen.end()) return std::nullopt;
        seen.push_back(url);
        return add(url);
    };
    for (const auto& url : user_trackers) {
        const auto tracker = take(url);
        if (!tracker || !trackers_[*tracker].usable) continue;
        groups_.emplace_back().tiers.push_back({*tracker});
    }
    Group own;
    for (const auto& tier : tiers) {
        std::vector<std::size_t> usable;
        for (const auto& url : tier) {
            const auto tracker = take(url);
            if (tracker && trackers_[*tracker].usable) usable.push_back(*tracker);
        }
        random_.shuffle(usable);
        if (!usable.empty()) own.tiers.push_back(std::move(usable));
    }
    if (!own.tiers.empty()) groups_.push_back(std::move(own));
}

std::size_t TrackerList::add(const std::string& url) {
    Tracker tracker;
    if (auto parsed = parse_tracker_url(url)) {
        tracker.url = std::move(*parsed);
        tracker.usable = true;
        tracker.status.url = tracker.url.shown();
    } else {
        // Up to the host an address that is no tracker's holds no secret.
        const std::size_t scheme = url.find("://");
        const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
        const std::size_t end = url.find_first_of("/?#", host);
        const bool login = url.substr(0, end).find('@') != std::string::npos;
        tracker.status.url =
            printable(url.substr(0, login ? host : std::min<std::size_t>(end, 80)));
        tracker.status.state = TrackerStatus::State::disabled;
        tracker.status.message = parsed.error().message;
    }
    tracker.min_interval = options_.default_min_interval;
    trackers_.push_back(std::move(tracker));
    return trackers_.size() - 1;
}

TrackerList::Group& TrackerList::group_of(std::size_t tracker) {
    for (Group& group : groups_) {
        for (const auto& tier : group.tiers) {
            if (std::find(tier.begin(), tier.end(), tracker) != tier.end()) return group;
        }
    }
    assert(false && "every usable tracker is in a group");
    return groups_.front();
}

void TrackerList::start(TimePoint now) {
    started_ = true;
    for (Group& group : groups_) group.due = now;
}

void TrackerList::completed(TimePoint now) {
    if (!started_) return;
    for (Group& group : groups_) {
        group.owes_completed = true;
        // Told at once where `started` was accepted; elsewhere it follows when that has been.
        if (group.under_way || !group.answered) continue;
        group.due = now;
        trackers_[group.current].status.next = now;
    }
}

void TrackerList::need_peers(TimePoint now) {
    if (!started_ || stopping_) return;
    for (Group& group : groups_) {
        if (group.under_way) {
            group.wants_peers = true;
        } else {
            bring_forward(group, now);
        }
    }
}

void TrackerList::bring_forward(Group& group, TimePoint now) {
    // Without a success there is a first announce or a retry planned, which is as early as can be.
    if (!group.answered) return;
    const TimePoint earliest = *group.answered + trackers_[group.current].min_interval;
    group.due = std::min(group.due, std::max(now, earliest));
    trackers_[group.current].status.next = group.due;
}

void TrackerList::stop() {
    stopping_ = true;
    // A download that ends as soon as it is complete is a completion all the same.
    for (const Group& group : groups_) {
        for (const auto& tier : group.tiers) {
            for (const std::size_t tracker : tier) {
                const bool told = group.answered && group.current == tracker;
                trackers_[tracker].owes_completed =
                    group.owes_completed && (told || trackers_[tracker].under_way);
            }
        }
    }
    for (Tracker& tracker : trackers_) {
        // A `started` without an answer may have been counted all the same.
        if (tracker.under_way) tracker.knows_us = true;
        tracker.under_way = false;
        tracker.status.next.reset();
    }
}

/// The first tracker in order of tiers that is not being left alone after a failure.
std::optional<std::size_t> TrackerList::pick(const Group& group, TimePoint now) const {
    for (const auto& tier : group.tiers) {
        for (const std::size_t tracker : tier) {
            if (trackers_[tracker].usable && trackers_[tracker].not_before <= now) return tracker;
        }
    }
    return std::nullopt;
}

std::optional<TimePoint> TrackerList::due(const Group& group) const {
    if (group.under_way) return std::nullopt;
    std::optional<TimePoint> earliest;
    for (const auto& tier : group.tiers) {
        for (const std::size_t tracker : tier) {
            if (!trackers_[tracker].usable) continue;
            const TimePoint possible = std::max(group.due, trackers_[tracker].not_before);
            if (!earliest || possible < *earliest) earliest = possible;
        }
    }
    return earliest;
}

std::optional<TrackerList::Task> TrackerList::next(TimePoint now) {
    if (stopping_) {
        for (std::size_t i = 0; i < trackers_.size(); ++i) {
            Tracker& tracker = trackers_[i];
            if (!tracker.knows_us || tracker.under_way) continue;
            tracker.under_way = true;
            tracker.event = tracker.owes_completed ? Event::completed : Event::stopped;
            return Task{i, tracker.url, tracker.event};
        }
        return std::nullopt;
    }
    if (!started_) return std::nullopt;
    for (Group& group : groups_) {
        if (group.under_way || group.due > now) continue;
        const auto chosen = pick(group, now);
        if (!chosen) continue;
        Tracker& tracker = trackers_[*chosen];
        tracker.event = !tracker.knows_us      ? Event::started
                        : group.owes_completed ? Event::completed
                                               : Event::none;
        tracker.under_way = true;
        tracker.status.state = TrackerStatus::State::announcing;
        tracker.status.next.reset();
        group.under_way = true;
        return Task{*chosen, tracker.url, tracker.event};
    }
    return std::nullopt;
}

std::optional<TimePoint> TrackerList::wake() const {
    if (!started_ || stopping_) return std::nullopt;
    std::optional<TimePoint> earliest;
    for (const Group& group : groups_) {
        const auto when = due(group);
        if (when && (!earliest || *when < *earliest)) earliest = when;
    }
    return earliest;
}

void TrackerList::promote(Group& group, std::size_t tracker) {
    for (auto& tier : group.tiers) {
        const auto at = std::find(tier.begin(), tier.end(), tracker);
        if (at != tier.end()) std::rotate(tier.begin(), at, at + 1);
    }
}

void TrackerList::succeeded(std::size_t index, const AnnounceAnswer& answer, TimePoint now) {
    if (!answer.failure.empty()) {
        const auto retry =
            answer.retry_in ? std::optional<Duration>(*answer.retry_in) : std::nullopt;
        if (answer.retry_never) trackers_[index].usable = false;
        record_failure(index, answer.failure, now, retry);
        return;
    }
    Tracker& tracker = trackers_[index];
    tracker.under_way = false;
    if (stopping_) return record_farewell(tracker);
    tracker.knows_us = true;
    tracker.failures = 0;
    const Duration wish =
        answer.interval.count() > 0 ? Duration(answer.interval) : options_.default_interval;
    const Duration interval =
        std::clamp(wish, options_.shortest_interval, options_.longest_interval);
    const Duration minimum = answer.min_interval.count() > 0 ? Duration(answer.min_interval)
                                                             : options_.default_min_interval;
    tracker.min_interval = std::clamp(minimum, options_.shortest_interval, interval);

    Group& group = group_of(index);
    group.under_way = false;
    group.answered = now;
    group.current = index;
    group.due = now + interval;
    if (tracker.event == Event::completed) group.owes_completed = false;
    if (group.owes_completed) {
        group.due = now;
    } else if (group.wants_peers) {
        bring_forward(group, now);
    }
    group.wants_peers = false;
    promote(group, index);

    tracker.status.state = TrackerStatus::State::working;
    tracker.status.message = printable(answer.warning);
    tracker.status.peers = answer.peers.size();
    tracker.status.seeds = answer.seeds;
    tracker.status.leechers = answer.leechers;
    tracker.status.next = group.due;
}

void TrackerList::failed(std::size_t tracker, const Error& error, TimePoint now) {
    record_failure(tracker, error.message, now, std::nullopt);
}

void TrackerList::record_failure(std::size_t index, std::string message, TimePoint now,
                                 std::optional<Duration> retry) {
    Tracker& tracker = trackers_[index];
    tracker.under_way = false;
    if (stopping_) return record_farewell(tracker);
    const int doublings = std::min(tracker.failures++, 20);
    // The wait is drawn between half and whole, so that a tracker that was away is not met by
    // everybody at once when it returns.
    const Duration longest =
        std::min(options_.first_retry * (std::int64_t{1} << doublings), options_.longest_retry);
    const auto drawn = static_cast<Duration::rep>(static_cast<double>(longest.count()) *
                                                  (0.5 + random_.fraction() / 2));
    tracker.not_before = now + std::max(Duration(drawn), retry.value_or(Duration::zero()));
    tracker.status.message = printable(message);
    tracker.status.peers = 0;
    group_of(index).under_way = false;
    group_of(index).due = now;
    if (tracker.usable) {
        tracker.status.state = TrackerStatus::State::failing;
        tracker.status.next = tracker.not_before;
    } else {
        tracker.status.state = TrackerStatus::State::disabled;
        tracker.status.next.reset();
    }
}

/// Heard or not, it is not said again.
void TrackerList::record_farewell(Tracker& tracker) {
    if (tracker.event == Event::stopped) {
        tracker.knows_us = false;
    } else {
        tracker.owes_completed = false;
    }
}

bool TrackerList::finished() const {
    return stopping_ && std::none_of(trackers_.begin(), trackers_.end(),
                                     [](const Tracker& t) { return t.knows_us; });
}

std::vector<TrackerStatus> TrackerList::status() const {
    std::vector<TrackerStatus> all;
    all.reserve(trackers_.size());
    for (const Tracker& tracker : trackers_) all.push_back(tracker.status);
    return all;
}

}  // namespace shoal::discovery

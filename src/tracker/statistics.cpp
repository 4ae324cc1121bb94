#include "tracker/statistics.h"

#include <numeric>

namespace shoal::tracker {
namespace {

std::uint64_t requests_of(const Observation& seen) {
    const auto& answers = seen.server.answers;
    return std::accumulate(answers.begin(), answers.end(), std::uint64_t{0});
}

std::uint64_t announces_of(const Observation& seen) {
    const RequestTally& announces = seen.tracker.announces;
    return announces.good + announces.refused + announces.malformed;
}

std::uint64_t all_errors_of(const Observation& seen) {
    std::uint64_t all = 0;
    for (const ErrorCount& error : errors_of(seen)) all += error.count;
    return all;
}

Rates rates_between(const Observation& before, const Observation& after, Duration time) {
    const auto rate = [&](std::uint64_t former, std::uint64_t latter) {
        return static_cast<float>(static_cast<double>(latter - former) / seconds(time));
    };
    return {.announces = rate(announces_of(before), announces_of(after)),
            .requests = rate(requests_of(before), requests_of(after)),
            .peers = static_cast<float>(after.peers),
            .received = rate(before.traffic.downloaded, after.traffic.downloaded),
            .sent = rate(before.traffic.uploaded, after.traffic.uploaded),
            .errors = rate(all_errors_of(before), all_errors_of(after))};
}

}  // namespace

std::array<ErrorCount, error_kinds> errors_of(const Observation& seen) {
    const TrackerTally& tracker = seen.tracker;
    return {{{"announce_malformed", tracker.announces.malformed},
             {"announce_stranger", tracker.refusals.strangers},
             {"announce_unknown_torrent", tracker.refusals.torrents},
             {"announce_tracker_full", tracker.refusals.full},
             {"scrape_refused", tracker.scrapes.refused + tracker.scrapes.malformed},
             {"http_4xx", seen.server.answers[4]},
             {"http_5xx", seen.server.answers[5]},
             {"too_many_connections", seen.server.too_many},
             {"tls_handshake", seen.server.failed_handshakes},
             {"too_slow", seen.server.too_slow}}};
}

Rates& Rates::operator+=(const Rates& other) {
    announces += other.announces;
    requests += other.requests;
    peers += other.peers;
    received += other.received;
    sent += other.sent;
    errors += other.errors;
    return *this;
}

Rates Rates::operator*(float factor) const {
    return {announces * factor, requests * factor, peers * factor,
            received * factor,  sent * factor,     errors * factor};
}

RateHistory::RateHistory(std::chrono::seconds step, std::size_t most) : step_(step), most_(most) {
    rates_.reserve(most);
}

void RateHistory::add(const Rates& rates, WallTime end) {
    end_ = end;
    if (rates_.size() < most_) {
        rates_.push_back(rates);
        return;
    }
    rates_[oldest_] = rates;
    oldest_ = (oldest_ + 1) % most_;
}

const Rates& RateHistory::at(std::size_t index) const {
    return rates_[(oldest_ + index) % rates_.size()];
}

bool Statistics::observe(const Observation& seen, TimePoint now, WallTime wall) {
    seen_ = seen;
    const auto steps = (now - step_began_) / step;
    if (steps < 1) return false;
    rates_ = rates_between(before_, seen, steps * step);
    // A machine that slept has the same mean for all that it missed, no more of it than is kept.
    const auto shown = std::min<std::int64_t>(steps, 24 * 3600 / step.count());
    for (std::int64_t left = shown; left > 0; --left) add_step(wall - (left - 1) * step);
    step_began_ += steps * step;
    before_ = seen;
    return true;
}

void Statistics::add_step(WallTime end) {
    constexpr int steps_a_minute = std::chrono::minutes(1) / step;
    hour_.add(rates_, end);
    minute_ += rates_;
    if (++steps_of_minute_ < steps_a_minute) return;
    day_.add(minute_ * (1.0F / steps_a_minute), end);
    minute_ = {};
    steps_of_minute_ = 0;
}

}  // namespace shoal::tracker

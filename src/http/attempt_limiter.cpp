#include "http/attempt_limiter.h"

#include <algorithm>

namespace shoal::http {

Duration AttemptLimiter::wait_after(int attempts) const {
    if (attempts < limits_.free) return {};
    Duration wait = limits_.first_wait;
    for (int i = limits_.free; i < attempts && wait < limits_.longest_wait; ++i) wait *= 2;
    return std::min(wait, limits_.longest_wait);
}

std::optional<Duration> AttemptLimiter::attempt(std::string_view key, TimePoint now) {
    while (!entries_.empty() && entries_.back().last + limits_.forget <= now) {
        erase(std::prev(entries_.end()));
    }
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        const auto entry = found->second;
        const TimePoint open = entry->last + wait_after(entry->attempts);
        if (open > now) return open - now;
        ++entry->attempts;
        entry->last = now;
        entries_.splice(entries_.begin(), entries_, entry);
        return std::nullopt;
    }
    if (entries_.size() >= limits_.keys) erase(std::prev(entries_.end()));
    entries_.push_front({std::string(key), 1, now});
    by_key_.emplace(entries_.front().key, entries_.begin());
    return std::nullopt;
}

void AttemptLimiter::succeeded(std::string_view key) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) erase(found->second);
}

void AttemptLimiter::erase(Entries::iterator entry) {
    by_key_.erase(entry->key);
    entries_.erase(entry);
}

}  // namespace shoal::http

#include "node/group_admission.h"

#include <utility>

namespace shoal::node {

void GroupAdmission::set_group(Ask ask) {
    ask_ = std::move(ask);
    ++group_;
    trusted_.clear();
    questions_ = 0;
    const auto former = std::exchange(entries_, {});
    for (const auto& [address, entry] : former) {
        for (const auto& answer : entry.waiting) answer(false);
    }
}

void GroupAdmission::ask(const net::Address& caller, std::function<void(bool)> answer) {
    if (trusted_.contains(caller)) return answer(true);
    const TimePoint now = Clock::now();
    const auto found = entries_.find(caller);
    if (found != entries_.end()) {
        Entry& entry = found->second;
        if (!entry.waiting.empty()) {
            if (entry.waiting.size() >= limits_.callers) return answer(false);
            entry.waiting.push_back(std::move(answer));
            return;
        }
        if (now - entry.answered < (entry.known ? limits_.yes : limits_.no)) {
            return answer(entry.known);
        }
    }
    if (!ask_ || questions_ >= limits_.questions) return answer(false);
    make_room(now);
    ++questions_;
    entries_[caller].waiting.push_back(std::move(answer));
    ask_(caller,
         [this, alive = weak_from_this(), group = group_, caller](const Result<bool>& known) {
             if (alive.lock() && group == group_) on_answer(caller, known);
         });
}

void GroupAdmission::on_answer(const net::Address& caller, const Result<bool>& answer) {
    const auto found = entries_.find(caller);
    if (found == entries_.end() || found->second.waiting.empty()) return;
    --questions_;
    Entry& entry = found->second;
    const TimePoint now = Clock::now();
    bool known = false;
    if (answer) {
        known = *answer;
        entry.known = known;
        entry.answered = now;
    } else {
        // Whoever was of the group before the tracker fell silent still is.
        known = entry.known && now - entry.answered < limits_.outage;
    }
    const auto waiting = std::exchange(entry.waiting, {});
    for (const auto& one : waiting) one(known);
}

void GroupAdmission::make_room(TimePoint now) {
    if (entries_.size() < limits_.addresses) return;
    std::erase_if(entries_, [&](const auto& item) {
        const Entry& entry = item.second;
        return entry.waiting.empty() &&
               now - entry.answered > (entry.known ? limits_.yes : limits_.no);
    });
    for (auto it = entries_.begin();
         entries_.size() >= limits_.addresses && it != entries_.end();) {
        it = it->second.waiting.empty() ? entries_.erase(it) : std::next(it);
    }
}

}  // namespace shoal::node

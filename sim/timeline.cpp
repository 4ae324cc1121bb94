#include "sim/timeline.h"

#include <algorithm>

namespace shoal::sim {

void Timeline::at(TimePoint time, std::function<void()> event) {
    queue_.push({std::max(time, now_), next_number_++, std::move(event)});
}

bool Timeline::step(TimePoint end) {
    if (queue_.empty() || queue_.top().time > end) return false;
    const auto event = std::move(const_cast<Entry&>(queue_.top()).event);
    now_ = queue_.top().time;
    queue_.pop();
    event();
    return true;
}

}  // namespace shoal::sim

// What a tracker tells of itself to whoever watches over it. Inside src/tracker only.
#pragma once
#include <memory>

#include "http/metrics.h"
#include "tracker/group.h"
#include "tracker/tracker.h"

namespace shoal::tracker {

/// Adds what there is to know of announces, swarms and the group (which may be null). The metrics
/// share both.
void measure(http::Metrics& metrics, const std::shared_ptr<Tracker>& tracker,
             const std::shared_ptr<Group>& group);

}  // namespace shoal::tracker

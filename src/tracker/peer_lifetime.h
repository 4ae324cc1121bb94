// How long peers are remembered without a sign of life, where that can change while they are there.
#pragma once
#include <algorithm>
#include <utility>

#include "base/time.h"

namespace shoal::tracker {

/// A longer lifetime is in force at once. A shorter one when the peers that have been told of the
/// longer one have had their time to hear of it. Does no I/O.
class PeerLifetime {
  public:
    explicit PeerLifetime(Duration lifetime) : in_force_(lifetime), wanted_(lifetime) {}

    void change(Duration wanted, TimePoint now) {
        const TimePoint heard = std::max(heard_, now + std::exchange(wanted_, wanted));
        heard_ = wanted < in_force_ ? heard : now;
    }
    /// The one that is in force; to be asked again as time goes by.
    Duration at(TimePoint now) {
        if (now >= heard_) in_force_ = wanted_;
        return in_force_;
    }

  private:
    Duration in_force_;
    Duration wanted_;
    TimePoint heard_ = TimePoint::min();  ///< when all peers know of the one that is wanted
};

}  // namespace shoal::tracker

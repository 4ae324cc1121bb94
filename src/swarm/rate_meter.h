// How fast bytes have been flowing lately.
#pragma once
#include <cmath>

#include "base/bytes.h"
#include "base/time.h"

namespace shoal::swarm {

/// Bytes a second, weighted towards the last three seconds. Constant memory. Not thread-safe.
class RateMeter {
  public:
    void add(ByteCount bytes, TimePoint now) {
        decay(now);
        weighted_ += static_cast<double>(bytes);
        total_ += bytes;
    }
    [[nodiscard]] double rate(TimePoint now) const {
        return weighted_ * std::exp(-seconds(now - last_) / memory) / memory;
    }
    [[nodiscard]] ByteCount total() const { return total_; }

  private:
    static constexpr double memory = 3.0;  ///< seconds until a byte's weight is 1/e
    void decay(TimePoint now) {
        if (now <= last_) return;
        weighted_ *= std::exp(-seconds(now - last_) / memory);
        last_ = now;
    }

    double weighted_ = 0;
    TimePoint last_{};
    ByteCount total_ = 0;
};

}  // namespace shoal::swarm

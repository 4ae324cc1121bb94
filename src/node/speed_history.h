// How fast data has moved lately, second by second, for drawing it.
#pragma once
#include <cstddef>
#include <deque>

#include "base/bytes.h"

namespace shoal::node {

/// The last five minutes. What has not moved for all of that time takes no memory.
class SpeedHistory {
  public:
    static constexpr std::size_t most_samples = 300;

    struct Sample {
        ByteCount down = 0;  ///< bytes a second
        ByteCount up = 0;
        bool operator==(const Sample&) const = default;
    };

    /// To be called once a second.
    void add(Sample sample) {
        const bool still = sample == Sample{};
        if (still && samples_.empty()) return;
        still_ = still ? still_ + 1 : 0;
        samples_.push_back(sample);
        if (samples_.size() > most_samples) samples_.pop_front();
        if (still_ >= most_samples) samples_ = {};
    }
    /// The oldest first.
    [[nodiscard]] const std::deque<Sample>& samples() const { return samples_; }

  private:
    std::deque<Sample> samples_;
    std::size_t still_ = 0;  ///< samples in a row without any movement
};

}  // namespace shoal::node

#include "swarm/request_window.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/ids.h"

namespace shoal::swarm {
namespace {

constexpr std::uint32_t least_window = 2;
constexpr Duration least_interval = 50ms;
constexpr Duration shortest_memory = 10s;
/// Work that lies ready at the sender on top of the line's own delay, so that both sides can work
/// in batches.
constexpr double batch_seconds = 0.010;
constexpr double most_stretch = 64;
/// Where the sender's line is the limit and others want of it too, each gets a share by what it has
/// asked for: a small window would get little, and stay small. So it holds at least so much of what
/// comes, up to a size beyond which more requests gain no share.
constexpr double share_seconds = 0.25;
constexpr double most_share = 64;

}  // namespace

void RequestWindow::set_limit(std::uint32_t blocks) {
    // 128 MiB: what 10 Gbit/s carry in 100 ms.
    limit_ = std::clamp<std::uint32_t>(blocks, 1, 8192);
    window_ = std::min(window_, limit_);
}

void RequestWindow::on_block(ByteCount bytes, TimePoint sent, bool dry, TimePoint now) {
    const Duration delay = std::max<Duration>(now - sent, 1us);
    if (shortest_ == Duration{} || delay <= shortest_) {
        shortest_ = delay;
        shortest_at_ = now;
    }
    probed_ = probed_ == Duration{} ? delay : std::min(probed_, delay);
    smoothed_ = smoothed_ == Duration{} ? delay : (smoothed_ * 7 + delay) / 8;

    if (interval_begin_ == TimePoint{}) interval_begin_ = sent;
    interval_bytes_ += bytes;
    ran_dry_ = ran_dry_ || dry;
    if (starting_) window_ = std::min(window_ + 1, limit_);
    const Duration length = probing_ ? 2 * probe_delay_ : shortest_;
    if (now - interval_begin_ >= std::max(least_interval, length)) close_interval(now);
}

void RequestWindow::close_interval(TimePoint now) {
    const double rate = static_cast<double>(interval_bytes_) / seconds(now - interval_begin_);
    if (starting_) {
        flat_intervals_ = rate > rate_ * 1.25 ? 0 : flat_intervals_ + 1;
        if (flat_intervals_ >= 3) starting_ = false;
    } else if (!probing_) {
        stretch_ =
            ran_dry_ ? std::min(stretch_ * 1.5, most_stretch) : std::max(1.0, stretch_ * 0.99);
    }
    if (std::exchange(probing_, false)) {
        shortest_ = probed_;
        shortest_at_ = now;
    } else if (!starting_ && now - shortest_at_ > shortest_memory) {
        probing_ = true;
        probe_delay_ = smoothed_;
    }
    // A slower interval wears the best one down by and by, so that one lull changes little.
    rate_ = std::max(rate, rate_ * 0.9);
    interval_begin_ = now;
    interval_bytes_ = 0;
    ran_dry_ = false;
    probed_ = Duration{};
    if (!starting_) resize();
}

void RequestWindow::resize() {
    // Half of the line's own content while probing: the queue that our requests have built up at
    // the sender drains, and the true delay shows.
    const double gain = probing_ ? 0.5 : 2;
    const double on_the_way = rate_ * (gain * seconds(shortest_) + batch_seconds) * stretch_;
    const double share = std::min(rate_ * share_seconds / block_size, most_share);
    const double blocks =
        std::max<double>(std::ceil(std::max(on_the_way / block_size, share)), least_window);
    window_ = static_cast<std::uint32_t>(std::min<double>(blocks, limit_));
}

void RequestWindow::on_stall() {
    window_ = 1;
    starting_ = true;
    flat_intervals_ = 0;
    probing_ = false;
    rate_ = 0;
    interval_begin_ = TimePoint{};
    interval_bytes_ = 0;
}

Duration RequestWindow::patience() const {
    if (smoothed_ == Duration{}) return 6s;
    return std::clamp<Duration>(smoothed_ * 4 + Duration(1s), 2s, 30s);
}

}  // namespace shoal::swarm

#include "net/rate_limiter.h"

#include <algorithm>
#include <limits>

namespace shoal::net {
namespace {

/// How long unused allowance is kept: short, so that no burst exceeds the rate noticeably.
constexpr double kept_seconds = 0.1;
constexpr Duration step = 20ms;
/// Less than this is not worth a system call, unless the rate itself is lower.
constexpr double least_share = 1024;

}  // namespace

RateLimiter::RateLimiter(boost::asio::any_io_executor executor, ByteCount rate)
    : rate_(static_cast<double>(rate)), tokens_(0), filled_at_(Clock::now()), timer_(executor) {}

void RateLimiter::set_rate(ByteCount rate) {
    rate_ = static_cast<double>(rate);
    tokens_ = 0;
    filled_at_ = Clock::now();
}

void RateLimiter::refill() {
    const TimePoint now = Clock::now();
    const double most = std::max(rate_ * kept_seconds, least_share);
    tokens_ = std::min(tokens_ + rate_ * seconds(now - filled_at_), most);
    filled_at_ = now;
}

std::size_t RateLimiter::allowance(std::size_t wanted) {
    if (rate_ <= 0) return wanted;
    refill();
    if (tokens_ < std::min(least_share, static_cast<double>(wanted))) return 0;
    std::size_t most = static_cast<std::size_t>(tokens_);
    if (share_ > 0) most = std::min(most, share_);
    return std::min(wanted, most);
}

void RateLimiter::spend(std::size_t bytes) {
    if (rate_ > 0) tokens_ -= static_cast<double>(bytes);
}

void RateLimiter::wait(Guard guard, std::function<void()> ready) {
    waiters_.push_back({std::move(guard), std::move(ready)});
    arm();
}

void RateLimiter::arm() {
    if (armed_) return;
    armed_ = true;
    timer_.expires_after(step);
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        armed_ = false;
        serve();
    });
}

void RateLimiter::serve() {
    refill();
    // Each of those that wait gets an equal part; who needs more waits again behind the others.
    const auto count = waiters_.size();
    share_ = static_cast<std::size_t>(
        std::max(least_share, tokens_ / static_cast<double>(std::max<std::size_t>(count, 1))));
    for (std::size_t i = 0; i < count && (tokens_ >= least_share || rate_ <= 0); ++i) {
        const Waiter waiter = std::move(waiters_.front());
        waiters_.pop_front();
        if (const auto alive = waiter.guard.lock()) waiter.ready();
    }
    share_ = 0;
    if (!waiters_.empty()) arm();
}

}  // namespace shoal::net

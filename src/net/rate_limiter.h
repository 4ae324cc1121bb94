// Keeps a flow of bytes under a rate, shared fairly by all who draw on it.
#pragma once
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/time.h"

namespace shoal::net {

/// A token bucket. Not thread-safe; lives on one executor.
class RateLimiter {
  public:
    /// `rate`: bytes a second; 0 means no limit.
    RateLimiter(boost::asio::any_io_executor executor, ByteCount rate);
    /// From now on; whoever waits has its turn soon.
    void set_rate(ByteCount rate);

    /// How many of `wanted` bytes may flow now; what does flow is to be told to spend(). 0: wait.
    [[nodiscard]] std::size_t allowance(std::size_t wanted);
    void spend(std::size_t bytes);
    /// Calls back once when the caller's turn has come; never from within this call. The callback
    /// is dropped with the guard.
    using Guard = std::weak_ptr<const void>;
    void wait(Guard guard, std::function<void()> ready);

  private:
    void refill();
    void arm();
    void serve();

    struct Waiter {
        Guard guard;
        std::function<void()> ready;
    };

    double rate_;
    double tokens_;
    TimePoint filled_at_;
    std::deque<Waiter> waiters_;
    std::size_t share_ = 0;  ///< what one caller may take while others wait
    bool armed_ = false;
    boost::asio::steady_timer timer_;
};

}  // namespace shoal::net

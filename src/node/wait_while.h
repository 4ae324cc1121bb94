// Waiting a moment for what is about to happen, so that an answer can tell of it.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/time.h"

namespace shoal::node {

/// Returns once the condition does not hold, or the patience is at its end. It is looked at every
/// 20 ms, on the coroutine's executor; what it refers to must outlive this.
template <class Condition>
boost::asio::awaitable<void> wait_while(Condition condition, Duration patience) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    const TimePoint end = Clock::now() + patience;
    while (condition() && Clock::now() < end) {
        timer.expires_after(20ms);
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
}

}  // namespace shoal::node

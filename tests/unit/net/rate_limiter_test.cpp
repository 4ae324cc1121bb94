#include "net/rate_limiter.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <numeric>
#include <thread>
#include <vector>

#include "loop.h"

namespace shoal::net {
namespace {

/// Somebody who always has more to send, `portion` bytes at a time.
class Sender {
  public:
    Sender(RateLimiter& limiter, std::size_t portion) : limiter_(limiter), portion_(portion) {}

    void go() {
        while (const std::size_t allowed = limiter_.allowance(portion_)) {
            limiter_.spend(allowed);
            sent += allowed;
        }
        limiter_.wait(alive_, [this] { go(); });
    }

    std::size_t sent = 0;

  private:
    RateLimiter& limiter_;
    std::size_t portion_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

std::size_t total(const std::vector<Sender>& senders) {
    return std::accumulate(senders.begin(), senders.end(), std::size_t{0},
                           [](std::size_t sum, const Sender& one) { return sum + one.sent; });
}

/// Lets them send for two seconds; bytes a second.
double rate_of(boost::asio::io_context& io, std::vector<Sender>& senders) {
    for (auto& sender : senders) sender.go();
    const TimePoint begin = Clock::now();
    io.run_for(2s);
    return static_cast<double>(total(senders)) / seconds(Clock::now() - begin);
}

TEST(RateLimiter, HoldsTheRateWithinATenth) {
    for (const ByteCount rate : {20'000, 1'000'000, 50'000'000}) {
        boost::asio::io_context io;
        RateLimiter limiter(io.get_executor(), rate);
        std::vector<Sender> senders(1, Sender(limiter, 1 << 20));
        const double reached = rate_of(io, senders);
        EXPECT_NEAR(reached, static_cast<double>(rate), 0.1 * static_cast<double>(rate));
    }
}

TEST(RateLimiter, SharesFairlyWhateverTheSizeOfTheirPortions) {
    boost::asio::io_context io;
    RateLimiter limiter(io.get_executor(), 2'000'000);
    std::vector<Sender> senders;
    for (const std::size_t portion : {4u << 10, 16u << 10, 256u << 10, 1u << 20}) {
        senders.emplace_back(limiter, portion);
    }
    EXPECT_NEAR(rate_of(io, senders), 2e6, 2e5);
    for (const auto& sender : senders) {
        EXPECT_NEAR(static_cast<double>(sender.sent), static_cast<double>(total(senders)) / 4,
                    static_cast<double>(total(senders)) / 10);
    }
}

TEST(RateLimiter, ManyShareALowRate) {
    boost::asio::io_context io;
    RateLimiter limiter(io.get_executor(), 100'000);
    std::vector<Sender> senders(40, Sender(limiter, 16 << 10));
    EXPECT_NEAR(rate_of(io, senders), 1e5, 1e4);
    for (const auto& sender : senders) EXPECT_GT(sender.sent, 0u);
}

TEST(RateLimiter, NoLimitLetsEverythingThrough) {
    boost::asio::io_context io;
    RateLimiter limiter(io.get_executor(), 0);
    limiter.spend(1 << 30);
    EXPECT_EQ(limiter.allowance(std::size_t{1} << 40), std::size_t{1} << 40);
}

TEST(RateLimiter, WhatWasNotUsedIsNotSavedUp) {
    boost::asio::io_context io;
    RateLimiter limiter(io.get_executor(), 1'000'000);
    std::this_thread::sleep_for(500ms);
    EXPECT_LE(limiter.allowance(10 << 20), 100'000u);
}

TEST(RateLimiter, WhoWaitsIsServedOnceTheLimitIsLifted) {
    boost::asio::io_context io;
    RateLimiter limiter(io.get_executor(), 1);
    limiter.spend(1 << 20);
    bool called = false;
    const auto waiter = std::make_shared<int>();
    limiter.wait(waiter, [&] { called = true; });
    limiter.set_rate(0);
    ASSERT_TRUE(testing::run_until(io, [&] { return called; }));
    limiter.set_rate(1'000);
    EXPECT_LE(limiter.allowance(1 << 20), 1'024u);
}

TEST(RateLimiter, WhoIsGoneIsNotCalled) {
    boost::asio::io_context io;
    RateLimiter limiter(io.get_executor(), 1'000'000);
    bool gone_called = false;
    bool other_called = false;
    const auto other = std::make_shared<int>();
    {
        const auto gone = std::make_shared<int>();
        limiter.wait(gone, [&] { gone_called = true; });
    }
    limiter.wait(other, [&] { other_called = true; });
    EXPECT_FALSE(other_called);
    ASSERT_TRUE(testing::run_until(io, [&] { return other_called; }));
    EXPECT_FALSE(gone_called);
}

}  // namespace
}  // namespace shoal::net

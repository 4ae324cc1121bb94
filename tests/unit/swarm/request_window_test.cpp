#include "swarm/request_window.h"

#include <deque>
#include <gtest/gtest.h>

#include "base/ids.h"

namespace shoal::swarm {
namespace {

/// A line with a fixed rate and delay, and a peer that answers requests in order.
std::uint32_t settled_window(double bytes_a_second, Duration round_trip, RequestWindow& window) {
    std::deque<std::pair<TimePoint, TimePoint>> on_the_way;  // sent, arrives
    TimePoint now{1s};
    TimePoint line_free = now;
    const auto block_time = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(block_size / bytes_a_second));
    for (const TimePoint end = now + 20s; now < end;) {
        while (on_the_way.size() < window.size()) {
            line_free = std::max(line_free, now + round_trip) + block_time;
            on_the_way.emplace_back(now, line_free);
        }
        now = on_the_way.front().second;
        const TimePoint sent = on_the_way.front().first;
        on_the_way.pop_front();
        window.on_block(block_size, sent, on_the_way.empty(), now);
    }
    return window.size();
}

TEST(RequestWindow, FillsALongFastLine) {
    RequestWindow window;
    window.set_limit(4096);
    const double rate = 100e6;
    const auto blocks = settled_window(rate, 100ms, window);
    EXPECT_GE(blocks, rate * 0.1 / block_size);
    EXPECT_LE(blocks, rate * 0.1 / block_size * 4);
}

TEST(RequestWindow, StaysSmallOnASlowLine) {
    RequestWindow window;
    EXPECT_LE(settled_window(100e3, 10ms, window), 8u);
}

TEST(RequestWindow, GrowsWhereTheDelayIsThatOfOthersQueues) {
    RequestWindow window;
    TimePoint now{1s};
    for (int block = 0; block < 10; ++block) {
        now += 300ms;
        window.on_block(block_size, now - 2ms, false, now);
    }
    EXPECT_LE(window.size(), 4u);
    // Now the sender's own line is full of what others asked for, and each is given as much as it
    // has asked for in time.
    for (int round = 0; round < 50; ++round) {
        const TimePoint sent = now;
        now += 100ms;
        for (auto left = window.size(); left > 0; --left) {
            window.on_block(block_size, sent, false, now);
        }
    }
    EXPECT_GE(window.size(), 16u);
}

TEST(RequestWindow, KeepsToWhatThePeerQueues) {
    RequestWindow window;
    window.set_limit(20);
    EXPECT_LE(settled_window(100e6, 100ms, window), 20u);
}

TEST(RequestWindow, WidensForAPeerThatWorksByATimer) {
    RequestWindow window;
    window.set_limit(2000);
    // Everything asked for is answered at the next stroke of the peer's half-second timer.
    TimePoint now{1s};
    for (int stroke = 0; stroke < 60; ++stroke, now += 500ms) {
        const std::uint32_t asked = window.size();
        for (std::uint32_t i = 0; i < asked; ++i) {
            window.on_block(block_size, now, i + 1 == asked, now + 499ms);
        }
    }
    EXPECT_GE(window.size(), 500u);
}

TEST(RequestWindow, ProbesWithOneRequestAfterAStall) {
    RequestWindow window;
    settled_window(10e6, 20ms, window);
    window.on_stall();
    EXPECT_EQ(window.size(), 1u);
}

}  // namespace
}  // namespace shoal::swarm

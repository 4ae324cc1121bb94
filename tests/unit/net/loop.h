// What tests of real sockets share: an event loop that runs until something has happened.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>
#include <memory>
#include <utility>

#include "base/time.h"
#include "net/listener.h"
#include "net/tcp_stream.h"

namespace shoal::net::testing {

inline const TcpEndpoint loopback{boost::asio::ip::address_v4::loopback(), 0};

/// Runs the loop until the condition holds; false when it does not within `patience`.
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition condition, Duration patience = 20s) {
    const TimePoint end = Clock::now() + patience;
    while (!condition()) {
        if (Clock::now() >= end) return false;
        io.restart();
        io.run_one_for(50ms);
    }
    return true;
}

/// The two ends of a connection over loopback.
struct Pair {
    std::unique_ptr<Stream> caller;
    std::unique_ptr<Stream> called;
};

inline Pair connect_pair(boost::asio::io_context& io) {
    Pair pair;
    auto listener = Listener::open(io.get_executor(), {loopback});
    EXPECT_TRUE(listener);
    listener->start([&](std::unique_ptr<Stream> stream) { pair.called = std::move(stream); });
    const TcpConnector connector(io.get_executor(), {loopback.address(), listener->port()}, {}, 10s,
                                 [&](Result<std::unique_ptr<Stream>> stream) {
                                     ASSERT_TRUE(stream) << stream.error().message;
                                     pair.caller = std::move(*stream);
                                 });
    EXPECT_TRUE(run_until(io, [&] { return pair.caller && pair.called; }));
    return pair;
}

}  // namespace shoal::net::testing

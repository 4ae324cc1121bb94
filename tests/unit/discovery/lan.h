// What tests of finding trackers share: loopback as the local network, on a port of their own.
#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <gtest/gtest.h>
#include <optional>

#include "../net/loop.h"
#include "discovery/lan_beacon.h"
#include "discovery/lan_finder.h"
#include "net/multicast.h"

namespace shoal::discovery::testing {

class LanTest : public ::testing::Test {
  protected:
    static LanBeacon::Tracker tracker(const std::string& name, std::uint16_t port) {
        LanBeacon::Tracker tracker{name, port, {}, {boost::asio::ip::address_v4::any()}};
        tracker.fingerprint.bytes[0] = static_cast<std::byte>(port);
        return tracker;
    }

    std::vector<FoundTracker> find(Duration time) {
        std::optional<std::vector<FoundTracker>> found;
        boost::asio::co_spawn(io_, find_trackers(time, scope_),
                              [&](const std::exception_ptr& bug, std::vector<FoundTracker> all) {
                                  if (bug) std::rethrow_exception(bug);
                                  found = std::move(all);
                              });
        EXPECT_TRUE(net::testing::run_until(io_, [&] { return found.has_value(); }));
        return found.value_or(std::vector<FoundTracker>{});
    }

    /// A bystander on the same network.
    std::unique_ptr<net::MulticastSocket> open_socket() {
        const auto interfaces = net::link_interfaces();
        EXPECT_TRUE(interfaces);
        for (const auto& interface : *interfaces) {
            if (interface.name != "lo") continue;
            auto socket = net::MulticastSocket::open(io_.get_executor(), interface, lan_group(true),
                                                     scope_.port);
            EXPECT_TRUE(socket) << socket.error().message;
            return socket ? std::move(*socket) : nullptr;
        }
        ADD_FAILURE() << "no loopback interface";
        return nullptr;
    }

    boost::asio::io_context io_{1};
    LanScope scope_{free_port(), {"lo"}};

  private:
    std::uint16_t free_port() {
        using boost::asio::ip::udp;
        return udp::socket(io_, {udp::v4(), 0}).local_endpoint().port();
    }
};

}  // namespace shoal::discovery::testing

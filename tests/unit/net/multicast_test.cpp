#include "net/multicast.h"

#include <algorithm>
#include <boost/asio/ip/multicast.hpp>
#include <boost/asio/ip/udp.hpp>
#include <gtest/gtest.h>

#include "loop.h"

namespace shoal::net {
namespace {

namespace asio = boost::asio;
using asio::ip::make_address;
using asio::ip::udp;

const Address group = make_address("224.0.0.251");

LinkInterface loopback_interface() {
    const auto interfaces = link_interfaces();
    EXPECT_TRUE(interfaces);
    const auto found = std::ranges::find(*interfaces, "lo", &LinkInterface::name);
    return found == interfaces->end() ? LinkInterface{} : *found;
}

/// A port that nobody else uses at the moment.
std::uint16_t free_port(asio::io_context& io) {
    return udp::socket(io, {udp::v4(), 0}).local_endpoint().port();
}

TEST(LinkInterface, LoopbackIsOne) {
    const LinkInterface lo = loopback_interface();
    EXPECT_GT(lo.index, 0u);
    EXPECT_TRUE(lo.has(true));
    EXPECT_EQ(
        std::ranges::count(lo.subnets, LinkInterface::Subnet{asio::ip::address_v4::loopback(), 8}),
        1);
    EXPECT_TRUE(lo.on_link(make_address("127.3.2.1")));
    EXPECT_FALSE(lo.on_link(make_address("192.0.2.1")));
}

TEST(LinkInterface, KnowsWhoIsOnItsLink) {
    const LinkInterface both{2,
                             "eth0",
                             {{make_address("192.168.1.88"), 23},
                              {make_address("fd00:1::2"), 64},
                              {make_address("10.0.0.1"), 32}}};
    for (const auto* text :
         {"192.168.0.1", "192.168.1.255", "fd00:1::ffff", "10.0.0.1", "fe80::1"}) {
        EXPECT_TRUE(both.on_link(make_address(text))) << text;
    }
    for (const auto* text : {"192.168.2.1", "10.0.0.2", "fd00:1:0:1::1", "8.8.8.8", "::"}) {
        EXPECT_FALSE(both.on_link(make_address(text))) << text;
    }
    const LinkInterface v4_alone{2, "eth0", {{make_address("192.168.1.88"), 24}}};
    EXPECT_FALSE(v4_alone.on_link(make_address("fe80::1")));
}

class MulticastTest : public ::testing::Test {
  protected:
    std::unique_ptr<MulticastSocket> open() {
        auto socket = MulticastSocket::open(io_.get_executor(), loopback_interface(), group, port_);
        EXPECT_TRUE(socket) << socket.error().message;
        return socket ? std::move(*socket) : nullptr;
    }
    static MulticastSocket::Handler into(std::vector<std::string>& heard) {
        return [&heard](Bytes datagram, const Address& from) {
            EXPECT_TRUE(from.is_loopback());
            heard.emplace_back(text_of(datagram));
        };
    }

    asio::io_context io_{1};
    std::uint16_t port_ = free_port(io_);
};

TEST_F(MulticastTest, AllOnTheLinkHearWhatOneSays) {
    std::vector<std::string> heard[3];
    const auto a = open();
    const auto b = open();
    const auto c = open();
    a->start(into(heard[0]));
    b->start(into(heard[1]));
    c->start(into(heard[2]));
    ASSERT_TRUE(a->send(bytes_of("one")));
    ASSERT_TRUE(b->send(bytes_of("two")));
    ASSERT_TRUE(testing::run_until(io_, [&] {
        return std::ranges::all_of(heard, [](const auto& one) { return one.size() == 2; });
    }));
    for (const auto& one : heard) EXPECT_EQ(one, (std::vector<std::string>{"one", "two"}));
}

TEST_F(MulticastTest, WhatMayHaveCrossedARouterIsDropped) {
    std::vector<std::string> heard;
    const auto socket = open();
    socket->start(into(heard));
    udp::socket stranger(io_, {udp::v4(), 0});
    stranger.set_option(asio::ip::multicast::outbound_interface(asio::ip::address_v4::loopback()));
    for (const int hops : {254, 1, 255}) {
        stranger.set_option(asio::ip::multicast::hops(hops));
        stranger.send_to(asio::buffer(std::to_string(hops)), {group, port_});
    }
    ASSERT_TRUE(testing::run_until(io_, [&] { return !heard.empty(); }));
    EXPECT_EQ(heard, std::vector<std::string>{"255"});
}

TEST_F(MulticastTest, DatagramsForThePortAloneGoToOthers) {
    std::vector<std::string> heard;
    const auto socket = open();
    socket->start(into(heard));
    udp::socket stranger(io_, {udp::v4(), 0});
    stranger.set_option(asio::ip::unicast::hops(255));
    boost::system::error_code ignored;
    stranger.send_to(asio::buffer(std::string("unicast")),
                     {asio::ip::address_v4::loopback(), port_}, 0, ignored);
    ASSERT_TRUE(socket->send(bytes_of("multicast")));
    ASSERT_TRUE(testing::run_until(io_, [&] { return !heard.empty(); }));
    EXPECT_EQ(heard, std::vector<std::string>{"multicast"});
}

TEST_F(MulticastTest, TheHandlerMayDestroyTheSocket) {
    auto socket = open();
    int calls = 0;
    socket->start([&](Bytes, const Address&) {
        ++calls;
        socket.reset();
    });
    const auto other = open();
    ASSERT_TRUE(other->send(bytes_of("one")));
    ASSERT_TRUE(other->send(bytes_of("two")));
    ASSERT_TRUE(testing::run_until(io_, [&] { return !socket; }));
    io_.restart();
    io_.poll();
    EXPECT_EQ(calls, 1);
}

TEST_F(MulticastTest, AnInterfaceThatIsGoneIsAnError) {
    const LinkInterface gone{0x7fffffff, "gone", {{make_address("192.0.2.1"), 24}}};
    for (const auto* text : {"224.0.0.251", "ff02::fb"}) {
        const auto socket =
            MulticastSocket::open(io_.get_executor(), gone, make_address(text), port_);
        ASSERT_FALSE(socket) << text;
        EXPECT_TRUE(socket.error().message.starts_with("no multicast on the interface gone: "));
    }
}

}  // namespace
}  // namespace shoal::net

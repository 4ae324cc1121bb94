#include "net/endpoint.h"

#include <gtest/gtest.h>

namespace shoal::net {
namespace {

Address address(const char* text) {
    return boost::asio::ip::make_address(text);
}

TEST(HostPort, IsReadInEveryFormPeopleWrite) {
    EXPECT_EQ(*parse_host_port("example.org:80"), (HostPort{"example.org", 80}));
    EXPECT_EQ(*parse_host_port("[2001:db8::1]:6881"), (HostPort{"2001:db8::1", 6881}));
    EXPECT_EQ(*parse_host_port(":5000"), (HostPort{"", 5000}));
    EXPECT_EQ(*parse_host_port("*:0"), (HostPort{"*", 0}));
    EXPECT_EQ(*parse_host_port("7000", 5000), (HostPort{"", 7000}));
    EXPECT_EQ(*parse_host_port("host", 5000), (HostPort{"host", 5000}));
    EXPECT_EQ(*parse_host_port("::1", 5000), (HostPort{"::1", 5000}));
    EXPECT_EQ(*parse_host_port("[::1]", 5000), (HostPort{"::1", 5000}));
}

TEST(HostPort, RefusesWhatIsNone) {
    for (const auto* bad : {"", "host", "host:", "host:x", "host:65536", "host:-1", "[::1",
                            "[::1]x", "[host]:1", "a:b:c", "a b:1", "a/b:1", "[::1]:", "::1"}) {
        EXPECT_FALSE(parse_host_port(bad)) << bad;
    }
}

TEST(Endpoint, IsReadWithoutAResolver) {
    EXPECT_EQ(to_text(*parse_endpoint("192.0.2.1:80")), "192.0.2.1:80");
    EXPECT_EQ(to_text(*parse_endpoint("[2001:db8::1]:80")), "[2001:db8::1]:80");
    EXPECT_EQ(to_text(*parse_endpoint("[::ffff:192.0.2.1]:80")), "192.0.2.1:80");
    EXPECT_FALSE(parse_endpoint("localhost:80"));
}

TEST(Endpoint, AnEmptyHostListensOnBothFamilies) {
    const auto all = listen_endpoints({"", 5000});
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 2u);
    EXPECT_TRUE((*all)[0].address().is_v4());
    EXPECT_TRUE((*all)[1].address().is_v6());
    EXPECT_EQ(listen_endpoints({"127.0.0.1", 1})->size(), 1u);
}

TEST(Reach, TellsHowFarAnAddressIs) {
    for (const auto* text :
         {"127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"}) {
        EXPECT_EQ(reach_of(address(text)), Reach::host) << text;
    }
    for (const auto* text : {"169.254.169.254", "fe80::1"}) {
        EXPECT_EQ(reach_of(address(text)), Reach::link) << text;
    }
    for (const auto* text : {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
                             "100.64.0.1", "fd00::1", "64:ff9b::7f00:1", "::ffff:10.0.0.1"}) {
        EXPECT_EQ(reach_of(address(text)), Reach::site) << text;
    }
    for (const auto* text : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1"}) {
        EXPECT_EQ(reach_of(address(text)), Reach::global) << text;
    }
    for (const auto* text : {"224.0.0.1", "255.255.255.255", "ff02::1"}) {
        EXPECT_EQ(reach_of(address(text)), Reach::unreachable) << text;
    }
}

TEST(AddressRange, HoldsTheAddressesOfItsPrefix) {
    const auto range = AddressRange::parse("10.32.0.0/11");
    ASSERT_TRUE(range);
    EXPECT_TRUE(range->contains(address("10.63.255.255")));
    EXPECT_TRUE(range->contains(address("::ffff:10.33.0.1")));
    EXPECT_FALSE(range->contains(address("10.64.0.0")));
    EXPECT_FALSE(range->contains(address("::1")));
    EXPECT_TRUE(AddressRange::parse("0.0.0.0/0")->contains(address("255.255.255.255")));
    EXPECT_FALSE(AddressRange::parse("0.0.0.0/0")->contains(address("::1")));
    EXPECT_TRUE(AddressRange::parse("fd00::/8")->contains(address("fdff::1")));
    EXPECT_TRUE(AddressRange::parse("192.0.2.7")->contains(address("192.0.2.7")));
    EXPECT_FALSE(AddressRange::parse("192.0.2.7")->contains(address("192.0.2.6")));
}

TEST(AddressRange, RefusesWhatIsNone) {
    for (const auto* bad : {"", "x", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8",
                            "fd00::/129", "10.0.0.0/8x"}) {
        EXPECT_FALSE(AddressRange::parse(bad)) << bad;
    }
}

TEST(Endpoint, AllAddressesAreReachedByOneThatOthersCanUse) {
    namespace ip = boost::asio::ip;
    const TcpEndpoint one(ip::make_address("10.0.0.1"), 5000);
    EXPECT_EQ(reachable_endpoint(one), one);
    for (const Address& all : {Address(ip::address_v4::any()), Address(ip::address_v6::any())}) {
        const auto reached = reachable_endpoint({all, 5000});
        EXPECT_EQ(reached.port(), 5000);
        EXPECT_EQ(reached.address().is_v4(), all.is_v4());
        EXPECT_TRUE(reached.address() == outward_address() || reached.address().is_loopback());
    }
}

}  // namespace
}  // namespace shoal::net

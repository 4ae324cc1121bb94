#include "discovery/lan_finder.h"

#include <gmock/gmock.h>

#include "lan.h"

namespace shoal::discovery {
namespace {

using ::testing::IsEmpty;

class LanFinderTest : public testing::LanTest {};

TEST_F(LanFinderTest, FindsAllTrackersWithTheirKeys) {
    const LanBeacon a(io_.get_executor(), tracker("Lớp 7A", 5000), scope_);
    const LanBeacon b(io_.get_executor(), tracker("Alpha", 5001), scope_);
    const auto found = find(1500ms);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].name, "Alpha");
    EXPECT_EQ(found[0].port, 5001);
    EXPECT_EQ(found[1].name, "Lớp 7A");
    EXPECT_EQ(found[1].port, 5000);
    EXPECT_EQ(found[1].fingerprint, tracker("", 5000).fingerprint);
    ASSERT_FALSE(found[1].addresses.empty());
    EXPECT_EQ(found[1].addresses[0], boost::asio::ip::address_v4::loopback());
}

TEST_F(LanFinderTest, FindsNothingWhereNobodyIs) {
    EXPECT_THAT(find(50ms), IsEmpty());
    scope_.interfaces = {"no-such-interface"};
    EXPECT_THAT(find(50ms), IsEmpty());
}

TEST_F(LanFinderTest, ATrackerThatHasGoneIsNotFound) {
    std::optional<LanBeacon> beacon;
    beacon.emplace(io_.get_executor(), tracker("x", 5000), scope_);
    ASSERT_EQ(find(1500ms).size(), 1u);
    beacon.reset();
    EXPECT_THAT(find(300ms), IsEmpty());
}

TEST_F(LanFinderTest, AddressesOfOtherNetworksAndNonsenseAreNotBelieved) {
    const auto liar = open_socket();
    const auto say = [&](Bytes bytes) { ASSERT_TRUE(liar->send(bytes)); };
    using boost::asio::ip::make_address;
    // It speaks when it hears the question.
    liar->start([&](Bytes datagram, const net::Address&) {
        const auto message = parse_dns_message(datagram);
        if (!message || message->response) return;
        say(bytes_of("nonsense"));
        say(bytes_of(std::string(8000, '\xc0')));
        say(lan_answer({"far away", 1, {}, {make_address("192.0.2.1")}}));
        say(lan_answer({"mixed", 2, {}, {make_address("8.8.8.8"), make_address("127.0.0.9")}}));
    });
    const auto found = find(300ms);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "mixed");
    EXPECT_EQ(found[0].addresses, std::vector{make_address("127.0.0.9")});
}

TEST_F(LanFinderTest, AFloodOfTrackersIsBounded) {
    const auto liar = open_socket();
    liar->start([&](Bytes datagram, const net::Address&) {
        const auto message = parse_dns_message(datagram);
        if (!message || message->response) return;
        for (std::uint16_t i = 1; i <= 2 * max_found_trackers; ++i) {
            const LanService one{"x", i, {}, {boost::asio::ip::address_v4::loopback()}};
            ASSERT_TRUE(liar->send(lan_answer(one)));
        }
    });
    EXPECT_EQ(find(500ms).size(), max_found_trackers);
}

}  // namespace
}  // namespace shoal::discovery

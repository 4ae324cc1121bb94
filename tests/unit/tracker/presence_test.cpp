#include "tracker/presence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::tracker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

net::Address address(const char* text) {
    return boost::asio::ip::make_address(text);
}
net::TcpEndpoint at(const char* text, std::uint16_t port) {
    return {address(text), port};
}

class PresenceTest : public ::testing::Test {
  protected:
    TimePoint now = Clock::now();
    Presence presence{10s};
};

TEST_F(PresenceTest, AnAddressIsKnownWhileSomePeerIsThere) {
    presence.announced(at("10.0.0.1", 1), 7, now);
    presence.announced(at("10.0.0.1", 2), 8, now);
    EXPECT_TRUE(presence.knows(address("10.0.0.1")));
    EXPECT_FALSE(presence.knows(address("10.0.0.2")));
    EXPECT_TRUE(presence.remove(at("10.0.0.1", 1)));
    EXPECT_TRUE(presence.knows(address("10.0.0.1")));
    EXPECT_TRUE(presence.remove(at("10.0.0.1", 2)));
    EXPECT_FALSE(presence.knows(address("10.0.0.1")));
    EXPECT_FALSE(presence.remove(at("10.0.0.1", 2)));
}

TEST_F(PresenceTest, CountsMembersOnceAndDaemons) {
    presence.announced(at("10.0.0.1", 1), 7, now);
    presence.announced(at("10.0.0.1", 2), 7, now);
    presence.registered(at("10.0.0.2", 1), 8, 100, now);
    EXPECT_EQ(presence.members(), 2u);
    EXPECT_EQ(presence.daemons(), 1u);
    presence.announced(at("10.0.0.2", 1), 7, now);  // another member at the same address
    EXPECT_EQ(presence.members(), 1u);
    presence.remove(at("10.0.0.1", 1));
    EXPECT_EQ(presence.members(), 1u);
    presence.remove_member(7);
    EXPECT_EQ(presence.members(), 0u);
    EXPECT_EQ(presence.daemons(), 0u);
}

TEST_F(PresenceTest, WhoIsNotSeenIsGoneAfterItsTime) {
    presence.announced(at("10.0.0.1", 1), 7, now);
    presence.announced(at("10.0.0.2", 1), 7, now + 5s);
    EXPECT_THAT(presence.expire(now + 9s), IsEmpty());
    presence.announced(at("10.0.0.1", 1), 7, now + 9s);
    EXPECT_THAT(presence.expire(now + 16s), ElementsAre(at("10.0.0.2", 1)));
    EXPECT_THAT(presence.expire(now + 19s), ElementsAre(at("10.0.0.1", 1)));
    EXPECT_TRUE(presence.peers().empty());
}

TEST_F(PresenceTest, ADaemonThatMovesLeavesItsFormerAddress) {
    EXPECT_EQ(presence.registered(at("10.0.0.1", 1), 7, 100, now), std::nullopt);
    EXPECT_EQ(presence.registered(at("10.0.0.1", 1), 7, 100, now), std::nullopt);
    EXPECT_EQ(presence.registered(at("10.0.0.9", 1), 7, 100, now), at("10.0.0.1", 1));
    EXPECT_FALSE(presence.knows(address("10.0.0.1")));
    EXPECT_EQ(presence.daemon_at(100), at("10.0.0.9", 1));
}

TEST_F(PresenceTest, AnAddressTakenOverByAnotherDaemonIsItsAlone) {
    presence.registered(at("10.0.0.1", 1), 7, 100, now);
    presence.registered(at("10.0.0.1", 1), 8, 200, now);
    EXPECT_EQ(presence.daemon_at(100), std::nullopt);
    EXPECT_EQ(presence.daemon_at(200), at("10.0.0.1", 1));
    EXPECT_EQ(presence.find(at("10.0.0.1", 1))->member, 8);
}

TEST_F(PresenceTest, AMemberWhoIsShutOutLeavesWithAllPeers) {
    presence.registered(at("10.0.0.1", 1), 7, 100, now);
    presence.announced(at("10.0.0.1", 2), 7, now);
    presence.announced(at("10.0.0.1", 3), 8, now);
    EXPECT_THAT(presence.remove_member(7), ElementsAre(at("10.0.0.1", 1), at("10.0.0.1", 2)));
    EXPECT_EQ(presence.peers().size(), 1U);
    EXPECT_EQ(presence.daemon_at(100), std::nullopt);
}

TEST(Presence, IsBounded) {
    Presence presence(10s, 1);
    presence.announced(at("10.0.0.1", 1), 7, Clock::now());
    presence.announced(at("10.0.0.1", 2), 7, Clock::now());
    presence.registered(at("10.0.0.1", 3), 7, 100, Clock::now());
    EXPECT_EQ(presence.peers().size(), 1U);
    EXPECT_EQ(presence.daemon_at(100), std::nullopt);
}

TEST_F(PresenceTest, TellsOnceWhoHasCome) {
    presence.announced(at("10.0.0.1", 1), 7, now);
    presence.watch_newcomers();
    EXPECT_THAT(presence.newcomers(10), IsEmpty()) << "that one was there before";
    presence.announced(at("10.0.0.1", 1), 7, now);
    for (std::uint16_t port = 2; port < 5; ++port) presence.announced(at("10.0.0.1", port), 7, now);
    presence.remove(at("10.0.0.1", 3));
    presence.registered(at("10.0.0.2", 1), 8, 100, now);  // told otherwise
    ASSERT_EQ(presence.newcomers(1).size(), 1u) << "no more than the limit";
    const auto last = presence.newcomers(10);
    ASSERT_EQ(last.size(), 1u);
    EXPECT_EQ(last[0].endpoint, at("10.0.0.1", 4));
    EXPECT_THAT(presence.newcomers(10), IsEmpty());

    presence.announced(at("10.0.0.1", 2), 8, now);
    const auto others = presence.newcomers(10);
    ASSERT_EQ(others.size(), 1u) << "it is another member's now";
    EXPECT_EQ(others[0].member, 8);
}

}  // namespace
}  // namespace shoal::tracker

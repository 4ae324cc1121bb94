#include "engine/peer_list.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <gtest/gtest.h>
#include <set>

namespace shoal::engine {
namespace {

net::TcpEndpoint peer(std::uint32_t host, std::uint16_t port = 6881) {
    return {boost::asio::ip::address_v4(0x0a000000 + host), port};
}

class PeerListTest : public ::testing::Test {
  protected:
    PeerList list_{1};
    TimePoint now_{1h};
};

TEST_F(PeerListTest, EachIsCalledOnceUntilItIsDone) {
    for (std::uint32_t i = 0; i < 10; ++i) list_.add(peer(i));
    list_.add(peer(3));
    EXPECT_EQ(list_.size(), 10u);
    std::set<net::TcpEndpoint> called;
    while (const auto next = list_.next(now_)) called.insert(*next);
    EXPECT_EQ(called.size(), 10u);
    list_.ended(peer(3), now_ + 1min);
    EXPECT_FALSE(list_.next(now_));
    EXPECT_EQ(list_.next(now_ + 1min), peer(3));
}

TEST_F(PeerListTest, TwoListsDoNotCallInTheSameOrder) {
    PeerList other(2);
    std::vector<net::TcpEndpoint> here, there;
    for (std::uint32_t i = 0; i < 20; ++i) {
        list_.add(peer(i));
        other.add(peer(i));
    }
    for (int i = 0; i < 20; ++i) {
        here.push_back(*list_.next(now_));
        there.push_back(*other.next(now_));
    }
    EXPECT_NE(here, there);
}

TEST_F(PeerListTest, FailuresAreLeftAloneForLongerEachTimeUpToTenMinutes) {
    list_.add(peer(1));
    ASSERT_TRUE(list_.next(now_));
    Duration before{};
    for (int i = 0; i < 12; ++i) {
        list_.failed(peer(1), now_);
        const TimePoint failed_at = now_;
        while (now_ < failed_at + 1h && !list_.next(now_)) now_ += 1s;
        const Duration pause = now_ - failed_at;
        EXPECT_GE(pause, std::max<Duration>(before, 2s));
        EXPECT_LE(pause, 10min);
        before = pause;
    }
    EXPECT_EQ(before, 10min);
}

TEST_F(PeerListTest, ThoseThatNeverFailedComeFirst) {
    list_.add(peer(1));
    static_cast<void>(list_.next(now_));
    list_.failed(peer(1), now_);
    list_.add(peer(2));
    now_ += 1h;
    EXPECT_EQ(list_.next(now_), peer(2));
    EXPECT_EQ(list_.next(now_), peer(1));
}

TEST_F(PeerListTest, WhoHasCalledUsIsNotCalled) {
    list_.add(peer(1));
    list_.connected(peer(1));
    EXPECT_FALSE(list_.next(now_));
}

TEST_F(PeerListTest, TheBannedAreNeitherCalledNorTakenUpAgain) {
    list_.add(peer(1));
    list_.ban(peer(1));
    list_.add(peer(1));
    EXPECT_FALSE(list_.next(now_));
    EXPECT_TRUE(list_.is_banned(peer(1)));
    EXPECT_FALSE(list_.is_banned(peer(1, 7000)));
}

TEST_F(PeerListTest, AnAddressIsBannedOnlyAfterSeveralOfItLied) {
    list_.punish(peer(1, 1000));
    EXPECT_TRUE(list_.is_banned(peer(1, 1000)));
    for (std::uint16_t port = 1001; port < 1007; ++port) list_.punish(peer(1, port));
    EXPECT_FALSE(list_.is_banned(peer(1, 2000)));
    list_.punish(peer(1, 1007));
    EXPECT_TRUE(list_.is_banned(peer(1, 2000)));
    EXPECT_FALSE(list_.is_banned(peer(2, 1000)));
}

TEST_F(PeerListTest, TheirNumberIsBounded) {
    for (std::uint32_t i = 0; i < 10'000; ++i) list_.add(peer(i));
    EXPECT_EQ(list_.size(), 2000u);
    list_.add(peer(1, 0));  // nobody can be called there
    EXPECT_EQ(list_.size(), 2000u);
}

}  // namespace
}  // namespace shoal::engine

#include "discovery/lan_beacon.h"

#include <gmock/gmock.h>

#include "lan.h"

namespace shoal::discovery {
namespace {

using net::testing::run_until;

/// When each answer was heard, and what it said.
struct Heard {
    TimePoint when;
    DnsMessage message;
};

class LanBeaconTest : public testing::LanTest {
  protected:
    void SetUp() override {
        bystander_ = open_socket();
        ASSERT_TRUE(bystander_);
        bystander_->start([this](Bytes datagram, const net::Address&) {
            auto message = parse_dns_message(datagram);
            ASSERT_TRUE(message);
            if (message->response) heard_.push_back({Clock::now(), std::move(*message)});
        });
    }

    std::unique_ptr<net::MulticastSocket> bystander_;
    std::vector<Heard> heard_;
};

TEST_F(LanBeaconTest, AnnouncesItselfTwiceAndThenKeepsQuiet) {
    const LanBeacon beacon(io_.get_executor(), tracker("x", 5000), scope_);
    ASSERT_TRUE(run_until(io_, [&] { return heard_.size() == 2; }));
    EXPECT_GE(heard_[1].when - heard_[0].when, 900ms);
    EXPECT_EQ(lan_services_in(heard_[0].message).at(0).name, "x");
    EXPECT_FALSE(run_until(io_, [&] { return heard_.size() > 2; }, 1500ms));
}

TEST_F(LanBeaconTest, AnswersOnceASecondHoweverOftenItIsAsked) {
    const LanBeacon beacon(io_.get_executor(), tracker("x", 5000), scope_);
    ASSERT_TRUE(run_until(io_, [&] { return heard_.size() == 2; }));
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(bystander_->send(lan_question()));
    ASSERT_TRUE(run_until(io_, [&] { return heard_.size() == 3; }));
    EXPECT_GE(heard_[2].when - heard_[1].when, 900ms);
    EXPECT_FALSE(run_until(io_, [&] { return heard_.size() > 3; }, 1500ms));
    // And later it answers again, at once.
    const TimePoint asked = Clock::now();
    ASSERT_TRUE(bystander_->send(lan_question()));
    ASSERT_TRUE(run_until(io_, [&] { return heard_.size() == 4; }));
    EXPECT_LT(heard_[3].when - asked, 900ms);
}

TEST_F(LanBeaconTest, SaysGoodbye) {
    std::optional<LanBeacon> beacon;
    beacon.emplace(io_.get_executor(), tracker("x", 5000), scope_);
    ASSERT_TRUE(run_until(io_, [&] { return !heard_.empty(); }));
    heard_.clear();
    beacon.reset();
    ASSERT_TRUE(run_until(io_, [&] { return !heard_.empty(); }));
    for (const auto& record : heard_[0].message.answers) EXPECT_EQ(record.ttl, 0u);
}

TEST_F(LanBeaconTest, IsSilentWhereTheTrackerDoesNotListen) {
    auto elsewhere = tracker("elsewhere", 5000);
    elsewhere.listening = {boost::asio::ip::make_address("192.0.2.1")};
    auto here = tracker("here", 5001);
    here.listening = {boost::asio::ip::make_address("127.0.0.1")};
    const LanBeacon silent(io_.get_executor(), elsewhere, scope_);
    const LanBeacon speaking(io_.get_executor(), here, scope_);
    ASSERT_TRUE(run_until(io_, [&] { return heard_.size() == 2; }));
    for (const auto& one : heard_) EXPECT_EQ(lan_services_in(one.message).at(0).name, "here");
}

TEST_F(LanBeaconTest, LivesThroughNonsense) {
    const LanBeacon beacon(io_.get_executor(), tracker("x", 5000), scope_);
    bystander_.reset();
    const auto liar = open_socket();
    for (const std::string& nonsense :
         {std::string(), std::string("x"), std::string(12, '\0'), std::string(8000, '\xff')}) {
        ASSERT_TRUE(liar->send(bytes_of(nonsense)));
    }
    EXPECT_EQ(find(1500ms).size(), 1u);
}

}  // namespace
}  // namespace shoal::discovery

#include "node/group_admission.h"

#include <gtest/gtest.h>

namespace shoal::node {
namespace {

net::Address address(int last) {
    return boost::asio::ip::make_address("10.0.0." + std::to_string(last));
}

class GroupAdmissionTest : public ::testing::Test {
  protected:
    GroupAdmissionTest() { join(); }
    void join() {
        admission_->set_group(
            [this](const net::Address& asked, std::function<void(Result<bool>)> answer) {
                asked_.push_back(asked);
                answers_.push_back(std::move(answer));
            });
    }
    void call(int last) {
        admission_->ask(address(last), [this](bool admitted) { outcomes_.push_back(admitted); });
    }

    AdmissionLimits limits_{.questions = 4, .callers = 3, .addresses = 8};
    std::shared_ptr<GroupAdmission> admission_ = std::make_shared<GroupAdmission>(limits_);
    std::vector<net::Address> asked_;
    std::vector<std::function<void(Result<bool>)>> answers_;
    std::vector<bool> outcomes_;
};

TEST_F(GroupAdmissionTest, ACallerWaitsForTheTrackersAnswer) {
    call(1);
    EXPECT_TRUE(outcomes_.empty());
    EXPECT_EQ(asked_, std::vector{address(1)});
    answers_.at(0)(true);
    EXPECT_EQ(outcomes_, std::vector{true});
    call(2);
    answers_.at(1)(false);
    EXPECT_EQ(outcomes_, (std::vector{true, false}));
}

TEST_F(GroupAdmissionTest, AnAddressIsAskedAboutOnceForManyCallers) {
    call(1);
    call(1);
    EXPECT_EQ(asked_.size(), 1u);
    answers_.at(0)(true);
    EXPECT_EQ(outcomes_, (std::vector{true, true}));
    call(1);
    EXPECT_EQ(asked_.size(), 1u);
    EXPECT_EQ(outcomes_.size(), 3u);
}

TEST_F(GroupAdmissionTest, TooManyCallersAreTurnedAway) {
    for (int i = 0; i < 5; ++i) call(1);
    EXPECT_EQ(outcomes_, (std::vector{false, false}));
    for (int last = 2; last < 7; ++last) call(last);
    EXPECT_EQ(asked_.size(), limits_.questions);
    EXPECT_EQ(outcomes_.size(), 4u);
}

TEST_F(GroupAdmissionTest, ManyAddressesAreForgottenAgain) {
    for (int last = 1; last < 100; ++last) {
        call(last);
        answers_.back()(true);
    }
    EXPECT_EQ(outcomes_, std::vector<bool>(99, true));
    call(1);
    EXPECT_EQ(asked_.size(), 100u);
}

TEST_F(GroupAdmissionTest, InAnOutageThoseWhoWereKnownAreLetIn) {
    limits_.yes = Duration(0);
    admission_ = std::make_shared<GroupAdmission>(limits_);
    join();
    call(1);
    answers_.back()(true);
    call(1);
    answers_.back()(fail(ErrorCode::timeout, "no answer"));
    call(2);
    answers_.back()(fail(ErrorCode::timeout, "no answer"));
    EXPECT_EQ(outcomes_, (std::vector{true, true, false}));
}

TEST_F(GroupAdmissionTest, ARefusalDoesNotHoldForLong) {
    limits_.no = Duration(0);
    admission_ = std::make_shared<GroupAdmission>(limits_);
    join();
    call(1);
    answers_.back()(false);
    call(1);
    answers_.back()(true);
    EXPECT_EQ(outcomes_, (std::vector{false, true}));
}

TEST_F(GroupAdmissionTest, WithoutAGroupNobodyIsLetIn) {
    call(1);
    admission_->set_group({});
    EXPECT_EQ(outcomes_, std::vector{false});
    call(1);
    EXPECT_EQ(outcomes_, (std::vector{false, false}));
    answers_.at(0)(true);  // of the former group
    EXPECT_EQ(outcomes_.size(), 2u);
}

TEST_F(GroupAdmissionTest, TheTrackerMayAlwaysCall) {
    admission_->trust(address(9));
    call(9);
    EXPECT_EQ(outcomes_, std::vector{true});
    EXPECT_TRUE(asked_.empty());
}

}  // namespace
}  // namespace shoal::node

#include "node/account.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "../disk/temp_folder.h"

namespace shoal::node {
namespace {

class AccountTest : public ::testing::Test {
  protected:
    disk::testing::TempFolder folder_;
};

TEST_F(AccountTest, IsReadAsItWasSaved) {
    Account account{.tracker = "http://10.0.0.1:5000", .user = "Lan", .token = "secret"};
    account.fingerprint.bytes.fill(std::byte{7});
    ASSERT_TRUE(account.save(folder_ / "made"));
    struct stat status{};
    ASSERT_EQ(::stat((folder_ / "made/account.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    const auto read = Account::load(folder_ / "made");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->tracker, account.tracker);
    EXPECT_EQ(read->fingerprint, account.fingerprint);
    EXPECT_EQ(read->user, account.user);
    EXPECT_EQ(read->token, account.token);
}

TEST_F(AccountTest, WithoutOneTheErrorSaysHowToGetOne) {
    const auto none = Account::load(folder_.path());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
    EXPECT_NE(none.error().message.find("--join"), std::string::npos);
}

TEST_F(AccountTest, ADamagedOneIsRefused) {
    for (const char* text : {"", "[]", "{}", R"({"tracker":"http://a:1"})",
                             R"({"tracker":"http://a:1","fingerprint":"short"})"}) {
        std::ofstream(folder_ / "account.json") << text;
        EXPECT_EQ(Account::load(folder_.path()).error().code, ErrorCode::bad_data) << text;
    }
}

TEST_F(AccountTest, AJoinLinkNamesTheTrackerAndItsKey) {
    discovery::JoinLink link{.host = "10.0.0.1", .port = 5000};
    link.fingerprint.bytes.fill(std::byte{9});
    const Account account = Account::of(link);
    EXPECT_EQ(account.tracker, "http://10.0.0.1:5000");
    EXPECT_EQ(account.fingerprint, link.fingerprint);
    EXPECT_FALSE(account.token);
}

}  // namespace
}  // namespace shoal::node

#include "catalogue/secrets.h"

#include <fstream>
#include <gmock/gmock.h>
#include <set>
#include <sys/stat.h>
#include <thread>

#include "support.h"

namespace shoal::catalogue {
namespace {

class SecretsTest : public testing::Test {
  protected:
    Secrets open() {
        auto secrets = Secrets::open(file_);
        EXPECT_TRUE(secrets) << secrets.error().message;
        return std::move(*secrets);
    }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_.path() / "tracker.key";
};

TEST_F(SecretsTest, TheKeyIsPrivateAndStaysTheSame) {
    const std::string first = open().derive(SecretKind::passkey, 7, 1);
    struct stat status{};
    ASSERT_EQ(::stat(file_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_EQ(open().derive(SecretKind::passkey, 7, 1), first);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1)
        << "nothing temporary is left";
}

TEST_F(SecretsTest, ProcessesThatStartAtOnceGetOneKey) {
    std::vector<std::string> derived(8);
    {
        std::vector<std::jthread> threads;
        for (auto& one : derived) {
            threads.emplace_back([&] { one = open().derive(SecretKind::setup, 0, 0); });
        }
    }
    EXPECT_EQ(std::set(derived.begin(), derived.end()).size(), 1u);
}

TEST_F(SecretsTest, AFileThatIsNoKeyOrNoSecretIsRefused) {
    std::ofstream(file_) << "short";
    ::chmod(file_.c_str(), 0600);
    const auto damaged = Secrets::open(file_);
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, ErrorCode::bad_data);
    std::filesystem::remove(file_);
    open();
    ::chmod(file_.c_str(), 0640);
    const auto shared = Secrets::open(file_);
    ASSERT_FALSE(shared);
    EXPECT_EQ(shared.error().code, ErrorCode::refused);
    EXPECT_THAT(shared.error().message, testing::HasSubstr("chmod 600"));
}

TEST_F(SecretsTest, AFolderThatIsMissingIsNamed) {
    const auto secrets = Secrets::open(folder_.path() / "no" / "key");
    ASSERT_FALSE(secrets);
    EXPECT_EQ(secrets.error().code, ErrorCode::not_found);
}

TEST_F(SecretsTest, ADerivedTextIsGoodForOneThingAlone) {
    const Secrets secrets = open();
    const std::string text = secrets.derive(SecretKind::passkey, 7, 2);
    EXPECT_EQ(text.size(), Secrets::derived_characters);
    EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
    EXPECT_EQ(Secrets::claimed_id(text), 7);
    EXPECT_TRUE(secrets.verify(text, SecretKind::passkey, 7, 2));
    EXPECT_FALSE(secrets.verify(text, SecretKind::passkey, 7, 1));
    EXPECT_FALSE(secrets.verify(text, SecretKind::passkey, 8, 2));
    EXPECT_FALSE(secrets.verify(text, SecretKind::invitation, 7, 2));
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(secrets.verify(changed, SecretKind::passkey, 7, 2)) << i;
    }
}

TEST_F(SecretsTest, TextsOfAnotherFormClaimNothing) {
    for (const std::string& text :
         {std::string(), std::string(31, 'A'), std::string(33, 'A'), std::string(32, '+'),
          std::string(32, '\0'), std::string(31, 'A') + "="}) {
        EXPECT_EQ(Secrets::claimed_id(text), std::nullopt) << text;
    }
}

TEST(TokenTest, TokensAreLongAndNeverTheSame) {
    const std::string token = new_token();
    EXPECT_EQ(token.size(), 43u);
    EXPECT_NE(token, new_token());
    EXPECT_EQ(token_hash(token).size(), 64u);
    EXPECT_NE(token_hash(token), token_hash(token + "x"));
}

TEST(SameSecret, IsTheSameAsAWhole) {
    const std::string token = new_token();
    EXPECT_TRUE(same_secret(token, std::string(token)));
    EXPECT_FALSE(same_secret(token, new_token()));
    EXPECT_FALSE(same_secret(token, token.substr(1)));
    EXPECT_FALSE(same_secret(token, ""));
    EXPECT_TRUE(same_secret("", ""));
}

}  // namespace
}  // namespace shoal::catalogue

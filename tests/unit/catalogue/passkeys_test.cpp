#include "catalogue/passkeys.h"

#include "support.h"

namespace shoal::catalogue {
namespace {

TEST(PasskeysTest, OnlyThePresentPasskeyOfAnEnabledUserIsGood) {
    const TemporaryFolder folder;
    const auto secrets = Secrets::open(folder.path() / "key");
    ASSERT_TRUE(secrets);
    Passkeys passkeys(*secrets);
    EXPECT_EQ(passkeys.of_user(7), std::nullopt);
    passkeys.set(7, {1, true});
    const std::string first = passkeys.of_user(7).value();
    EXPECT_EQ(passkeys.user_of(first), 7);

    passkeys.set(7, {2, true});
    EXPECT_EQ(passkeys.user_of(first), std::nullopt) << "revoked";
    const std::string second = passkeys.of_user(7).value();
    passkeys.set(7, {2, false});
    EXPECT_EQ(passkeys.user_of(second), std::nullopt) << "disabled";
    passkeys.replace_all({{7, {2, true}}});
    EXPECT_EQ(passkeys.user_of(second), 7);
    EXPECT_EQ(passkeys.user_of(secrets->derive(SecretKind::passkey, 8, 1)), std::nullopt);
    EXPECT_EQ(passkeys.user_of(secrets->derive(SecretKind::invitation, 7, 2)), std::nullopt);
}

}  // namespace
}  // namespace shoal::catalogue

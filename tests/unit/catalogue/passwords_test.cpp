#include "catalogue/passwords.h"

#include <ctime>
#include <gmock/gmock.h>

#include "support.h"

namespace shoal::catalogue {
namespace {

TEST(PasswordsTest, AHashIsArgon2idAndFitsItsPasswordAlone) {
    const Passwords passwords(cheap_passwords);
    const auto hash = passwords.hash("123456");
    ASSERT_TRUE(hash);
    EXPECT_THAT(*hash, testing::StartsWith("$argon2id$"));
    EXPECT_NE(*hash, passwords.hash("123456").value()) << "salted";
    EXPECT_TRUE(passwords.verify(*hash, "123456"));
    EXPECT_FALSE(passwords.verify(*hash, "1234567"));
    EXPECT_FALSE(passwords.verify(std::nullopt, "123456"));
    EXPECT_FALSE(passwords.verify("no hash", "123456"));
}

TEST(PasswordsTest, AnUnknownUserTakesAsLongAsAWrongPassword) {
    const Passwords passwords(PasswordCost{2, 8 << 20});
    const std::optional<std::string> hash = passwords.hash("123456").value();
    // Processor time, which other programs on the machine do not lengthen much.
    const auto cost_of = [&](const std::optional<std::string>& against) {
        const std::clock_t begin = std::clock();
        for (int i = 0; i < 10; ++i) EXPECT_FALSE(passwords.verify(against, "wrong"));
        return static_cast<double>(std::clock() - begin);
    };
    const double known = cost_of(hash);
    EXPECT_GT(cost_of(std::nullopt), known / 3);
    EXPECT_LT(cost_of(std::nullopt), known * 3);
}

TEST(PasswordsTest, ItsDefaultCostIsTheInteractiveOne) {
    EXPECT_THAT(Passwords().hash("x").value(),
                testing::StartsWith("$argon2id$v=19$m=65536,t=2,p=1$"));
}

TEST(PasswordsTest, LengthIsCountedInCharactersAndBounded) {
    EXPECT_TRUE(check_password("123456", 6)) << "as short as the operator allows";
    EXPECT_FALSE(check_password("123456", 8));
    EXPECT_FALSE(check_password("ạạạạ", 8)) << "four characters, whatever their bytes";
    EXPECT_FALSE(check_password("", 0));
    EXPECT_TRUE(check_password(std::string(1024, 'a'), 8));
    EXPECT_FALSE(check_password(std::string(1025, 'a'), 8));
    EXPECT_FALSE(check_password(std::string("12345678\0", 9), 8));
    EXPECT_FALSE(check_password("\xff\xff\xff\xff\xff\xff\xff\xff", 8));
}

TEST(PasswordsTest, EveryKeyboardTypesTheSamePassword) {
    EXPECT_EQ(check_password("ma\u0323\u0302t kh", 6).value(), check_password("m\u1ead"
                                                                              "t kh",
                                                                              6)
                                                                   .value());
}

}  // namespace
}  // namespace shoal::catalogue

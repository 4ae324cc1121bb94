#include "catalogue/names.h"

#include <gtest/gtest.h>

namespace shoal::catalogue {
namespace {

std::string folded(std::string_view name) {
    return check_user_name(name).value();
}

TEST(NamesTest, UsersAreToldApartByFoldedNames) {
    EXPECT_EQ(folded("Đặng Anh"), folded("đặng ANH"));
    EXPECT_EQ(folded("Tu\u0301"), folded("T\u00fa")) << "Unicode form";
    EXPECT_NE(folded("Tu"), folded("Tú")) << "marks make another name";
}

TEST(NamesTest, UserNamesThatDeceiveAreRefused) {
    const std::string longest = std::string(63, 'a') + "ạ";
    EXPECT_TRUE(check_user_name(longest));
    for (const std::string& name :
         {std::string(), longest + "a", std::string("a/b"), std::string("a\\b"),
          std::string("a\nb"), std::string("a\0b", 3), std::string("\xff"), std::string("a\u202eb"),
          std::string("a\u200bb"), std::string("a\u00adb"), std::string(" a"),
          std::string("a\u00a0"), std::string("\u3164"), std::string("\ue000")}) {
        EXPECT_FALSE(check_user_name(name)) << name;
    }
}

TEST(NamesTest, SharedNamesAreNamesOfFiles) {
    for (const std::string name : {"Bài giảng.pdf", "a b", "%_'\";--", "👩‍🚀.mp4", "..."}) {
        EXPECT_TRUE(check_shared_name(name)) << name;
    }
    for (const std::string& name :
         {std::string(), std::string("."), std::string(".."), std::string("../a"),
          std::string("a\\b"), std::string("a\rb"), std::string(256, 'a'), std::string("\xc3"),
          std::string("a\u202eb")}) {
        EXPECT_FALSE(check_shared_name(name)) << name;
    }
}

TEST(NamesTest, SearchIgnoresMarksCaseAndSpaces) {
    EXPECT_EQ(fold_for_search("Bài  Giảng\t01"), "bai giang 01");
    EXPECT_EQ(fold_for_search("Bài giảng"), "bai giang") << "composed of parts";
    EXPECT_EQ(fold_for_search(" ĐỀ THI đại học "), "de thi dai hoc");
    EXPECT_EQ(fold_for_search("Straße İstanbul ﬁle"), "strasse istanbul file");
    EXPECT_EQ(fold_for_search("\u0301 "), "") << "nothing but a mark";
}

TEST(NamesTest, AQueryIsItsWordsAndBounded) {
    EXPECT_EQ(search_words(" Bài  GIẢNG ").value(), (std::vector<std::string>{"bai", "giang"}));
    EXPECT_EQ(search_words("").value(), std::vector<std::string>());
    EXPECT_FALSE(search_words(std::string(513, 'a')));
    EXPECT_FALSE(search_words("a a a a a a a a a a a a a a a a a"));
    EXPECT_FALSE(search_words("\xff"));
}

TEST(NamesTest, TextIsCutBetweenCharacters) {
    EXPECT_EQ(cut_text("aé", 2), "a");
    EXPECT_EQ(cut_text("aé", 3), "aé");
}

}  // namespace
}  // namespace shoal::catalogue

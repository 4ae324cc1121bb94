#include "base/base64.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Base64, TheExamplesOfTheStandard) {
    for (const auto& [plain, coded] : {std::pair<std::string_view, std::string_view>{"", ""},
                                       {"f", "Zg"},
                                       {"fo", "Zm8"},
                                       {"foo", "Zm9v"},
                                       {"foob", "Zm9vYg"},
                                       {"fooba", "Zm9vYmE"},
                                       {"foobar", "Zm9vYmFy"},
                                       {"\xfb\xff\xfe", "-__-"}}) {
        EXPECT_EQ(to_base64url(bytes_of(plain)), coded);
        const auto decoded = from_base64url(coded);
        ASSERT_TRUE(decoded) << coded;
        EXPECT_EQ(text_of(*decoded), plain);
    }
}

TEST(Base64, WhatNoBytesAreWrittenAsIsRefused) {
    for (const auto* bad :
         {"Z", "Zg==", "Zg=", "Zm9v Zg", "Zm9v\n", "Zm+v", "Zm/v", "Zh", "Zm9", "ab\xc3"}) {
        EXPECT_FALSE(from_base64url(bad)) << bad;
    }
    EXPECT_FALSE(from_base64url(std::string_view("Zm\0v", 4)));
}

}  // namespace
}  // namespace shoal

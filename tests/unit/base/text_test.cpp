#include "base/text.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Text, HexComesBackAndBrokenHexIsNothing) {
    EXPECT_EQ(to_hex(*from_hex("00ffA1")), "00ffa1");
    EXPECT_FALSE(from_hex("abc"));
    EXPECT_FALSE(from_hex("zz"));
}

TEST(Text, SizesAreReadInPowersOf1024) {
    EXPECT_EQ(parse_size("16384").value(), 16384);
    EXPECT_EQ(parse_size("16K").value(), 16384);
    EXPECT_EQ(parse_size("2g").value(), ByteCount{2} << 30);
    for (const auto* bad : {"", "K", "-1", "1.5M", "1 M", "9999999999T", "12X"}) {
        EXPECT_FALSE(parse_size(bad)) << bad;
    }
}

TEST(Text, SizesArePrintedWithOneDigitAfterThePoint) {
    EXPECT_EQ(format_size(1023), "1023 B");
    EXPECT_EQ(format_size(1536), "1.5 KiB");
    EXPECT_EQ(format_size((1 << 20) - 1), "1.0 MiB");
}

TEST(Text, KnowsBrokenUtf8) {
    EXPECT_TRUE(is_valid_utf8("Bài giảng 😀"));
    EXPECT_FALSE(is_valid_utf8("\xff"));
    EXPECT_FALSE(is_valid_utf8("\xc0\xaf"));      // overlong
    EXPECT_FALSE(is_valid_utf8("\xed\xa0\x80"));  // surrogate
    EXPECT_FALSE(is_valid_utf8("\xe2\x82"));      // cut short
}

TEST(Text, PrintableKeepsLettersAndRemovesWhatDrivesATerminal) {
    EXPECT_EQ(printable("Bài giảng"), "Bài giảng");
    EXPECT_EQ(printable("a\x1b[2Jb\n"), "a\ufffd[2Jb\ufffd");
    EXPECT_EQ(printable("x\u202etxt"), "x\ufffdtxt");
}

}  // namespace
}  // namespace shoal

#include "metainfo/verdict.h"

#include <gtest/gtest.h>

#include "torrents.h"

namespace shoal::metainfo {
namespace {

using testing::content;
using testing::make;
using testing::owned;
using testing::row_of;
using testing::TestFile;

std::vector<TestFile> files() {
    return {{{"big"}, content(150'000, 1)},
            {{"empty"}, ""},
            {{"mid"}, content(65'536, 2)},
            {{"small"}, content(20'000, 3)}};
}

Verdict check(const Info& info, PieceIndex piece, const std::string& row) {
    const auto offset = static_cast<std::size_t>(info.layout().piece_offset(piece));
    const Bytes bytes = bytes_of(row).subspan(offset, info.layout().piece_data_size(piece));
    return judge(info, piece,
                 testing::digests_of(info.layout(), checked_format(info), piece, bytes));
}

TEST(Verdict, AcceptsEveryPieceOfEveryFormat) {
    for (const Format format : {Format::v1, Format::v2, Format::hybrid}) {
        const auto info = make(format, files(), 65'536);
        ASSERT_TRUE(info) << info.error().message;
        const std::string row = row_of(info->layout(), files());
        for (std::uint32_t i = 0; i < info->layout().piece_count(); ++i) {
            EXPECT_EQ(check(*info, PieceIndex(i), row), Verdict::good)
                << format_name(format) << " piece " << i;
        }
    }
}

TEST(Verdict, FindsAByteThatIsWrong) {
    for (const Format format : {Format::v1, Format::v2, Format::hybrid}) {
        const auto info = make(format, files(), 65'536);
        ASSERT_TRUE(info);
        for (std::uint32_t i = 0; i < info->layout().piece_count(); ++i) {
            std::string row = row_of(info->layout(), files());
            row[static_cast<std::size_t>(info->layout().piece_offset(PieceIndex(i)))] ^= 1;
            EXPECT_EQ(check(*info, PieceIndex(i), row), Verdict::bad) << format_name(format);
        }
    }
}

TEST(Verdict, BlamesTheTorrentWhenItsHalvesDisagree) {
    const auto good = make(Format::hybrid, {{{"one"}, content(100, 1)}}, 16'384, "one", false);
    ASSERT_TRUE(good);
    // Another SHA-1 beside the same pieces root.
    std::string encoded(text_of(good->encoded()));
    const std::size_t pieces = encoded.find("6:pieces20:") + 11;
    ASSERT_LT(pieces, encoded.size());
    encoded[pieces] ^= 1;
    const auto lying = Info::parse(owned(encoded));
    ASSERT_TRUE(lying) << lying.error().message;
    EXPECT_EQ(check(*lying, PieceIndex(0), content(100, 1)), Verdict::halves_disagree);
    EXPECT_EQ(check(*lying, PieceIndex(0), content(100, 2)), Verdict::bad);
}

}  // namespace
}  // namespace shoal::metainfo

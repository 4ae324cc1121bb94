#include "metainfo/piece_digester.h"

#include <gtest/gtest.h>

#include "torrents.h"

namespace shoal::metainfo {
namespace {

using testing::content;

TEST(PieceDigester, GivesTheSameDigestsForPortionsOfAnySize) {
    const Layout layout({{.path = {"a"}, .length = 100'000}}, 131'072);
    const std::string bytes = content(100'000);
    PieceDigester whole(layout, Format::hybrid, PieceIndex(0));
    whole.update(bytes_of(bytes));
    const PieceDigests expected = whole.finish();
    for (const std::size_t portion : {1u, 1000u, 16'384u, 16'385u, 99'999u}) {
        PieceDigester digester(layout, Format::hybrid, PieceIndex(0));
        for (std::size_t at = 0; at < bytes.size(); at += portion) {
            EXPECT_FALSE(digester.complete());
            digester.update(bytes_of(std::string_view(bytes).substr(at, portion)));
        }
        EXPECT_TRUE(digester.complete());
        const PieceDigests digests = digester.finish();
        EXPECT_EQ(digests.v1, expected.v1);
        EXPECT_EQ(digests.v2, expected.v2);
    }
}

TEST(PieceDigester, AddsTheZerosOfPaddingToV1Alone) {
    const Layout layout({{.path = {"a"}, .length = 20'000}, {.length = 45'536, .padding = true}},
                        65'536);
    std::string bytes = content(20'000);
    PieceDigester digester(layout, Format::hybrid, PieceIndex(0));
    digester.update(bytes_of(bytes));
    const PieceDigests digests = digester.finish();
    Sha256 parent;
    parent.update(sha256(bytes_of(bytes).first(16'384)).view());
    parent.update(sha256(bytes_of(bytes).subspan(16'384)).view());
    EXPECT_EQ(digests.v2, parent.finish());
    bytes.resize(65'536, '\0');
    EXPECT_EQ(digests.v1, sha1(bytes_of(bytes)));
}

TEST(PieceDigester, OfAFileOfOneBlockGivesTheBlocksOwnHash) {
    const Layout layout({{.path = {"a"}, .length = 5}}, 65'536);
    PieceDigester digester(layout, Format::v2, PieceIndex(0));
    digester.update(bytes_of("hello"));
    const PieceDigests digests = digester.finish();
    EXPECT_EQ(digests.v2, sha256(bytes_of("hello")));
    EXPECT_TRUE(digests.v1.is_zero());
}

}  // namespace
}  // namespace shoal::metainfo

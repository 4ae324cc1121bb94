#include "metainfo/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::metainfo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MATCHER_P3(SliceIs, file, offset, length, "") {
    return arg.file.value() == static_cast<std::uint32_t>(file) && arg.offset == offset &&
           arg.length == length;
}

Layout with_empty_files_and_padding() {
    return Layout({{.path = {"empty"}},
                   {.path = {"a"}, .length = 70'000},
                   {.length = 28'304, .padding = true},
                   {.path = {"b"}, .length = 10},
                   {.path = {"last"}}},
                  32'768);
}

TEST(Layout, CountsPiecesAndBytes) {
    const Layout layout = with_empty_files_and_padding();
    EXPECT_EQ(layout.total_size(), 98'314);
    EXPECT_EQ(layout.content_size(), 70'010);
    EXPECT_EQ(layout.piece_count(), 4u);
    EXPECT_EQ(layout.piece_size(PieceIndex(0)), 32'768u);
    EXPECT_EQ(layout.piece_size(PieceIndex(3)), 10u);
    EXPECT_EQ(layout.file(FileIndex(3)).offset, 98'304);
}

TEST(Layout, LeavesThePaddingAtTheEndOfAPieceOutOfItsData) {
    const Layout layout = with_empty_files_and_padding();
    EXPECT_EQ(layout.piece_data_size(PieceIndex(1)), 32'768u);
    EXPECT_EQ(layout.piece_data_size(PieceIndex(2)), 70'000u - 65'536u);
    EXPECT_EQ(layout.piece_data_size(PieceIndex(3)), 10u);
    EXPECT_EQ(layout.block_count(PieceIndex(1)), 2u);
    EXPECT_EQ(layout.block_count(PieceIndex(2)), 1u);
}

TEST(Layout, KnowsPiecesThatArePaddingAlone) {
    const Layout layout({{.path = {"a"}, .length = 5},
                         {.length = 25, .padding = true},
                         {.path = {"b"}, .length = 5},
                         {.length = 10, .padding = true}},
                        10);
    std::vector<std::uint32_t> sizes;
    for (std::uint32_t i = 0; i < layout.piece_count(); ++i) {
        sizes.push_back(layout.piece_data_size(PieceIndex(i)));
    }
    EXPECT_THAT(sizes, ElementsAre(5, 0, 0, 5, 0));
    EXPECT_EQ(layout.piece_size(PieceIndex(4)), 5u);
}

TEST(Layout, PaddingInTheMiddleOfAPieceCountsAsData) {
    const Layout layout({{.path = {"a"}, .length = 4},
                         {.length = 2, .padding = true},
                         {.path = {"b"}, .length = 4}},
                        10);
    EXPECT_EQ(layout.piece_data_size(PieceIndex(0)), 10u);
}

TEST(Layout, SlicesARunOverFilesAndSkipsEmptyOnes) {
    const Layout layout({{.path = {"a"}, .length = 10},
                         {.path = {"empty"}},
                         {.path = {"b"}, .length = 5},
                         {.path = {"c"}, .length = 20}},
                        16);
    EXPECT_THAT(layout.slices(8, 10),
                ElementsAre(SliceIs(0, 8, 2), SliceIs(2, 0, 5), SliceIs(3, 0, 3)));
    EXPECT_THAT(layout.slices(10, 5), ElementsAre(SliceIs(2, 0, 5)));
    EXPECT_THAT(layout.slices(35, 0), IsEmpty());
    EXPECT_THAT(layout.slices(BlockRange{PieceIndex(1), 2, 4}), ElementsAre(SliceIs(3, 3, 4)));
}

TEST(Layout, KnowsThePiecesOfAFile) {
    const Layout layout = with_empty_files_and_padding();
    const auto of = [&](std::uint32_t file) {
        const auto [first, end] = layout.pieces_of(FileIndex(file));
        return std::pair(first.value(), end.value());
    };
    EXPECT_EQ(of(0), std::pair(0u, 0u));
    EXPECT_EQ(of(1), std::pair(0u, 3u));
    EXPECT_EQ(of(3), std::pair(3u, 4u));
    EXPECT_EQ(of(4).first, of(4).second);
}

TEST(Layout, GivesAMerkleTreeTheLeavesOfAPieceOrOfASmallFile) {
    const Layout layout({{.path = {"big"}, .length = 200'000},
                         {.length = 62'144, .padding = true},
                         {.path = {"small"}, .length = 40'000}},
                        131'072);
    EXPECT_EQ(layout.merkle_leaves(PieceIndex(0)), 8u);
    EXPECT_EQ(layout.merkle_leaves(PieceIndex(1)), 8u);
    EXPECT_EQ(layout.merkle_leaves(PieceIndex(2)), 4u);
    EXPECT_EQ(layout.first_file(PieceIndex(1)).path, std::vector<std::string>{"big"});
}

TEST(Layout, OfNothingHasNoPieces) {
    const Layout layout({{.path = {"empty"}}}, 16'384);
    EXPECT_EQ(layout.piece_count(), 0u);
    EXPECT_EQ(layout.total_size(), 0);
}

}  // namespace
}  // namespace shoal::metainfo

#include "engine/file_choice.h"

#include <gtest/gtest.h>

#include "../metainfo/torrents.h"

namespace shoal::engine {
namespace {

using metainfo::testing::content;

/// Three files; the second one shares its only piece with both others.
metainfo::Info three_files() {
    auto info = metainfo::testing::make(metainfo::Format::v1,
                                        {{{"a", "one.pdf"}, content(20'000, 1)},
                                         {{"b", "two.txt"}, content(1'000, 2)},
                                         {{"b", "three.pdf"}, content(40'000, 3)}},
                                        16 << 10);
    EXPECT_TRUE(info);
    return std::move(*info);
}

std::string bits(const Bitfield& pieces) {
    std::string text;
    for (std::size_t i = 0; i < pieces.size(); ++i) text += pieces[i] ? '1' : '0';
    return text;
}

std::ptrdiff_t matches(const metainfo::Info& info, const std::vector<std::string>& patterns) {
    const auto wanted = match_files(info, patterns);
    return wanted ? std::ranges::count(*wanted, true) : 0;
}

TEST(FileChoice, PatternsFitAPathOrAName) {
    const auto info = three_files();
    for (std::uint32_t i = 0; i < info.layout().files().size(); ++i) {
        const auto& file = info.layout().files()[i];
        const auto by_name = match_files(info, {file.path.back()});
        ASSERT_TRUE(by_name);
        EXPECT_EQ(std::ranges::count(*by_name, true), 1);
        EXPECT_TRUE((*by_name)[i]);
    }
    EXPECT_EQ(matches(info, {"*.pdf"}), 2);
    EXPECT_EQ(matches(info, {"b/*"}), 2);
    EXPECT_EQ(matches(info, {"b/*", "one*"}), 3);
    const auto none = match_files(info, {"*.mp4"});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

TEST(FileChoice, PiecesAtTheEdgeAreWantedButNotInside) {
    // 61,000 bytes are four pieces of 16 KiB; the file in the middle lies in the second alone.
    const metainfo::Layout layout({{.path = {"a"}, .length = 20'000},
                                   {.path = {"b"}, .length = 1'000},
                                   {.path = {"c"}, .length = 40'000}},
                                  16 << 10);
    EXPECT_EQ(bits(pieces_of_files(layout, {true, true, true})), "1111");
    EXPECT_EQ(bits(pieces_inside_files(layout, {true, true, true})), "1111");
    EXPECT_EQ(bits(pieces_of_files(layout, {true, false, false})), "1100");
    EXPECT_EQ(bits(pieces_inside_files(layout, {true, false, false})), "1000");
    EXPECT_EQ(bits(pieces_of_files(layout, {false, true, false})), "0100");
    EXPECT_EQ(bits(pieces_inside_files(layout, {false, true, false})), "0000");
    EXPECT_EQ(bits(pieces_inside_files(layout, {false, true, true})), "0011");
}

}  // namespace
}  // namespace shoal::engine

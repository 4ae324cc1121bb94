#include "metainfo/create.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>

#include "metainfo/path.h"
#include "torrents.h"

namespace shoal::metainfo {
namespace {

using testing::content;
using ::testing::ElementsAre;
using testing::make;
using testing::TestFile;

std::vector<TestFile> folder_files() {
    return {{{"a.txt"}, content(100, 1)},
            {{"b.bin"}, content(70'000, 2)},
            {{"empty"}, ""},
            {{"sub", "c"}, content(40'000, 3)},
            {{"x"}, content(50'000, 4)}};
}

struct Hashes {
    std::string v1;
    std::string v2;
    bool operator==(const Hashes&) const = default;
};

void PrintTo(const Hashes& hashes, std::ostream* out) {
    *out << hashes.v1 << ' ' << hashes.v2;
}

Hashes hashes(const Result<Info>& info) {
    if (!info) return {info.error().message, ""};
    return {info->hash_v1().hex(), info->hash_v2().hex()};
}

const std::string none_v1(40, '0');
const std::string none_v2(64, '0');

// The expected info hashes are those that libtorrent 2.0.8 and mktorrent 1.1 give these files.
TEST(Create, GivesAFolderTheInfoHashThatOtherToolsGiveIt) {
    EXPECT_EQ(hashes(make(Format::v1, folder_files(), 32'768)),
              (Hashes{"14e502f432ef4c5e7f4a811328b23de08fcc39e6", none_v2}));
    EXPECT_EQ(
        hashes(make(Format::v2, folder_files(), 32'768)),
        (Hashes{none_v1, "74750642af76f7996170b20588f7f19811284d5ac0df0150d9f902b3cbfac81f"}));
    EXPECT_EQ(hashes(make(Format::hybrid, folder_files(), 32'768)),
              (Hashes{"e388b2f3955b124f8fcf1585e649617e2b345f4d",
                      "7749b59a4c9aef661ee2e7e72b34d7ece0960eeb3ccacda9211c700235a91ebd"}));
}

TEST(Create, GivesASingleFileTheInfoHashThatOtherToolsGiveIt) {
    const std::vector<TestFile> files = {{{"single"}, content(100'000, 5)}};
    EXPECT_EQ(hashes(make(Format::v1, files, 32'768, "single", false)),
              (Hashes{"feaa8c7d008ac77a89b005528e5b9155a9826868", none_v2}));
    EXPECT_EQ(
        hashes(make(Format::v2, files, 32'768, "single", false)),
        (Hashes{none_v1, "0d45932f1bad278cc54cf4851887ba55b41b3f89b967794f1559fa77a6664e05"}));
    EXPECT_EQ(hashes(make(Format::hybrid, files, 32'768, "single", false)),
              (Hashes{"83774b02381dbc262d4f1a43904bc7cdc3365082",
                      "3f58b2b023859bfd23c7bdc6cbeb501667ee2b1395787cb5476440aeb92e88f1"}));
}

TEST(Create, DoesNotDependOnTheOrderInWhichFilesCome) {
    auto files = folder_files();
    const auto straight = hashes(make(Format::hybrid, files, 16'384));
    std::ranges::reverse(files);
    EXPECT_EQ(hashes(make(Format::hybrid, files, 16'384)), straight);
}

TEST(Create, OrdersFilesByTheBytesOfTheirPathsAsTheFormatHasIt) {
    const auto order = [](Format format) {
        const auto info = make(
            format, {{{"a-b"}, "1"}, {{"a", "x"}, "2"}, {{"B"}, "3"}, {{"a", "X"}, "4"}}, 16'384);
        std::vector<std::string> paths;
        for (const File& file : info->layout().files()) {
            if (!file.padding) paths.push_back(join_path(file.path));
        }
        return paths;
    };
    EXPECT_THAT(order(Format::v1), ElementsAre("B", "a-b", "a/X", "a/x"));
    EXPECT_THAT(order(Format::v2), ElementsAre("B", "a/X", "a/x", "a-b"));
    EXPECT_THAT(order(Format::hybrid), ElementsAre("B", "a/X", "a/x", "a-b"));
}

TEST(Create, KeepsExecutableFilesSoExceptInV1) {
    const std::vector<TestFile> files = {{{"run"}, "#!", true}, {{"text"}, "x"}};
    for (const Format format : {Format::v1, Format::v2, Format::hybrid}) {
        const auto info = make(format, files, 16'384);
        ASSERT_TRUE(info);
        EXPECT_EQ(info->layout().files().front().executable, format != Format::v1);
        EXPECT_FALSE(info->layout().files().back().executable);
    }
}

TEST(Create, MakesTorrentsOfEmptyFiles) {
    for (const Format format : {Format::v1, Format::v2, Format::hybrid}) {
        const auto info = make(format, {{{"nothing"}, ""}}, 16'384, "nothing", false);
        ASSERT_TRUE(info) << info.error().message;
        EXPECT_EQ(info->layout().piece_count(), 0u);
        EXPECT_FALSE(info->is_folder());
    }
}

TEST(Create, ChoosesBetweenAThousandAndTwoThousandPiecesWhereItCan) {
    EXPECT_EQ(choose_piece_length(0), 16u << 10);
    EXPECT_EQ(choose_piece_length(1 << 20), 16u << 10);
    EXPECT_EQ(choose_piece_length(ByteCount{1} << 30), 1u << 20);
    EXPECT_EQ(choose_piece_length(ByteCount{1} << 50), 16u << 20);
    for (ByteCount size = 40 << 20; size < ByteCount{30} << 30; size += size / 3) {
        const ByteCount pieces = size / choose_piece_length(size);
        EXPECT_GE(pieces, 1000) << size;
        EXPECT_LE(pieces, 2000) << size;
    }
}

TEST(Create, RefusesPieceLengthsThatOtherClientsWouldNotTake) {
    for (const std::uint32_t length : {1u, 8192u, 16'385u, 48u << 10, 512u << 20}) {
        const auto info = make(Format::v1, {{{"a"}, "x"}}, length);
        ASSERT_FALSE(info) << length;
        EXPECT_EQ(info.error().code, ErrorCode::usage);
    }
}

TEST(Create, RefusesNamesThatWouldNotBeFoundAgain) {
    for (const auto& name : {std::string("a\\b"), std::string("\xff"), std::string(300, 'x'),
                             std::string(".."), std::string("a/b")}) {
        const auto info = make(Format::v1, {{{name}, "x"}}, 16'384);
        ASSERT_FALSE(info) << name;
        EXPECT_EQ(info.error().code, ErrorCode::bad_data);
        EXPECT_FALSE(make(Format::v1, {{{"a"}, "x"}}, 16'384, name));
    }
}

TEST(Create, RefusesTooManyPieces) {
    const auto maker = TorrentMaker::plan(
        {.name = "big", .files = {{{"big"}, ByteCount{1} << 40, false}}, .piece_length = 16'384});
    ASSERT_FALSE(maker);
    EXPECT_EQ(maker.error().code, ErrorCode::usage);
}

TEST(Create, RefusesAFolderThatV2CannotTellFromAFile) {
    const std::vector<TestFile> files = {{{"same"}, "x"}};
    EXPECT_TRUE(make(Format::v1, files, 16'384, "same"));
    EXPECT_FALSE(make(Format::v2, files, 16'384, "same"));
    EXPECT_FALSE(make(Format::hybrid, files, 16'384, "same"));
}

TEST(Create, RefusesAFolderOfNothing) {
    EXPECT_FALSE(make(Format::v1, {}, 16'384));
}

}  // namespace
}  // namespace shoal::metainfo

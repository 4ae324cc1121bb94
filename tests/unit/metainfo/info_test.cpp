#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metainfo/metainfo.h"
#include "metainfo/path.h"
#include "torrents.h"

namespace shoal::metainfo {
namespace {

using testing::content;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::info_v1;
using testing::make;
using testing::owned;

Result<Info> parse(std::string_view encoded) {
    return Info::parse(owned(encoded));
}

/// A v1 folder with the given "files" list, of one piece.
std::string folder_v1(std::string_view files) {
    std::string text = "d5:filesl";
    text += files;
    return text + "e4:name1:n12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhe";
}

std::string file_v2(std::string_view length, std::string_view root) {
    std::string text = "d0:d6:lengthi";
    text += length;
    text += "e";
    if (!root.empty()) {
        text += "11:pieces root32:";
        text += root;
    }
    return text + "ee";
}

std::string torrent_v2(std::string_view tree, std::string_view piece_length = "16384") {
    std::string text = "d9:file treed";
    text += tree;
    text += "e12:meta versioni2e4:name1:n12:piece lengthi";
    text += piece_length;
    return text + "ee";
}

const std::string root_a(32, 'a');

TEST(Info, ReadsASingleFileTorrent) {
    const std::string encoded = info_v1(40'000, 16'384, 3);
    const auto info = parse(encoded);
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_EQ(info->format(), Format::v1);
    EXPECT_EQ(info->name(), "file");
    EXPECT_FALSE(info->is_folder());
    EXPECT_FALSE(info->is_private());
    EXPECT_EQ(info->layout().piece_count(), 3u);
    EXPECT_THAT(info->layout().files().at(0).path, ElementsAre("file"));
    EXPECT_EQ(info->info_hash(), sha1(bytes_of(encoded)));
    EXPECT_TRUE(info->hash_v2().is_zero());
    EXPECT_TRUE(info->has_layers());
    EXPECT_EQ(text_of(info->piece_hash_v1(PieceIndex(2)).view()), std::string(20, 'h'));
    EXPECT_EQ(text_of(info->encoded()), encoded);
}

TEST(Info, ReadsAFolderWithPaddingSymlinksAndExecutables) {
    const auto info = parse(folder_v1(
        "d4:attr1:x6:lengthi10e4:pathl1:d1:aeed4:attr1:p6:lengthi6e4:pathl4:.pad1:6ee"
        "d4:attr1:l6:lengthi99e4:pathl4:linke12:symlink pathl2:..2:..eed6:lengthi5e4:pathl1:bee"));
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_TRUE(info->is_folder());
    const auto& files = info->layout().files();
    ASSERT_EQ(files.size(), 4u);
    EXPECT_TRUE(files[0].executable);
    EXPECT_THAT(files[0].path, ElementsAre("d", "a"));
    EXPECT_TRUE(files[1].padding);
    EXPECT_TRUE(files[2].padding);
    EXPECT_EQ(files[2].length, 0);
    EXPECT_EQ(files[3].offset, 16);
}

TEST(Info, PrefersNamesThatAreDeclaredUtf8) {
    const auto info = parse(
        "d5:filesld6:lengthi1e4:pathl1:\xe9"
        "e10:path.utf-8l2:\xc3\xa9"
        "eee4:name1:\xe9"
        "10:name.utf-82:\xc3\xa9"
        "12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhe");
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_EQ(info->name(), "\xc3\xa9");
    EXPECT_THAT(info->layout().files().at(0).path, ElementsAre("\xc3\xa9"));
}

TEST(Info, TakesAnyPrivateFlagButZeroAsPrivate) {
    const std::string start =
        "d6:lengthi1e4:name1:n12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhh";
    EXPECT_FALSE(parse(start + "7:privatei0ee")->is_private());
    EXPECT_TRUE(parse(start + "7:privatei1ee")->is_private());
    EXPECT_TRUE(parse(start + "7:private1:1e")->is_private());
}

TEST(Info, AcceptsAnyPieceLengthInV1) {
    EXPECT_TRUE(parse(info_v1(10, 3, 4)));
    EXPECT_TRUE(parse(info_v1(1'000'000, 999'999, 2)));
}

TEST(Info, RefusesNumbersThatCannotBe) {
    for (const std::string& bad : {
             info_v1(-1, 16'384, 1),
             info_v1(16'384, 0, 1),
             info_v1(16'384, -16'384, 1),
             info_v1(1, ByteCount{1} << 40, 1),
             info_v1(16'384, 16'384, 2),
             info_v1(16'385, 16'384, 1),
             info_v1(0, 16'384, 1),
             info_v1(ByteCount{1} << 62, 16'384, 1),
             info_v1(std::numeric_limits<std::int64_t>::max(), 256 << 20, 1),
             info_v1(2'000'001, 1, 2'000'001),
         }) {
        const auto info = parse(bad);
        ASSERT_FALSE(info) << bad.substr(0, 100);
        EXPECT_EQ(info.error().code, ErrorCode::bad_data);
    }
    const std::string huge = "d6:lengthi9223372036854775807e4:pathl1:";
    EXPECT_FALSE(parse(folder_v1(huge + "aee" + huge + "bee")));
}

TEST(Info, RefusesWhatIsMissingOrOfAnotherKind) {
    for (const auto* bad :
         {"i1e", "le", "de", "d4:name1:ne",
          "d6:lengthi1e12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhe",
          "d6:lengthi1e4:name1:n6:pieces20:hhhhhhhhhhhhhhhhhhhhe",
          "d6:lengthi1e4:name1:n12:piece lengthi16384ee",
          "d6:lengthi1e4:name1:n12:piece lengthi16384e6:piecesi1ee",
          "d6:lengthi1e4:namei1e12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhe",
          "d6:length1:14:name1:n12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhe",
          "d4:name1:n12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhe",
          "d5:filesle6:lengthi1e4:name1:n12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhe",
          "d5:filesde4:name1:n12:piece lengthi16384e6:pieces0:e"}) {
        EXPECT_FALSE(parse(bad)) << bad;
    }
    for (const auto* bad :
         {"", "i1e", "de", "d6:lengthi1ee", "d6:lengthi1e4:pathlee", "d6:lengthi1e4:path1:aee",
          "d6:lengthi1e4:pathli1eee", "d4:pathl1:aee"}) {
        EXPECT_FALSE(parse(folder_v1(bad))) << bad;
    }
}

TEST(Info, RefusesPathsThatLeaveTheFolderOrClash) {
    const auto file = [](std::string_view path) {
        return "d6:lengthi1e4:pathl" + std::string(path) + "ee";
    };
    EXPECT_TRUE(parse(folder_v1(file("1:a") + file("1:b"))));
    for (const std::string& bad :
         {file("2:.."), file("1:a2:..1:b"), file("9:/etc/cron"), file("5:../.."), file("0:"),
          file("1:a") + file("1:a"), file("1:a") + file("1:a1:b"), file("1:a1:b") + file("1:a")}) {
        EXPECT_FALSE(parse(folder_v1(bad))) << bad;
    }
    for (const auto* name : {"2:..", "1:.", "0:", "3:a/b", "1:/"}) {
        EXPECT_FALSE(parse("d6:lengthi1e4:name" + std::string(name) +
                           "12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhe"))
            << name;
    }
}

TEST(Info, ReadsV2AndPadsItsFilesToPieces) {
    const auto info = parse(torrent_v2("1:a" + file_v2("100", root_a) + "1:bd1:c" +
                                       file_v2("0", "") + "1:d" + file_v2("16384", root_a) + "e"));
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_EQ(info->format(), Format::v2);
    EXPECT_TRUE(info->is_folder());
    EXPECT_EQ(info->layout().piece_count(), 2u);
    EXPECT_EQ(info->layout().content_size(), 16'484);
    EXPECT_TRUE(info->has_layers());
    EXPECT_EQ(text_of(info->piece_hash_v2(PieceIndex(1)).view()), root_a);
    EXPECT_EQ(info->info_hash(), InfoHash::from(info->hash_v2().view()));
}

TEST(Info, OfV2WithALargeFileNeedsItsLayer) {
    const std::string bytes = content(100'000);
    const auto whole = make(Format::v2, {{{"n"}, bytes}}, 16'384, "n", false);
    ASSERT_TRUE(whole);
    auto info = parse(text_of(whole->encoded()));
    ASSERT_TRUE(info);
    EXPECT_FALSE(info->has_layers());
    const std::string layers = whole->encode_layers();
    std::string wrong = layers;
    wrong[wrong.size() - 10] ^= 1;
    for (const std::string& bad : {std::string("de"), std::string("le"), wrong}) {
        EXPECT_FALSE(info->add_layers(bytes_of(bad)));
        EXPECT_FALSE(info->has_layers());
    }
    ASSERT_TRUE(info->add_layers(bytes_of(layers)));
    EXPECT_TRUE(info->has_layers());
    EXPECT_EQ(info->encode_layers(), layers);
    for (std::uint32_t i = 0; i < info->layout().piece_count(); ++i) {
        EXPECT_EQ(info->piece_hash_v2(PieceIndex(i)), whole->piece_hash_v2(PieceIndex(i)));
    }
}

TEST(Info, RefusesBrokenV2) {
    const std::string good = "1:a" + file_v2("1", root_a);
    ASSERT_TRUE(parse(torrent_v2(good)));
    for (const std::string& tree :
         {std::string(), "1:a" + file_v2("1", ""), "1:a" + file_v2("-1", root_a),
          "1:a" + file_v2("1", std::string(32, '\0')), "2:.." + file_v2("1", root_a),
          "3:a/b" + file_v2("1", root_a), std::string("1:ade"), std::string("1:ai1e"),
          std::string("1:ad0:i1ee"), "1:ad0:d6:lengthi0ee1:b" + file_v2("0", "") + "e",
          "1:b" + file_v2("1", root_a) + "1:a" + file_v2("1", root_a),
          "1:a" + file_v2("9223372036854775807", root_a),
          std::string("1:ad0:d4:attr1:p6:lengthi1eee"), file_v2("1", root_a)}) {
        EXPECT_FALSE(parse(torrent_v2(tree))) << tree;
    }
    for (const auto* length : {"8192", "0", "16385", "49152", "-16384", "536870912"}) {
        EXPECT_FALSE(parse(torrent_v2(good, length))) << length;
    }
}

TEST(Info, BoundsTheDepthOfFolders) {
    const auto nested = [](std::size_t depth) {
        std::string tree;
        for (std::size_t i = 1; i < depth; ++i) tree += "1:dd";
        tree += "1:f" + file_v2("1", root_a);
        for (std::size_t i = 1; i < depth; ++i) tree += "e";
        return torrent_v2(tree);
    };
    EXPECT_TRUE(parse(nested(max_path_depth)));
    EXPECT_FALSE(parse(nested(max_path_depth + 1)));
    EXPECT_FALSE(parse(nested(100'000)));
}

TEST(Info, BoundsTheMemoryThatSharedFoldersOfAFileTreeMultiply) {
    // Twelve long folder names above very many files: each file would repeat them.
    std::string tree;
    for (int i = 0; i < 12; ++i) tree += "250:" + std::string(250, 'd') + "d";
    for (int i = 100'000; i < 150'000; ++i) tree += "6:" + std::to_string(i) + file_v2("0", "");
    tree += std::string(12, 'e');
    const auto info = parse(torrent_v2(tree));
    ASSERT_FALSE(info);
    EXPECT_THAT(info.error().message, HasSubstr("too many files"));
}

TEST(Info, IsUnsupportedBeyondVersion2) {
    const auto info = parse("d12:meta versioni3e4:name1:n12:piece lengthi16384ee");
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, ErrorCode::unsupported);
    EXPECT_FALSE(parse("d12:meta versioni0e4:name1:n12:piece lengthi16384ee"));
}

class HybridHalves : public ::testing::Test {
  protected:
    /// A hybrid of two files with one thing replaced by another of the same length.
    static bool parses_with(std::string_view from, std::string_view to) {
        const auto good = make(Format::hybrid, {{{"aa"}, content(20'000)}, {{"bb"}, "x"}}, 16'384);
        std::string encoded(text_of(good->encoded()));
        const std::size_t at = encoded.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        encoded.replace(at, from.size(), to);
        return parse(encoded).has_value();
    }
};

TEST_F(HybridHalves, ThatAgreeAreTaken) {
    EXPECT_TRUE(parses_with("bb", "bb"));
}

TEST_F(HybridHalves, ThatDisagreeAreRefused) {
    EXPECT_FALSE(parses_with("pathl2:aa", "pathl2:ab"));                // another name
    EXPECT_FALSE(parses_with("lengthi20000e4:", "lengthi19999e4:"));    // another length in v1
    EXPECT_FALSE(parses_with("lengthi20000e11:", "lengthi20001e11:"));  // and in v2
    EXPECT_FALSE(parses_with("lengthi12768e", "lengthi12767e"));  // padding that misses the piece
    EXPECT_FALSE(parses_with("4:attr1:p", "4:attr1:-"));          // padding that is a file
}

}  // namespace
}  // namespace shoal::metainfo

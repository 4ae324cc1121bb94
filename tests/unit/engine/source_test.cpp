#include "engine/source.h"

#include <gtest/gtest.h>

#include "../disk/temp_folder.h"

namespace shoal::engine {
namespace {

using disk::testing::TempFolder;
using metainfo::Magnet;
using metainfo::Metainfo;

const std::string link = "magnet:?xt=urn:btih:c9e15763f722f23e98a29decdfae341b98d53056&dn=x";
const std::string torrent =
    "d4:infod6:lengthi1e4:name1:n12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhee";

TEST(Source, IsATorrentFile) {
    const TempFolder folder;
    const auto source = read_source(folder.write("a.torrent", torrent).native());
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(std::get<Metainfo>(*source).info->name(), "n");
}

TEST(Source, IsAMagnetLinkOrATextFileWithOne) {
    const TempFolder folder;
    for (const std::string& name : {link, folder.write("a", link).native(),
                                    folder.write("b", "\n  " + link + " \r\n\r\nmore").native(),
                                    folder.write("c", "\xef\xbb\xbf" + link + "\n").native()}) {
        const auto source = read_source(name);
        ASSERT_TRUE(source) << source.error().message;
        EXPECT_EQ(std::get<Magnet>(*source).name, "x");
    }
}

TEST(Source, IsBadDataWhenItIsNeither) {
    const TempFolder folder;
    for (const std::string& content :
         {std::string(), std::string("hello"), std::string("dead"), std::string("\n\n\n"),
          std::string("magnet:?xt=no"), std::string(1000, '\0'), torrent + "x"}) {
        const auto source = read_source(folder.write("bad", content).native());
        ASSERT_FALSE(source) << content;
        EXPECT_EQ(source.error().code, ErrorCode::bad_data);
    }
    const auto magnet = read_source("magnet:?xt=urn:btih:1");
    ASSERT_FALSE(magnet);
    EXPECT_EQ(magnet.error().code, ErrorCode::bad_data);
}

TEST(Source, IsNotFoundWhenThereIsNoSuchFile) {
    const auto source = read_source("/nonexistent/x.torrent");
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().code, ErrorCode::not_found);
}

TEST(Source, OfAFileBeyondTheLimitIsRefusedWithoutBeingRead) {
    const TempFolder folder;
    const auto path = folder.write("huge", "d");
    std::filesystem::resize_file(path, std::uintmax_t{1} << 40);
    const auto source = read_source(path.native());
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().code, ErrorCode::bad_data);
}

TEST(Source, ThatMustBeATorrentIsNoMagnetLink) {
    const auto source = read_torrent(link);
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace shoal::engine

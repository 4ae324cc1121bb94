#include "cli/new_torrent.h"

#include <gtest/gtest.h>

#include "../disk/temp_folder.h"

namespace shoal::cli {
namespace {

using disk::testing::TempFolder;

Result<metainfo::Metainfo> torrent_of(const std::filesystem::path& path) {
    auto planned = NewTorrent::plan(
        {.path = path.native(), .trackers = {"http://192.0.2.1:5000/announce"}, .threads = 1});
    if (!planned) return std::unexpected(planned.error());
    const std::atomic<bool> stop = false;
    return planned->make(stop, [](ByteCount) {});
}

TEST(NewTorrent, IsWrittenOnceAndLeftAloneWhenItIsTheSame) {
    const TempFolder folder;
    const auto content = folder.write("a.bin", std::string(50'000, 'x'));
    const auto file = folder.path() / "a.torrent";
    const auto torrent = torrent_of(content);
    ASSERT_TRUE(torrent) << torrent.error().message;
    EXPECT_EQ(torrent->trackers.at(0).at(0), "http://192.0.2.1:5000/announce");
    auto there = torrent_in_place(file);
    ASSERT_TRUE(there);
    EXPECT_FALSE(*there);
    EXPECT_TRUE(write_torrent(file, *there, *torrent).value());
    there = torrent_in_place(file);
    ASSERT_TRUE(there);
    EXPECT_FALSE(write_torrent(file, *there, *torrent).value());
    const auto other = torrent_of(folder.write("b.bin", "another"));
    ASSERT_TRUE(other);
    EXPECT_EQ(write_torrent(file, *there, *other).error().code, ErrorCode::refused);
}

TEST(NewTorrent, TakesNoPlaceOfSomethingElse) {
    const TempFolder folder;
    EXPECT_EQ(torrent_in_place(folder.write("x", "no torrent")).error().code, ErrorCode::refused);
}

TEST(NewTorrent, EndsWhenItIsToldTo) {
    const TempFolder folder;
    auto planned =
        NewTorrent::plan({.path = folder.write("a", "content").native(), .trackers = {}});
    ASSERT_TRUE(planned);
    const std::atomic<bool> stop = true;
    EXPECT_EQ(planned->make(stop, [](ByteCount) {}).error().code, ErrorCode::cancelled);
}

TEST(NewTorrent, RefusesATrackerThatIsNone) {
    const TempFolder folder;
    const auto planned = NewTorrent::plan(
        {.path = folder.write("a", "content").native(), .trackers = {"192.0.2.1:5000"}});
    ASSERT_FALSE(planned);
    EXPECT_EQ(planned.error().code, ErrorCode::usage);
}

TEST(PieceLength, IsASizeWithinItsBounds) {
    EXPECT_EQ(parse_piece_length("").value(), 0u);
    EXPECT_EQ(parse_piece_length("256K").value(), 256u * 1024);
    for (const char* wrong : {"0", "x", "1G", "-1"}) EXPECT_FALSE(parse_piece_length(wrong));
}

}  // namespace
}  // namespace shoal::cli

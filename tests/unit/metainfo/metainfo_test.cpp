#include "metainfo/metainfo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "torrents.h"

namespace shoal::metainfo {
namespace {

using testing::content;
using ::testing::ElementsAre;
using testing::info_v1;
using ::testing::IsEmpty;
using testing::make;

std::string torrent(std::string_view before_info) {
    return "d" + std::string(before_info) + "4:info" + info_v1(1, 16'384, 1) + "e";
}

Result<Metainfo> parse(std::string_view text) {
    return Metainfo::parse(bytes_of(text));
}

TEST(Metainfo, ReadsWhatSurroundsTheInfo) {
    const auto metainfo = parse(torrent(
        "8:announce10:http://t/a7:comment2:hi10:created by2:me13:creation datei1700000000e"));
    ASSERT_TRUE(metainfo) << metainfo.error().message;
    EXPECT_THAT(metainfo->trackers, ElementsAre(ElementsAre("http://t/a")));
    EXPECT_EQ(metainfo->comment, "hi");
    EXPECT_EQ(metainfo->created_by, "me");
    EXPECT_EQ(metainfo->creation_date, 1'700'000'000);
    EXPECT_EQ(metainfo->info->info_hash(), sha1(bytes_of(info_v1(1, 16'384, 1))));
}

TEST(Metainfo, TakesTheTiersInsteadOfTheSingleTracker) {
    const auto metainfo =
        parse(torrent("8:announce10:http://t/a13:announce-listll10:http://t/b9:udp://u:1el10:http:/"
                      "/t/c10:http://t/bee"));
    ASSERT_TRUE(metainfo);
    EXPECT_THAT(metainfo->trackers,
                ElementsAre(ElementsAre("http://t/b", "udp://u:1"), ElementsAre("http://t/c")));
}

TEST(Metainfo, LeavesOutTrackersThatAreNoUrl) {
    const auto metainfo =
        parse(torrent("8:announce10:http://t/a13:announce-listll1:x7:http://ei1el3:://ee"));
    ASSERT_TRUE(metainfo);
    EXPECT_THAT(metainfo->trackers, ElementsAre(ElementsAre("http://t/a")));
    EXPECT_THAT(parse(torrent("8:announcei1e"))->trackers, IsEmpty());
}

TEST(Metainfo, BoundsTheNumberOfTrackers) {
    std::string list = "13:announce-listl";
    for (int i = 1000; i < 2000; ++i) list += "l11:udp://" + std::to_string(i).substr(3) + "ee";
    list += "e";
    EXPECT_FALSE(parse(torrent(list)));  // lengths that lie
    list = "13:announce-listl";
    for (int i = 1000; i < 2000; ++i) list += "l12:udp://" + std::to_string(i) + ":1e";
    list += "e";
    const auto metainfo = parse(torrent(list));
    ASSERT_TRUE(metainfo) << metainfo.error().message;
    EXPECT_EQ(metainfo->trackers.size(), max_trackers);
}

TEST(Metainfo, SurvivesBeingWrittenAndReadAgainInEveryFormat) {
    for (const Format format : {Format::v1, Format::v2, Format::hybrid}) {
        auto info = make(format, {{{"a"}, content(100'000)}, {{"b", "c"}, content(5)}}, 16'384);
        ASSERT_TRUE(info);
        Metainfo metainfo;
        metainfo.info = std::make_shared<const Info>(std::move(*info));
        metainfo.trackers = {{"http://t/a", "udp://u:1"}, {"http://t/b"}};
        metainfo.comment = "c";
        metainfo.created_by = "by";
        metainfo.creation_date = 5;
        const std::string encoded = metainfo.encode();
        const auto again = parse(encoded);
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(again->info->info_hash(), metainfo.info->info_hash());
        EXPECT_EQ(again->trackers, metainfo.trackers);
        EXPECT_EQ(again->comment, "c");
        EXPECT_EQ(again->creation_date, 5);
        EXPECT_TRUE(again->info->has_layers());
        EXPECT_EQ(again->encode(), encoded);
    }
}

TEST(Metainfo, OfV2RefusesMissingLayers) {
    auto info = make(Format::v2, {{{"a"}, content(100'000)}}, 16'384);
    ASSERT_TRUE(info);
    const std::string text = "d4:info" + std::string(text_of(info->encoded())) + "e";
    const auto metainfo = parse(text);
    ASSERT_FALSE(metainfo);
    EXPECT_EQ(metainfo.error().code, ErrorCode::bad_data);
}

TEST(Metainfo, OfAnInfoWithoutLayersIsWrittenWithoutThem) {
    auto whole = make(Format::hybrid, {{{"a"}, content(100'000)}}, 16'384);
    ASSERT_TRUE(whole);
    const Bytes encoded = whole->encoded();
    auto info = Info::parse(ByteVector(encoded.begin(), encoded.end()));
    ASSERT_TRUE(info);
    ASSERT_FALSE(info->has_layers());
    Metainfo torrent;
    torrent.info = std::make_shared<const Info>(std::move(*info));
    EXPECT_EQ(torrent.encode(), "d4:info" + std::string(text_of(encoded)) + "e");
}

TEST(Metainfo, ReadsKeysThatAreNotInOrderButNeverDoubledOnes) {
    const std::string info = "4:info" + info_v1(1, 16'384, 1);
    EXPECT_TRUE(parse("d" + info + "8:announce10:http://t/ae"));
    EXPECT_FALSE(parse("d" + info + info + "e"));
}

TEST(Metainfo, RefusesWhatIsNoTorrent) {
    for (const auto* bad : {"", "x", "de", "le", "i1e", "d4:infoi1ee", "d4:infodee"}) {
        const auto metainfo = parse(bad);
        ASSERT_FALSE(metainfo) << bad;
        EXPECT_EQ(metainfo.error().code, ErrorCode::bad_data);
    }
    EXPECT_FALSE(parse(torrent("") + "x"));
    EXPECT_FALSE(parse(std::string(max_torrent_bytes + 1, 'd')));
}

TEST(TrackerUrl, NeedsAKnownSchemeAndAHost) {
    for (const auto* good :
         {"http://t", "HTTPS://t:1/a?b", "udp://[::1]:6969", "ws://t", "wss://t/"}) {
        EXPECT_TRUE(is_tracker_url(good)) << good;
    }
    for (const auto* bad :
         {"", "t", "http:/t", "http://", "http:///a", "http://:80/", "ftp://t",
          "file:///etc/passwd", "http://a b/", "http://a\n/", "http://\xc3\xa9/"}) {
        EXPECT_FALSE(is_tracker_url(bad)) << bad;
    }
    EXPECT_FALSE(is_tracker_url("http://t/" + std::string(3000, 'x')));
}

}  // namespace
}  // namespace shoal::metainfo

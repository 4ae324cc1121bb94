#include "metainfo/magnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace shoal::metainfo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const std::string hex_v1 = "c9e15763f722f23e98a29decdfae341b98d53056";
const std::string hex_v2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb";
const std::string base = "magnet:?xt=urn:btih:" + hex_v1;

TEST(Magnet, ReadsHashNameTrackersAndPeers) {
    const auto magnet = Magnet::parse(
        base +
        "&dn=B%C3%A0i+gi%E1%BA%A3ng%2B1&tr=http%3A%2F%2Ft%3A80%2Fannounce&tr=udp://u:1"
        "&x.pe=127.0.0.1:6881&x.pe=%5B%3A%3A1%5D:7&x.pe=host.name:1");
    ASSERT_TRUE(magnet) << magnet.error().message;
    EXPECT_EQ(magnet->hash_v1->hex(), hex_v1);
    EXPECT_FALSE(magnet->hash_v2);
    EXPECT_EQ(magnet->info_hash().hex(), hex_v1);
    EXPECT_EQ(magnet->name, "Bài giảng+1");
    EXPECT_THAT(magnet->trackers, ElementsAre("http://t:80/announce", "udp://u:1"));
    EXPECT_THAT(magnet->peers, ElementsAre("127.0.0.1:6881", "[::1]:7", "host.name:1"));
    EXPECT_THAT(magnet->selected, IsEmpty());
}

TEST(Magnet, ReadsHashesInBase32AndInUpperCase) {
    // RFC 4648 of the same 20 bytes, computed with Python's base64.b32encode.
    const auto magnet =
        Magnet::parse("MAGNET:?XT.1=x&xt=URN:BTIH:ZHQVOY7XELZD5GFCTXWN7LRUDOMNKMCW");
    ASSERT_TRUE(magnet) << magnet.error().message;
    EXPECT_EQ(magnet->hash_v1->hex(), hex_v1);
    EXPECT_TRUE(Magnet::parse("magnet:?xt=urn:btih:C9E15763F722F23E98A29DECDFAE341B98D53056"));
}

TEST(Magnet, ReadsBothHashesOfAHybrid) {
    const auto magnet = Magnet::parse(base + "&xt.2=urn:btmh:1220" + hex_v2);
    ASSERT_TRUE(magnet);
    EXPECT_EQ(magnet->hash_v2->hex(), hex_v2);
    EXPECT_EQ(magnet->info_hash().hex(), hex_v1);
    const auto alone = Magnet::parse("magnet:?xt=urn:btmh:1220" + hex_v2);
    ASSERT_TRUE(alone);
    EXPECT_EQ(alone->info_hash().hex(), hex_v2.substr(0, 40));
}

TEST(Magnet, ReadsTheSelectionOfFiles) {
    const auto magnet = Magnet::parse(base + "&so=0,2,4-6");
    ASSERT_TRUE(magnet);
    EXPECT_THAT(magnet->selected, ElementsAre(Pair(0, 0), Pair(2, 2), Pair(4, 6)));
    for (const auto* bad : {"", ",", "1,", "3-1", "-1", "x", "1-", "0-4294967296", "1-2-3"}) {
        EXPECT_FALSE(Magnet::parse(base + "&so=" + bad)) << bad;
    }
}

TEST(Magnet, RefusesWhatHasNoUsableHash) {
    for (const std::string& bad :
         {std::string(""), std::string("magnet:"), std::string("magnet:?"),
          std::string("magnet:?dn=x"), std::string("http://x/?xt=urn:btih:") + hex_v1,
          std::string("magnet:?xt=urn:ed2k:") + hex_v1, base + "0", base.substr(0, base.size() - 1),
          std::string("magnet:?xt=urn:btih:") + std::string(40, 'g'),
          std::string("magnet:?xt=urn:btih:") + std::string(40, '0'),
          std::string("magnet:?xt=urn:btih:") + std::string(32, '1'),
          std::string("magnet:?xt=urn:btmh:1120") + hex_v2,
          std::string("magnet:?xt=urn:btmh:1220") + hex_v1,
          base + "&xt=urn:btih:" + std::string(40, 'a')}) {
        const auto magnet = Magnet::parse(bad);
        ASSERT_FALSE(magnet) << bad;
        EXPECT_EQ(magnet.error().code, ErrorCode::bad_data);
    }
    EXPECT_FALSE(Magnet::parse(base + "&dn=" + std::string(max_magnet_bytes, 'x')));
}

TEST(Magnet, LeavesOutTrackersAndPeersThatCannotBeSuch) {
    const auto magnet = Magnet::parse(
        base +
        "&tr=ftp://x/&tr=http://&tr=&tr=java%0Ascript&x.pe=nohost&x.pe=:1&x.pe=h:0&x.pe=h:65536"
        "&x.pe=a%2Fb:1&x.pe=%5Bxyz%5D:1&unknown&=&&tr=http://good/");
    ASSERT_TRUE(magnet);
    EXPECT_THAT(magnet->trackers, ElementsAre("http://good/"));
    EXPECT_THAT(magnet->peers, IsEmpty());
}

TEST(Magnet, BoundsTheNumberOfTrackers) {
    std::string text = base;
    for (int i = 0; i < 1000; ++i) text += "&tr=udp://t" + std::to_string(i) + ":1";
    EXPECT_EQ(Magnet::parse(text)->trackers.size(), 200u);
}

TEST(Magnet, SurvivesBeingWrittenAndReadAgain) {
    Magnet magnet;
    magnet.hash_v1 = Sha1Digest::from(*from_hex(hex_v1));
    magnet.hash_v2 = Sha256Digest::from(*from_hex(hex_v2));
    magnet.name = "a&b=c +%41/ü\n";
    magnet.trackers = {"http://t/announce?passkey=a&b=c#d", "udp://[::1]:5"};
    magnet.peers = {"[::1]:6881", "h:1"};
    magnet.selected = {{1, 1}, {3, 9}};
    const auto again = Magnet::parse(magnet.to_string());
    ASSERT_TRUE(again) << magnet.to_string();
    EXPECT_EQ(again->hash_v1, magnet.hash_v1);
    EXPECT_EQ(again->hash_v2, magnet.hash_v2);
    EXPECT_EQ(again->name, magnet.name);
    EXPECT_EQ(again->trackers, magnet.trackers);
    EXPECT_EQ(again->peers, magnet.peers);
    EXPECT_EQ(again->selected, magnet.selected);
}

}  // namespace
}  // namespace shoal::metainfo

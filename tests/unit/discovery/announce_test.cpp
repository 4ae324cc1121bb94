#include "discovery/announce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::discovery {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> peers_of(const AnnounceAnswer& answer) {
    std::vector<std::string> all;
    for (const auto& peer : answer.peers) all.push_back(net::to_text(peer));
    return all;
}

AnnounceAnswer parsed(std::string_view body) {
    const auto answer = parse_announce_answer(bytes_of(body));
    EXPECT_TRUE(answer) << answer.error().message;
    return answer.value_or(AnnounceAnswer{});
}

TEST(AnnounceTarget, PercentCodesRawBytes) {
    AnnounceRequest request;
    request.info_hash = InfoHash::from(bytes_of("a~ \0%&=+\xff-bcdefghijk"sv));
    request.peer_id = Digest<20>::from(bytes_of("-SH0100-abcdefghijkl"));
    request.port = 6881;
    request.left = 5;
    request.event = Event::started;
    request.key = 0xbeef;
    const std::string target = announce_target("/announce", request);
    EXPECT_THAT(target,
                StartsWith("/announce?info_hash=a~%20%00%25%26%3D%2B%FF-bcdefghijk&peer_id=-SH"));
    EXPECT_THAT(target, HasSubstr("&port=6881&uploaded=0&downloaded=0&left=5&compact=1"));
    EXPECT_THAT(target, HasSubstr("&key=0000BEEF&event=started"));
}

TEST(AnnounceTarget, KeepsTheTrackersOwnQuery) {
    EXPECT_THAT(announce_target("/announce?passkey=x", {}),
                StartsWith("/announce?passkey=x&info_hash="));
    EXPECT_THAT(announce_target("/announce", {}), testing::Not(HasSubstr("event=")));
}

TEST(AnnounceAnswer, ReadsCompactPeersOfBothFamilies) {
    const auto answer = parsed(
        "d8:completei3e11:external ip4:\x01\x02\x03\x04"
        "10:incompletei4e8:intervali60e12:min intervali30e"
        "5:peers12:\x0a\0\0\x01\x1a\xe1\x0a\0\0\x02\x1a\xe1"
        "6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe1"
        "e"sv);
    EXPECT_EQ(peers_of(answer),
              (std::vector<std::string>{"10.0.0.1:6881", "10.0.0.2:6881", "[2001:db8::1]:6881"}));
    EXPECT_EQ(answer.interval.count(), 60);
    EXPECT_EQ(answer.min_interval.count(), 30);
    EXPECT_EQ(answer.seeds, 3);
    EXPECT_EQ(answer.leechers, 4);
    EXPECT_EQ(answer.external_address->to_string(), "1.2.3.4");
}

TEST(AnnounceAnswer, ReadsDictionariesInAnyOrderOfKeys) {
    const auto answer = parsed(
        "d5:peersld4:porti1e2:ip8:10.0.0.1ed2:ip11:2001:db8::14:porti2eed2:ip4:host4:porti3eee"
        "8:intervali60ee\n");
    EXPECT_EQ(peers_of(answer), (std::vector<std::string>{"10.0.0.1:1", "[2001:db8::1]:2"}));
}

TEST(AnnounceAnswer, LeavesOutPeersThatCannotBe) {
    EXPECT_TRUE(parsed("d5:peers18:\x0a\0\0\x01\0\0"
                       "\0\0\0\0\0\x01"
                       "\xe0\0\0\x01\0\x01"
                       "e"sv)
                    .peers.empty());
    EXPECT_TRUE(
        parsed("d5:peersld2:ip8:10.0.0.14:porti65536eed2:ip8:10.0.0.14:porti-1eeee").peers.empty());
    EXPECT_TRUE(parsed("d5:peers5:12345e").peers.empty());
}

TEST(AnnounceAnswer, TakesABoundedNumberOfPeers) {
    std::string peers;
    for (int i = 0; i < 5000; ++i) {
        peers += {10, static_cast<char>(i >> 8), static_cast<char>(i), 1, 1, 1};
    }
    const auto answer = parsed("d5:peers30000:" + peers + "e");
    EXPECT_EQ(answer.peers.size(), max_answer_peers);
}

TEST(AnnounceAnswer, ReadsRefusals) {
    const auto answer = parsed("d14:failure reason4:full8:retry ini5ee");
    EXPECT_EQ(answer.failure, "full");
    EXPECT_EQ(answer.retry_in, std::chrono::minutes(5));
    EXPECT_TRUE(parsed("d14:failure reason4:full8:retry in5:nevere").retry_never);
    EXPECT_FALSE(parsed("d14:failure reason0:e").failure.empty());
    EXPECT_EQ(parsed("d14:failure reason300:" + std::string(300, 'x') + "e").failure.size(), 200u);
}

TEST(AnnounceAnswer, BoundsIntervals) {
    EXPECT_EQ(parsed("d8:intervali-5e5:peers0:e").interval.count(), 0);
    EXPECT_EQ(parsed("d8:intervali9223372036854775807e5:peers0:e").interval,
              std::chrono::hours(7 * 24));
}

TEST(AnnounceAnswer, RefusesWhatIsNoAnswer) {
    for (const auto* bad :
         {"", "<html>404</html>", "de", "le", "i1e", "d5:peers", "d5:peersi1e", "4:text"}) {
        EXPECT_FALSE(parse_announce_answer(bytes_of(bad))) << bad;
    }
}

}  // namespace
}  // namespace shoal::discovery

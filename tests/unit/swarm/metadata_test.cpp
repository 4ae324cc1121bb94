#include "swarm/metadata.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace shoal::swarm {
namespace {

const PeerKey honest(1);
const PeerKey other(2);

ByteVector dictionary() {
    ByteVector info(40'000);
    for (std::size_t i = 0; i < info.size(); ++i) info[i] = static_cast<std::byte>(i * 7);
    return info;
}

/// Lets the peers answer until nothing more is asked; the liar turns bytes around.
std::vector<PeerKey> run(MetadataFetch& fetch, const ByteVector& info, std::optional<PeerKey> liar,
                         TimePoint now) {
    std::vector<PeerKey> thrown_out;
    for (auto asks = fetch.next(now); !asks.empty(); asks = fetch.next(now)) {
        for (const auto& ask : asks) {
            auto answer = metadata_answer(info, ask.piece);
            ByteVector data(answer.data.begin(), answer.data.end());
            if (ask.peer == liar) data[0] ^= std::byte{1};
            answer.data = data;
            if (const auto bad = fetch.on_data(ask.peer, answer)) {
                thrown_out.push_back(*bad);
                fetch.remove_peer(*bad);
                break;
            }
        }
    }
    return thrown_out;
}

TEST(Metadata, IsPutTogetherFromItsPieces) {
    const ByteVector info = dictionary();
    MetadataFetch fetch(sha1(info));
    ASSERT_TRUE(fetch.add_peer(honest, 40'000));
    EXPECT_TRUE(run(fetch, info, std::nullopt, TimePoint{1s}).empty());
    ASSERT_TRUE(fetch.result());
    EXPECT_EQ(*fetch.result(), info);
}

TEST(Metadata, ThrowsTheLiarOutAndTakesItFromAnother) {
    const ByteVector info = dictionary();
    MetadataFetch fetch(sha1(info));
    ASSERT_TRUE(fetch.add_peer(other, 40'000));
    ASSERT_TRUE(fetch.add_peer(honest, 40'000));
    EXPECT_EQ(run(fetch, info, other, TimePoint{1s}), std::vector{other});
    EXPECT_TRUE(fetch.result());
}

TEST(Metadata, RefusesAbsurdSizesAndAnswersThatDoNotFit) {
    MetadataFetch fetch(InfoHash{});
    EXPECT_FALSE(fetch.add_peer(honest, 0));
    EXPECT_FALSE(fetch.add_peer(honest, 0xffffffff));
    ASSERT_TRUE(fetch.add_peer(honest, 20'000));
    ASSERT_FALSE(fetch.next(TimePoint{1s}).empty());
    const ByteVector data(100);
    const wire::MetadataMessage wrong{
        .type = wire::MetadataMessage::Type::data, .piece = 0, .total_size = 20'000, .data = data};
    EXPECT_EQ(fetch.on_data(honest, wrong), honest);
}

TEST(Metadata, GoesToTheNextPeerWhenOneIsSilent) {
    MetadataFetch fetch(InfoHash{});
    ASSERT_TRUE(fetch.add_peer(honest, 20'000));
    ASSERT_TRUE(fetch.add_peer(other, 20'000));
    const PeerKey first = fetch.next(TimePoint{1s}).at(0).peer;
    EXPECT_TRUE(fetch.next(TimePoint{2s}).empty());
    const auto later = fetch.next(TimePoint{10s});
    ASSERT_FALSE(later.empty());
    EXPECT_NE(later[0].peer, first);
}

TEST(Metadata, APeerThatDripsGivesWayToAnother) {
    const ByteVector info = dictionary();
    MetadataFetch fetch(sha1(info));
    const PeerKey dripping(9);
    ASSERT_TRUE(fetch.add_peer(dripping, 39 << 20));
    TimePoint now{1s};
    const auto drip = [&](int seconds) {
        for (int i = 0; i < seconds; ++i) {
            for (const auto& ask : fetch.next(now += 1s)) {
                if (ask.peer == honest) return true;
            }
            ByteVector data(metadata_piece_size);
            static std::uint32_t piece = 0;
            const wire::MetadataMessage answer{.type = wire::MetadataMessage::Type::data,
                                               .piece = piece++,
                                               .total_size = 39 << 20,
                                               .data = data};
            EXPECT_FALSE(fetch.on_data(dripping, answer));
        }
        return false;
    };
    EXPECT_FALSE(drip(60)) << "alone it has all the time";
    ASSERT_TRUE(fetch.add_peer(honest, 40'000));
    EXPECT_TRUE(drip(2));
}

TEST(Metadata, AnswersWithTheRightPartOrARejection) {
    const ByteVector info = dictionary();
    EXPECT_EQ(metadata_answer(info, 2).data.size(), 40'000u - 2 * metadata_piece_size);
    EXPECT_EQ(metadata_answer(info, 3).type, wire::MetadataMessage::Type::reject);
    EXPECT_EQ(metadata_answer(info, 0xffffffff).type, wire::MetadataMessage::Type::reject);
}

}  // namespace
}  // namespace shoal::swarm

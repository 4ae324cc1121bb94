#include "tracker/piece_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::tracker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

InfoHash hash_of(unsigned char number) {
    InfoHash hash;
    hash.bytes.fill(std::byte{number});
    return hash;
}

net::TcpEndpoint peer(std::uint16_t port) {
    return {boost::asio::ip::make_address("127.0.0.1"), port};
}

PieceReport whole(std::uint64_t number, std::vector<PieceChange> changes) {
    return {.number = number, .whole = true, .changes = std::move(changes)};
}

PieceReport delta(std::uint64_t number, std::vector<PieceChange> changes) {
    return {.number = number, .whole = false, .changes = std::move(changes)};
}

class PieceMapTest : public ::testing::Test {
  protected:
    PieceMapTest() { map.add_torrent(hash_of(1), 3); }

    void holds(std::uint16_t port, PieceRange pieces) {
        ASSERT_TRUE(
            map.report(peer(port), whole(1, {{.info_hash = hash_of(1), .gained = {pieces}}})));
    }

    PieceMap map;
};

TEST_F(PieceMapTest, ThreePeersWithOnePieceEachThenAFourthWithAll) {
    holds(1, {0, 0});
    holds(2, {1, 1});
    holds(3, {2, 2});
    auto swarm = map.swarm(hash_of(1));
    ASSERT_TRUE(swarm);
    ASSERT_EQ(swarm->holders.size(), 3U);
    EXPECT_EQ(swarm->holders[1].peer, peer(2));
    EXPECT_THAT(swarm->holders[1].pieces, ElementsAre(PieceRange{1, 1}));
    EXPECT_THAT(swarm->held_once, ElementsAre(PieceRange{0, 2}));
    EXPECT_THAT(swarm->held_never, IsEmpty());

    holds(4, {0, 2});
    swarm = map.swarm(hash_of(1));
    EXPECT_EQ(swarm->holders.size(), 4U);
    EXPECT_EQ(swarm->holders[3].count, 3U);
    EXPECT_THAT(swarm->held_once, IsEmpty());
}

TEST_F(PieceMapTest, PiecesThatNobodyHoldsAreNamed) {
    holds(1, {1, 1});
    const auto swarm = map.swarm(hash_of(1));
    EXPECT_THAT(swarm->held_never, ElementsAre(PieceRange{0, 0}, PieceRange{2, 2}));
    EXPECT_THAT(swarm->held_once, ElementsAre(PieceRange{1, 1}));
}

TEST_F(PieceMapTest, ChangesAddUpAndPiecesCanBeLost) {
    holds(1, {0, 0});
    ASSERT_TRUE(map.report(peer(1), delta(2, {{.info_hash = hash_of(1), .gained = {{1, 2}}}})));
    EXPECT_EQ(map.swarm(hash_of(1))->holders[0].count, 3U);
    ASSERT_TRUE(map.report(peer(1), delta(3, {{.info_hash = hash_of(1), .lost = {{0, 1}}}})));
    EXPECT_THAT(map.swarm(hash_of(1))->holders[0].pieces, ElementsAre(PieceRange{2, 2}));
}

TEST_F(PieceMapTest, AReportThatDoesNotFollowTheLastOneIsRefusedAndChangesNothing) {
    const PieceChange all{.info_hash = hash_of(1), .gained = {{0, 2}}};
    EXPECT_EQ(map.report(peer(1), delta(1, {all})).error().code, ErrorCode::refused);
    holds(1, {0, 0});
    EXPECT_EQ(map.report(peer(1), delta(3, {all})).error().code, ErrorCode::refused);
    EXPECT_EQ(map.swarm(hash_of(1))->holders[0].count, 1U);
    EXPECT_TRUE(map.report(peer(1), whole(9, {all})));
    EXPECT_TRUE(map.report(peer(1), delta(10, {})));
}

TEST_F(PieceMapTest, AWholeReportForgetsWhatWasThereBefore) {
    map.add_torrent(hash_of(2), 1);
    ASSERT_TRUE(map.report(peer(1), whole(1, {{.info_hash = hash_of(1), .gained = {{0, 2}}},
                                              {.info_hash = hash_of(2), .gained = {{0, 0}}}})));
    EXPECT_EQ(map.holdings(), 2U);
    holds(1, {0, 0});
    EXPECT_EQ(map.holdings(), 1U);
    EXPECT_THAT(map.swarm(hash_of(2))->holders, IsEmpty());
}

TEST_F(PieceMapTest, NonsenseIsRefusedAsAWhole) {
    const PieceChange good{.info_hash = hash_of(1), .gained = {{0, 2}}};
    for (const PieceRange& bad : {PieceRange{0, 3}, PieceRange{2, 1}, PieceRange{0, UINT32_MAX}}) {
        const PieceChange change{.info_hash = hash_of(1), .gained = {bad}};
        EXPECT_EQ(map.report(peer(1), whole(1, {good, change})).error().code, ErrorCode::bad_data);
    }
    const PieceChange unknown{.info_hash = hash_of(7)};
    EXPECT_EQ(map.report(peer(1), whole(1, {good, unknown})).error().code, ErrorCode::not_found);
    EXPECT_EQ(map.holdings(), 0U);
    EXPECT_FALSE(map.reports(peer(1)));
}

TEST_F(PieceMapTest, APeerThatVanishesTakesItsPiecesAlong) {
    holds(1, {0, 2});
    holds(2, {0, 0});
    map.remove_peer(peer(1));
    ASSERT_EQ(map.swarm(hash_of(1))->holders.size(), 1U);
    EXPECT_FALSE(map.reports(peer(1)));
    EXPECT_TRUE(map.reports(peer(2)));
    ASSERT_TRUE(map.report(peer(2), delta(2, {{.info_hash = hash_of(1), .gone = true}})));
    EXPECT_THAT(map.swarm(hash_of(1))->holders, IsEmpty());
    EXPECT_EQ(map.holdings(), 0U);
}

TEST_F(PieceMapTest, WhatWasSeenAtAnotherClientReplacesWhatWasSeenBefore) {
    map.observe(peer(1), hash_of(1), std::vector<PieceRange>{{0, 0}});
    map.observe(peer(1), hash_of(1), std::vector<PieceRange>{{1, 900}});
    EXPECT_THAT(map.swarm(hash_of(1))->holders[0].pieces, ElementsAre(PieceRange{1, 2}));
    EXPECT_FALSE(map.reports(peer(1)));
    map.observe(peer(1), hash_of(9), std::vector<PieceRange>{{0, 0}});
    EXPECT_EQ(map.holdings(), 1U);
    map.remove(peer(1), hash_of(1));
    EXPECT_EQ(map.holdings(), 0U);
}

TEST_F(PieceMapTest, ATorrentThatIsRemovedIsForgottenWithItsHolders) {
    holds(1, {0, 2});
    map.remove_torrent(hash_of(1));
    EXPECT_FALSE(map.swarm(hash_of(1)));
    EXPECT_EQ(map.holdings(), 0U);
    EXPECT_TRUE(map.report(peer(1), delta(2, {})));
    map.add_torrent(hash_of(1), 3);
    EXPECT_THAT(map.swarm(hash_of(1))->holders, IsEmpty());
}

TEST(PieceMap, IsBounded) {
    PieceMap map(2);
    map.add_torrent(hash_of(1), 3);
    for (const std::uint16_t port : {std::uint16_t{1}, std::uint16_t{2}}) {
        map.observe(peer(port), hash_of(1), std::vector<PieceRange>{{0, 0}});
    }
    map.observe(peer(3), hash_of(1), std::vector<PieceRange>{{0, 0}});
    EXPECT_EQ(map.holdings(), 2U);
    EXPECT_EQ(
        map.report(peer(3), whole(1, {{.info_hash = hash_of(1), .gained = {{0, 0}}}})).error().code,
        ErrorCode::refused);
}

TEST_F(PieceMapTest, CountsSeedsAndHolders) {
    holds(1, {0, 2});
    holds(2, {1, 1});
    map.observe(peer(3), hash_of(1), {});
    EXPECT_EQ(map.counts(hash_of(1)).seeds, 1U);
    EXPECT_EQ(map.counts(hash_of(1)).holders, 2U);
    EXPECT_EQ(map.counts(hash_of(2)).holders, 0U);
}

TEST_F(PieceMapTest, CountsWhatChanges) {
    EXPECT_FALSE(map.changes(hash_of(2)));
    map.add_torrent(hash_of(2), 3);
    std::uint64_t before = *map.changes(hash_of(1));
    const auto changed = [&] { return std::exchange(before, *map.changes(hash_of(1))) != before; };
    holds(1, {0, 0});
    EXPECT_TRUE(changed());
    const std::vector<PieceRange> two = {{1, 2}};
    map.observe(peer(2), hash_of(1), {});
    EXPECT_TRUE(changed()) << "somebody came who has nothing";
    map.observe(peer(2), hash_of(1), two);
    EXPECT_TRUE(changed());
    map.observe(peer(2), hash_of(1), two);
    EXPECT_FALSE(changed());
    map.observe(peer(2), hash_of(2), two);
    EXPECT_FALSE(changed()) << "another swarm";
    map.remove(peer(2), hash_of(1));
    EXPECT_TRUE(changed());
    map.remove_peer(peer(1));
    EXPECT_TRUE(changed());
}

TEST_F(PieceMapTest, TellsWhoseCountsHaveChanged) {
    map.add_torrent(hash_of(2), 1);
    holds(1, {0, 0});
    map.watch_counts();
    EXPECT_THAT(map.count_changes(10), IsEmpty()) << "all was so before";
    holds(2, {0, 2});
    auto changed = map.count_changes(10);
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(changed[0].info_hash, hash_of(1));
    EXPECT_EQ(changed[0].counts, (PieceMap::Counts{.seeds = 1, .holders = 2}));
    holds(1, {0, 1});
    EXPECT_THAT(map.count_changes(10), IsEmpty()) << "other pieces, the same counts";

    map.remove_peer(peer(1));
    map.observe(peer(3), hash_of(2), std::vector<PieceRange>{{0, 0}});
    EXPECT_EQ(map.count_changes(1).size(), 1U) << "no more than the limit";
    EXPECT_EQ(map.count_changes(1).size(), 1U);
    EXPECT_THAT(map.count_changes(1), IsEmpty());
}

}  // namespace
}  // namespace shoal::tracker

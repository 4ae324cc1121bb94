#include "swarm/torrent.h"

#include <deque>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/hash.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace shoal::swarm {
namespace {

constexpr std::uint32_t piece_length = 4 * block_size;

metainfo::Layout layout_of(std::uint32_t pieces) {
    metainfo::File file;
    file.path = {"file"};
    file.length = static_cast<ByteCount>(pieces) * piece_length;
    return {{file}, piece_length};
}

/// A torrent under test, with a clock to turn and peers played by the test.
class TorrentTest : public testing::Test {
  protected:
    void make(std::uint32_t pieces, Settings settings = {}, bool complete = false) {
        layout = layout_of(pieces);
        torrent = std::make_unique<Torrent>(layout, Bitfield(pieces, complete),
                                            Bitfield(pieces, true), settings, budget, 1);
    }

    void say(PeerKey peer, const wire::Message& message) {
        const auto result = torrent->receive(peer, message, now);
        EXPECT_TRUE(result) << result.error().message;
        EXPECT_TRUE(torrent->consistent());
    }

    PeerKey seed(std::uint32_t number) {
        const PeerKey key(number);
        torrent->add_peer(key, {.fast = true}, now);
        say(key, wire::HaveAll{});
        say(key, wire::Unchoke{});
        return key;
    }

    /// A seed that suggests these pieces before it lets itself be asked.
    PeerKey guiding_seed(std::uint32_t number, std::initializer_list<std::uint32_t> pieces) {
        const PeerKey key(number);
        torrent->add_peer(key, {.fast = true}, now);
        say(key, wire::HaveAll{});
        for (const std::uint32_t piece : pieces) say(key, wire::SuggestPiece{PieceIndex(piece)});
        say(key, wire::Unchoke{});
        return key;
    }

    /// What the torrent has said to a peer since the last call.
    std::vector<wire::Message> heard(PeerKey peer) {
        wire::Decoder decoder;
        ByteVector stream;
        const auto greeting = wire::Handshake{}.encode();
        stream.assign(greeting.begin(), greeting.end());
        auto& outbox = torrent->outbox(peer);
        stream.insert(stream.end(), outbox.begin(), outbox.end());
        outbox.clear();
        std::vector<wire::Message> messages;
        for (Bytes rest = stream;;) {
            while (auto event = decoder.poll().value()) {
                if (const auto* m = std::get_if<wire::Message>(&*event)) messages.push_back(*m);
            }
            if (rest.empty()) return messages;
            const MutableBytes buffer = decoder.prepare()[0];
            const std::size_t n = std::min(buffer.size(), rest.size());
            std::ranges::copy(rest.first(n), buffer.begin());
            decoder.commit(n);
            rest = rest.subspan(n);
        }
    }

    template <class T>
    std::vector<BlockRange> ranges(PeerKey peer) {
        std::vector<BlockRange> found;
        for (const auto& message : heard(peer)) {
            if (const auto* m = std::get_if<T>(&message)) found.push_back(m->range);
        }
        return found;
    }
    std::vector<BlockRange> requests(PeerKey peer) { return ranges<wire::Request>(peer); }

    bool deliver(PeerKey peer, const BlockRange& range) {
        if (!torrent->begin_block(peer, range, now)) {
            torrent->refused_block(peer, range, now);
            return false;
        }
        torrent->end_block(peer, range, now);
        EXPECT_TRUE(torrent->consistent());
        return true;
    }

    /// A piece comes from two peers, is false, and both are gone: it is to have a single author.
    void fail_piece_of_two_authors() {
        const PeerKey first = seed(1000);
        const BlockRange block = requests(first).front();
        failed = block.piece;
        ASSERT_TRUE(deliver(first, block));
        torrent->remove_peer(first, now);
        const PeerKey second = seed(1001);
        for (const auto& range : requests(second)) {
            if (range.piece != failed) continue;
            ASSERT_TRUE(deliver(second, range));
        }
        torrent->remove_peer(second, now);
        ASSERT_EQ(torrent->take_outcome().to_store, std::vector{failed});
        torrent->piece_bad(failed, std::vector<Sha1Digest>(4), now);
        ASSERT_TRUE(torrent->take_outcome().disconnects.empty());
    }

    void wait(Duration time) {
        for (const TimePoint end = now + time; now < end; now += 100ms) torrent->tick(now);
    }

    TimePoint now{1000s};
    PieceIndex failed{0};
    PieceBudget budget;
    metainfo::Layout layout;
    std::unique_ptr<Torrent> torrent;
};

TEST_F(TorrentTest, DownloadsEverythingFromOneSeed) {
    make(10);
    const PeerKey peer = seed(1);
    std::deque<BlockRange> queue;
    for (int step = 0; step < 1000 && !torrent->finished(); ++step, now += 1ms) {
        for (const auto& range : requests(peer)) queue.push_back(range);
        ASSERT_FALSE(queue.empty());
        ASSERT_TRUE(deliver(peer, queue.front()));
        queue.pop_front();
        for (const auto piece : torrent->take_outcome().to_store) {
            torrent->piece_good(piece, {}, now);
        }
    }
    EXPECT_TRUE(torrent->finished());
    EXPECT_TRUE(torrent->take_outcome().finished || torrent->finished());
    EXPECT_EQ(budget.used, 0);
    EXPECT_EQ(torrent->wasted(), 0);
}

TEST_F(TorrentTest, NeverAsksTwoPeersForTheSameBlockBeforeTheEndgame) {
    make(100);
    const auto first = requests(seed(1));
    const auto second = requests(seed(2));
    EXPECT_FALSE(first.empty());
    EXPECT_FALSE(second.empty());
    for (const auto& range : first) {
        EXPECT_EQ(std::ranges::find(second, range), second.end());
    }
}

TEST_F(TorrentTest, FinishesBegunPiecesBeforeItBeginsOthers) {
    make(100);
    const PeerKey first = seed(1);
    const auto asked = requests(first);
    torrent->remove_peer(first, now);
    const auto again = requests(seed(2));
    ASSERT_GE(again.size(), asked.size());
    std::set<PieceIndex> begun;
    for (const auto& range : asked) begun.insert(range.piece);
    for (std::size_t i = 0; i < asked.size(); ++i) EXPECT_TRUE(begun.contains(again[i].piece));
}

TEST_F(TorrentTest, AsksOthersAtOnceWhenAPeerLeaves) {
    make(2);
    const PeerKey first = seed(1);
    ASSERT_EQ(requests(first).size(), 8u);
    const PeerKey second = seed(2);
    ASSERT_EQ(requests(second).size(), 1u);  // the endgame doubles one
    torrent->remove_peer(first, now);
    EXPECT_EQ(requests(second).size(), 7u);
}

TEST_F(TorrentTest, AsksOthersWhenAPeerStallsAndStillTakesItsLateAnswer) {
    make(4);
    const PeerKey slow = seed(1);
    const auto asked = requests(slow);
    ASSERT_EQ(asked.size(), 16u);
    wait(10s);
    const PeerKey fresh = seed(2);
    EXPECT_EQ(requests(fresh).size(), 16u);
    EXPECT_TRUE(deliver(slow, asked[0]));
    const auto cancelled = ranges<wire::Cancel>(fresh);
    EXPECT_EQ(cancelled, std::vector{asked[0]});
}

TEST_F(TorrentTest, AsksOthersForABlockThatAPeerHasBegunAndNeverEnds) {
    make(1);
    const PeerKey hostage_taker = seed(1);
    const auto asked = requests(hostage_taker);
    ASSERT_FALSE(asked.empty());
    ASSERT_TRUE(torrent->begin_block(hostage_taker, asked[0], now));
    const PeerKey honest = seed(2);
    for (int i = 0; i < 400 && torrent->knows(hostage_taker); ++i) {
        now += 100ms;
        torrent->tick(now);
        for (const auto& range : requests(honest)) {
            EXPECT_NE(range, asked[0]);
            ASSERT_TRUE(torrent->begin_block(honest, range, now));
            torrent->end_block(honest, range, now);
        }
        for (const auto& gone : torrent->take_outcome().disconnects) {
            EXPECT_EQ(gone.peer, hostage_taker);
            torrent->remove_peer(gone.peer, now);
        }
    }
    EXPECT_FALSE(torrent->knows(hostage_taker));
    EXPECT_EQ(requests(honest), std::vector{asked[0]});
}

TEST_F(TorrentTest, RefusesBlocksThatWereNotAskedFor) {
    make(4);
    const PeerKey peer = seed(1);
    const auto asked = requests(peer);
    ASSERT_TRUE(deliver(peer, asked[0]));
    EXPECT_FALSE(deliver(peer, asked[0]));
    EXPECT_FALSE(deliver(peer, {PieceIndex(0), 5, block_size}));
    EXPECT_FALSE(deliver(peer, {PieceIndex(999), 0, block_size}));
    EXPECT_EQ(torrent->wasted(), 3 * block_size);
}

TEST_F(TorrentTest, ExpectsWhatWasAskedForInItsOrderOfAPeerThatKeepsIt) {
    make(20);
    const PeerKey peer = seed(1);
    torrent->set_request_limit(peer, 100);
    const auto expected = [&](std::size_t most) {
        std::vector<BlockRange> blocks;
        torrent->expect_blocks(peer, most, blocks);
        return blocks;
    };
    std::deque<BlockRange> asked;
    const auto next = [&] {
        for (const BlockRange& range : requests(peer)) asked.push_back(range);
        const BlockRange range = asked.front();
        asked.pop_front();
        return range;
    };
    EXPECT_TRUE(expected(16).empty()) << "it has not shown yet that it keeps the order";
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(deliver(peer, next()));
    for (const BlockRange& range : requests(peer)) asked.push_back(range);
    ASSERT_GT(asked.size(), 4u);
    EXPECT_EQ(expected(3), std::vector(asked.begin(), asked.begin() + 3));

    // The one that is arriving is not expected, and what comes after it is.
    const BlockRange arriving = next();
    ASSERT_TRUE(torrent->begin_block(peer, arriving, now));
    EXPECT_EQ(expected(3), std::vector(asked.begin(), asked.begin() + 3));
    torrent->end_block(peer, arriving, now);

    const BlockRange early = asked.back();
    asked.pop_back();
    ASSERT_TRUE(deliver(peer, early));
    EXPECT_TRUE(expected(16).empty()) << "it has left the order";
}

TEST_F(TorrentTest, DoesNotExpectOfOnePeerWhatAnotherIsSending) {
    make(2);
    const PeerKey peer = seed(1);
    torrent->set_request_limit(peer, 100);
    for (int i = 0; i < 3; ++i) {
        const auto asked = requests(peer);
        if (asked.empty()) break;
        ASSERT_TRUE(deliver(peer, asked.front()));
    }
    const auto is_expected = [&](const BlockRange& range) {
        std::vector<BlockRange> expected;
        torrent->expect_blocks(peer, 16, expected);
        return std::ranges::find(expected, range) != expected.end();
    };
    const PeerKey other = seed(2);
    const auto twice = requests(other);
    ASSERT_FALSE(twice.empty());
    ASSERT_TRUE(is_expected(twice.front())) << "asked of both in the endgame";
    ASSERT_TRUE(torrent->begin_block(other, twice.front(), now));
    EXPECT_FALSE(is_expected(twice.front()));
}

TEST_F(TorrentTest, BansTheSenderOfAPieceThatFails) {
    make(1);
    const PeerKey liar = seed(1);
    for (const auto& range : requests(liar)) ASSERT_TRUE(deliver(liar, range));
    ASSERT_EQ(torrent->take_outcome().to_store.size(), 1u);
    torrent->piece_bad(PieceIndex(0), std::vector<Sha1Digest>(4), now);
    const auto outcome = torrent->take_outcome();
    ASSERT_EQ(outcome.disconnects.size(), 1u);
    EXPECT_EQ(outcome.disconnects[0].peer, liar);
    EXPECT_TRUE(outcome.disconnects[0].ban);
    EXPECT_EQ(torrent->pieces().state(PieceIndex(0)), PieceState::in_flight);  // asked again
}

TEST_F(TorrentTest, FindsTheLiarAmongSeveralByFetchingThePieceAgainFromOne) {
    make(1);
    const PeerKey liar = seed(1);
    const auto asked = requests(liar);
    ASSERT_TRUE(deliver(liar, asked[0]));
    torrent->set_paused(true, now);
    say(liar, wire::Choke{});
    for (std::size_t i = 1; i < 4; ++i) say(liar, wire::RejectRequest{asked[i]});
    torrent->set_paused(false, now);
    const PeerKey honest = seed(2);
    for (const auto& range : requests(honest)) ASSERT_TRUE(deliver(honest, range));
    ASSERT_EQ(torrent->take_outcome().to_store.size(), 1u);

    std::vector<Sha1Digest> digests(4);
    digests[0] = sha1(bytes_of("false"));
    torrent->piece_bad(PieceIndex(0), digests, now);
    EXPECT_TRUE(torrent->take_outcome().disconnects.empty());  // either may have lied
    EXPECT_TRUE(torrent->wants_digests(PieceIndex(0)));
    for (const auto& range : requests(honest)) ASSERT_TRUE(deliver(honest, range));
    ASSERT_EQ(torrent->take_outcome().to_store.size(), 1u);
    torrent->piece_good(PieceIndex(0), std::vector<Sha1Digest>(4), now);
    const auto outcome = torrent->take_outcome();
    const auto banned = std::ranges::find(outcome.disconnects, true, &Disconnect::ban);
    ASSERT_NE(banned, outcome.disconnects.end());
    EXPECT_EQ(banned->peer, liar);
}

TEST_F(TorrentTest, AFailedPieceDoesNotWaitForAnAuthorThatIsSilent) {
    make(1);
    const PeerKey first = seed(1);
    ASSERT_TRUE(deliver(first, requests(first)[0]));
    torrent->remove_peer(first, now);
    const PeerKey second = seed(2);
    for (const auto& range : requests(second)) ASSERT_TRUE(deliver(second, range));
    ASSERT_EQ(torrent->take_outcome().to_store.size(), 1u);
    torrent->piece_bad(PieceIndex(0), std::vector<Sha1Digest>(4), now);
    ASSERT_EQ(requests(second).size(), 4u);  // the only author from here on, and silent
    wait(15s);
    EXPECT_EQ(requests(seed(3)).size(), 4u);
}

TEST_F(TorrentTest, AFailedPieceReachesAnHonestPeerBehindACrowdThatIsSilent) {
    make(2);
    fail_piece_of_two_authors();
    // By the time that the last has been found out, the first would be asked again.
    for (std::uint32_t key = 1; key <= 20; ++key) seed(key);
    const PeerKey honest = seed(200);
    for (int i = 0; i < 1200 && !torrent->finished(); ++i) {
        for (const auto& range : requests(honest)) deliver(honest, range);
        for (const auto piece : torrent->take_outcome().to_store) {
            torrent->piece_good(piece, std::vector<Sha1Digest>(4), now);
        }
        wait(100ms);
    }
    EXPECT_TRUE(torrent->finished());
}

TEST_F(TorrentTest, AFailedPieceIsNotKeptForAPeerThatRejectsIt) {
    make(2);
    fail_piece_of_two_authors();
    const PeerKey refuser = seed(1);
    const PeerKey honest = seed(200);
    std::size_t asked = 0;
    for (int i = 0; i < 100 && asked == 0; ++i) {
        for (const auto& range : requests(refuser)) say(refuser, wire::RejectRequest{range});
        for (const auto& range : requests(honest)) asked += range.piece == failed ? 1 : 0;
        wait(100ms);
    }
    EXPECT_GT(asked, 0u);
}

TEST_F(TorrentTest, AFailedPieceIsNotKeptForAnAuthorThatMayNotBeAskedForTheRest) {
    const std::vector<wire::Message> ways = {wire::Choke{}, wire::HaveNone{}};
    for (const auto& words : ways) {
        make(1);
        fail_piece_of_two_authors();
        const PeerKey author(1);
        torrent->add_peer(author, {.fast = true}, now);
        torrent->set_request_limit(author, 1);
        say(author, wire::HaveAll{});
        say(author, wire::Unchoke{});
        const auto asked = requests(author);
        ASSERT_EQ(asked.size(), 1u);
        say(author, words);
        ASSERT_TRUE(deliver(author, asked[0]));
        const PeerKey other = seed(2);
        wait(1s);
        EXPECT_EQ(requests(other).size(), 3u);
    }
}

TEST_F(TorrentTest, BeginsNoMoreThanTheBudgetAllowsAndParksWhatCannotGoOn) {
    budget.limit = 2 * piece_length;
    make(10);
    const PeerKey half(1);
    torrent->add_peer(half, {.fast = true}, now);
    Bitfield pieces(10);
    pieces.set(0);
    pieces.set(1);
    say(half, wire::BitfieldMessage{pieces.to_bytes()});
    say(half, wire::Unchoke{});
    const auto asked = requests(half);
    EXPECT_EQ(asked.size(), 8u);
    EXPECT_EQ(budget.used, budget.limit);
    ASSERT_TRUE(deliver(half, asked[0]));
    torrent->remove_peer(half, now);

    // The newcomer has neither of the two, and all the memory is theirs.
    const PeerKey rest(2);
    torrent->add_peer(rest, {.fast = true}, now);
    Bitfield others(10, true);
    others.clear(0);
    others.clear(1);
    say(rest, wire::BitfieldMessage{others.to_bytes()});
    say(rest, wire::Unchoke{});
    const auto parked = torrent->take_outcome().to_park;
    ASSERT_EQ(parked.size(), 1u);
    torrent->piece_parked(parked[0], now);
    EXPECT_FALSE(requests(rest).empty());
    EXPECT_LE(budget.used, budget.limit);

    const PeerKey all = seed(3);
    std::size_t got = 0;
    for (const auto& range : requests(all)) got += deliver(all, range) ? 1 : 0;
    EXPECT_GT(got, 0u);
}

TEST_F(TorrentTest, BeginsNothingWhileTooMuchWaitsForTheDisk) {
    budget.unstored_limit = 2 * piece_length;
    make(20);
    const PeerKey peer = seed(1);
    torrent->set_request_limit(peer, 1000);
    std::set<std::uint32_t> begun;
    std::deque<PieceIndex> whole;
    const auto deliver_all = [&] {
        for (auto asked = requests(peer); !asked.empty(); asked = requests(peer)) {
            for (const BlockRange& range : asked) {
                begun.insert(range.piece.value());
                ASSERT_TRUE(deliver(peer, range));
            }
        }
        for (const PieceIndex piece : torrent->take_outcome().to_store) whole.push_back(piece);
    };
    deliver_all();
    const std::size_t before = begun.size();
    EXPECT_GE(before, 3u);
    EXPECT_LT(before, 20u);
    EXPECT_EQ(budget.unstored, std::ssize(whole) * ByteCount{piece_length});
    while (!whole.empty()) {
        torrent->piece_good(whole.front(), {}, now);
        whole.pop_front();
        deliver_all();
    }
    EXPECT_EQ(begun.size(), 20u);
    EXPECT_TRUE(torrent->finished());
    EXPECT_EQ(budget.unstored, 0);
}

TEST_F(TorrentTest, WithASingleSourceOnlyOnePeerIsAsked) {
    make(50, {.single_source = true});
    const PeerKey first = seed(1);
    const PeerKey second = seed(2);
    wait(200ms);
    const bool from_first = !requests(first).empty();
    const bool from_second = !requests(second).empty();
    EXPECT_NE(from_first, from_second);
    torrent->remove_peer(from_first ? first : second, now);
    wait(200ms);
    EXPECT_FALSE(requests(from_first ? second : first).empty());
}

TEST_F(TorrentTest, ServesOnlyWhatItHasToThoseThatAreUnchoked) {
    make(2, {}, true);
    const PeerKey peer(1);
    torrent->add_peer(peer, {.fast = true}, now);
    say(peer, wire::HaveNone{});
    const BlockRange range{PieceIndex(1), 0, block_size};
    say(peer, wire::Request{range});
    EXPECT_FALSE(torrent->has_upload(peer));
    EXPECT_EQ(ranges<wire::RejectRequest>(peer), std::vector{range});
    say(peer, wire::Interested{});
    say(peer, wire::Request{range});
    EXPECT_EQ(torrent->next_upload(peer, now), range);
    say(peer, wire::Request{range});
    say(peer, wire::Cancel{range});
    EXPECT_FALSE(torrent->has_upload(peer));
}

/// The pieces suggested to a peer since the last call.
std::set<PieceIndex> suggestions(const std::vector<wire::Message>& messages) {
    std::set<PieceIndex> pieces;
    for (const auto& message : messages) {
        if (const auto* m = std::get_if<wire::SuggestPiece>(&message)) pieces.insert(m->piece);
    }
    return pieces;
}

TEST_F(TorrentTest, ASeedSuggestsToEachPeerWhatItSuggestsToNobodyElse) {
    make(40, {}, true);
    // One that is alone has nobody to pass anything on to, and takes what it likes.
    torrent->add_peer(PeerKey(9), {.fast = true}, now);
    say(PeerKey(9), wire::HaveNone{});
    say(PeerKey(9), wire::Interested{});
    EXPECT_TRUE(suggestions(heard(PeerKey(9))).empty());
    std::set<PieceIndex> all;
    for (std::uint32_t i = 1; i <= 3; ++i) {
        torrent->add_peer(PeerKey(i), {.fast = true}, now);
        say(PeerKey(i), wire::HaveNone{});
        say(PeerKey(i), wire::Interested{});
        const auto messages = heard(PeerKey(i));
        const auto pieces = suggestions(messages);
        EXPECT_FALSE(pieces.empty());
        // They come before the peer may ask, so that it asks for these.
        EXPECT_TRUE(std::holds_alternative<wire::Unchoke>(messages.back()));
        for (const PieceIndex piece : pieces) EXPECT_TRUE(all.insert(piece).second);
    }
    // Once one has passed on a piece, it is given another.
    const PieceIndex piece = *all.begin();
    std::size_t before = 0;
    for (std::uint32_t i = 1; i <= 3; ++i) say(PeerKey(i), wire::Have{piece});
    for (std::uint32_t i = 1; i <= 3; ++i) before += suggestions(heard(PeerKey(i))).size();
    EXPECT_GE(before, 1u);
}

TEST_F(TorrentTest, ASeedSuggestsMoreToWhoeverPassesOnSooner) {
    make(200, {}, true);
    const PeerKey fast(1), slow(2), other(3);
    for (const PeerKey key : {fast, slow, other}) {
        torrent->add_peer(key, {.fast = true}, now);
        say(key, wire::HaveNone{});
        say(key, wire::Interested{});
    }
    std::map<PeerKey, std::size_t> given;
    for (int round = 0; round < 12; ++round) {
        // Each gets what it was promised, and one alone passes it on.
        for (const PeerKey key : {fast, slow, other}) {
            for (const PieceIndex piece : suggestions(heard(key))) {
                ++given[key];
                say(key, wire::Have{piece});
                if (key == fast) say(other, wire::Have{piece});
            }
            wait(300ms);
        }
    }
    EXPECT_GT(given[fast], 3 * given[slow]);
}

/// A seed of which peers ask what it suggests, and get it.
class GuidedTest : public TorrentTest {
  protected:
    /// All pieces are given, each to one peer.
    void give_all(std::uint32_t pieces, std::uint32_t peers) {
        make(pieces, {}, true);
        for (std::uint32_t i = 1; i <= peers; ++i) {
            torrent->add_peer(PeerKey(i), {.fast = true}, now);
            say(PeerKey(i), wire::HaveNone{});
            say(PeerKey(i), wire::Interested{});
        }
        std::vector<std::pair<PeerKey, PieceIndex>> arrived;
        for (int round = 0; round < 100 && holders.size() < pieces; ++round) {
            wait(100ms);
            arrived.clear();
            for (std::uint32_t i = 1; i <= peers; ++i) {
                for (const PieceIndex piece : suggestions(heard(PeerKey(i)))) {
                    if (holders.emplace(piece, i).second) arrived.emplace_back(PeerKey(i), piece);
                }
            }
            for (const auto& [key, piece] : arrived) say(key, wire::Have{piece});
        }
        ASSERT_EQ(holders.size(), pieces);
    }
    /// Whether the seed tells the peer that it may ask for anything.
    bool is_let_go(std::uint32_t peer) {
        return std::ranges::any_of(suggestions(heard(PeerKey(peer))),
                                   [&](PieceIndex piece) { return holders.at(piece) != peer; });
    }

    std::map<PieceIndex, std::uint32_t> holders;
};

TEST_F(GuidedTest, ASeedThatHasGivenEverythingLeavesPeersToEachOtherWhileTheyHoldAPieceEach) {
    give_all(4, 4);
    wait(100ms);
    for (std::uint32_t i = 1; i <= 4; ++i) EXPECT_FALSE(is_let_go(i)) << i;
    // Once three of the four are passed on, it helps with the rest.
    int passed_on = 0;
    for (const auto& [piece, holder] : holders) {
        if (++passed_on <= 3) say(PeerKey(holder % 4 + 1), wire::Have{piece});
    }
    wait(100ms);
    for (std::uint32_t i = 1; i <= 4; ++i) EXPECT_TRUE(is_let_go(i)) << i;
}

TEST_F(GuidedTest, ASeedHelpsAtOnceWherePeersHoldMoreThanTheyCanPassOn) {
    give_all(20, 2);
    wait(100ms);
    EXPECT_TRUE(is_let_go(1) || is_let_go(2));
}

TEST_F(GuidedTest, ASeedDoesNotWaitForPeersThatKeepPiecesToThemselves) {
    give_all(4, 4);
    wait(3500ms);
    for (std::uint32_t i = 1; i <= 4; ++i) EXPECT_TRUE(is_let_go(i)) << i;
}

TEST_F(TorrentTest, ASeedThatHasNothingForAPeerNowRemindsItThatThereIsMoreToCome) {
    make(200, {}, true);
    for (std::uint32_t i = 1; i <= 2; ++i) {
        torrent->add_peer(PeerKey(i), {.fast = true}, now);
        say(PeerKey(i), wire::HaveNone{});
        say(PeerKey(i), wire::Interested{});
    }
    wait(100ms);
    const auto given = suggestions(heard(PeerKey(1)));
    ASSERT_FALSE(given.empty());
    say(PeerKey(1), wire::Have{*given.begin()});
    wait(2500ms);
    const auto reminders = suggestions(heard(PeerKey(1)));
    EXPECT_TRUE(reminders.contains(*given.begin()));
}

TEST_F(TorrentTest, ASeedThatSuggestsIsAskedForThatAlone) {
    make(40);
    const PeerKey guide = guiding_seed(1, {7, 9}), other(2);
    std::set<PieceIndex> asked;
    for (const auto& range : requests(guide)) asked.insert(range.piece);
    EXPECT_EQ(asked, (std::set{PieceIndex(7), PieceIndex(9)}));
    // Another peer is asked for what it has; the seed is not asked for that as well.
    torrent->add_peer(other, {.fast = true}, now);
    Bitfield some(40);
    some.set(3);
    say(other, wire::BitfieldMessage{some.to_bytes()});
    say(other, wire::Unchoke{});
    EXPECT_EQ(requests(other).size(), 4u);
    EXPECT_TRUE(requests(guide).empty());
    // A suggestion of what others have says that there is nothing else that only the seed has.
    say(guide, wire::SuggestPiece{PieceIndex(3)});
    EXPECT_FALSE(requests(guide).empty());
}

TEST_F(TorrentTest, ASeedThatSuggestsIsAskedForEverythingWhereThereIsNobodyElse) {
    make(40);
    const PeerKey guide = guiding_seed(1, {7});
    for (const auto& range : requests(guide)) {
        EXPECT_EQ(range.piece, PieceIndex(7));
        ASSERT_TRUE(deliver(guide, range));
    }
    EXPECT_TRUE(requests(guide).empty());
    wait(600ms);
    const auto asked = requests(guide);
    EXPECT_TRUE(std::ranges::any_of(
        asked, [](const BlockRange& range) { return range.piece != PieceIndex(7); }));
}

TEST_F(TorrentTest, ASeedThatSuggestsAndGivesNothingIsAskedForTheRestAllTheSame) {
    make(40);
    const PeerKey guide = guiding_seed(1, {7});
    EXPECT_EQ(requests(guide).size(), 4u);
    wait(4s);
    EXPECT_FALSE(requests(guide).empty());
}

TEST_F(TorrentTest, AReminderKeepsASeedFromBeingAskedForTheRest) {
    make(40);
    const PeerKey guide = guiding_seed(1, {7});
    for (const auto& range : requests(guide)) deliver(guide, range);
    torrent->piece_good(PieceIndex(7), {}, now);
    const PeerKey other(2);
    torrent->add_peer(other, {.fast = true}, now);
    Bitfield some(40);
    for (std::size_t i = 10; i < 15; ++i) some.set(i);
    say(other, wire::BitfieldMessage{some.to_bytes()});
    say(other, wire::Unchoke{});
    const auto asked = requests(other);
    ASSERT_GT(asked.size(), 5u);
    for (std::size_t i = 0; i < 5; ++i) {
        wait(1s);
        EXPECT_TRUE(requests(guide).empty());
        say(guide, wire::SuggestPiece{PieceIndex(7)});
        ASSERT_TRUE(deliver(other, asked[i]));
    }
    // Reminders are of no use once nothing comes from anybody.
    for (int i = 0; i < 4; ++i) {
        wait(1s);
        say(guide, wire::SuggestPiece{PieceIndex(7)});
    }
    EXPECT_FALSE(requests(guide).empty());
}

TEST_F(TorrentTest, RefusesWhatBreaksTheProtocol) {
    make(4);
    const PeerKey peer(1);
    torrent->add_peer(peer, {}, now);
    const auto refused = [&](const wire::Message& message) {
        return !torrent->receive(peer, message, now);
    };
    EXPECT_TRUE(refused(wire::Have{PieceIndex(4)}));
    EXPECT_TRUE(refused(wire::BitfieldMessage{ByteVector(2)}));
    EXPECT_TRUE(refused(wire::Request{{PieceIndex(0), 0, 1 << 20}}));
    EXPECT_TRUE(refused(wire::Request{{PieceIndex(0), piece_length, 1}}));
    EXPECT_TRUE(refused(wire::Request{{PieceIndex(0), 0xffffffff, 2}}));
    EXPECT_TRUE(refused(wire::Request{{PieceIndex(9), 0, 1}}));
    EXPECT_TRUE(refused(wire::RejectRequest{{PieceIndex(0), 0, 1}}));
}

TEST_F(TorrentTest, WhoHasAPieceHearsOfOursWithWhatIsSentNext) {
    make(2);
    const PeerKey waiting(2);
    torrent->add_peer(waiting, {.fast = true}, now);
    say(waiting, wire::HaveNone{});
    const PeerKey holder = seed(1);
    const auto asked = requests(holder);
    ASSERT_EQ(asked.size(), 8u);
    static_cast<void>(heard(waiting));
    const auto told = [&](PeerKey peer) {
        const auto messages = heard(peer);
        return std::ranges::count_if(
            messages, [](const auto& m) { return std::holds_alternative<wire::Have>(m); });
    };
    const auto complete = [&](PieceIndex piece) {
        for (const auto& range : asked) {
            if (range.piece != piece) continue;
            EXPECT_TRUE(deliver(holder, range));
        }
        static_cast<void>(torrent->take_outcome());
        torrent->piece_good(piece, {}, now);
    };

    const PieceIndex first = asked.front().piece;
    const PieceIndex last = asked.back().piece;
    ASSERT_NE(first, last);
    complete(first);
    EXPECT_EQ(torrent->take_outcome().to_flush, std::vector{waiting});
    EXPECT_EQ(told(waiting), 1);
    torrent->tick(now);
    EXPECT_EQ(torrent->take_outcome().to_flush, std::vector{holder}) << "a tick later at most";
    EXPECT_EQ(told(holder), 1);

    complete(last);
    EXPECT_EQ(torrent->take_outcome().to_flush.size(), 2u) << "nothing is left over at the end";
}

TEST_F(TorrentTest, ABitfieldMayComeInPlaceOfManyHaves) {
    make(4);
    const PeerKey peer(1);
    torrent->add_peer(peer, {.fast = true}, now);
    say(peer, wire::HaveNone{});
    say(peer, wire::Have{PieceIndex(2)});
    Bitfield some(4);
    some.set(0);
    say(peer, wire::BitfieldMessage{some.to_bytes()});
    EXPECT_EQ(torrent->status(peer, now).pieces, 1u);
    say(peer, wire::BitfieldMessage{Bitfield(4, true).to_bytes()});
    EXPECT_EQ(torrent->status(peer, now).pieces, 4u);
    say(peer, wire::BitfieldMessage{Bitfield(4).to_bytes()});
    EXPECT_EQ(torrent->pieces().unavailable(4).size(), 4u);
}

TEST_F(TorrentTest, StopsReadingAPeerThatAsksForTooMuchAtOnce) {
    make(1, {}, true);
    const PeerKey peer(1);
    torrent->add_peer(peer, {}, now);
    say(peer, wire::Interested{});
    for (int i = 0; i < 10000 && torrent->wants_input(peer); ++i) {
        ASSERT_TRUE(torrent->receive(peer, wire::Request{{PieceIndex(0), 0, 1}}, now));
    }
    EXPECT_FALSE(torrent->wants_input(peer));
    ASSERT_TRUE(torrent->next_upload(peer, now));
    EXPECT_TRUE(torrent->wants_input(peer));
}

}  // namespace
}  // namespace shoal::swarm

#include "tracker/memory_store.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace shoal::tracker {
namespace {

constexpr Duration lifetime = 60s;

class MemoryStoreTest : public testing::Test {
  protected:
    static InfoHash hash(int number) {
        InfoHash result;
        result.bytes[0] = static_cast<std::byte>(number);
        result.bytes[1] = static_cast<std::byte>(number >> 8);
        return result;
    }

    PeerUpdate update(const std::string& address, std::uint16_t port, bool seed = false,
                      Event event = Event::none) {
        PeerUpdate result;
        result.info_hash = hash(1);
        result.address = boost::asio::ip::make_address(address);
        result.port = port;
        result.seed = seed;
        result.event = event;
        result.numwant = 50;
        return result;
    }

    SwarmCounts announce(const PeerUpdate& peer) {
        const auto counts = store_.announce(peer, now_, sample_);
        EXPECT_TRUE(counts);
        return counts.value_or(SwarmCounts{});
    }

    MemoryStore store_{lifetime, {.swarms = 3, .peers = 100}, 1};
    PeerSample sample_;
    TimePoint now_ = Clock::now();
};

TEST_F(MemoryStoreTest, PeersMeet) {
    announce(update("10.0.0.1", 1));
    EXPECT_TRUE(sample_.v4.empty()) << "never the asker itself";
    const auto counts = announce(update("10.0.0.2", 2));
    EXPECT_EQ(counts.leechers, 2u);
    EXPECT_EQ(sample_.v4, std::string("\x0a\0\0\x01\0\x01", 6));
}

TEST_F(MemoryStoreTest, PeersAreToldApartByAddressAndPort) {
    announce(update("10.0.0.1", 1));
    announce(update("10.0.0.1", 1));
    EXPECT_EQ(announce(update("10.0.0.1", 2)).leechers, 2u);
    EXPECT_EQ(store_.size().peers, 2u);
}

TEST_F(MemoryStoreTest, AFirstAnnounceThatLacksNothingGetsSeedsAllTheSame) {
    announce(update("10.0.0.1", 1, true));
    announce(update("10.0.0.2", 1, true, Event::started));
    EXPECT_EQ(sample_.v4.size(), 6u) << "it may be a magnet link that knows no size yet";
}

TEST_F(MemoryStoreTest, SeedsGetNoSeeds) {
    announce(update("10.0.0.1", 1, true));
    announce(update("10.0.0.2", 1, true));
    EXPECT_TRUE(sample_.v4.empty());
    announce(update("10.0.0.3", 1, false, Event::paused));
    EXPECT_TRUE(sample_.v4.empty()) << "nor do partial seeds";
    announce(update("10.0.0.4", 1));
    EXPECT_EQ(sample_.v4.size(), 3 * 6u);
    announce(update("10.0.0.1", 1, true));
    EXPECT_EQ(sample_.v4.size(), 2 * 6u) << "only those who lack something";
}

TEST_F(MemoryStoreTest, BothFamiliesAreMixed) {
    announce(update("2001:db8::1", 1));
    announce(update("10.0.0.1", 1));
    EXPECT_EQ(sample_.v6.size(), 18u);
    EXPECT_TRUE(sample_.v4.empty());
    for (int i = 2; i < 40; ++i) {
        announce(update("2001:db8::" + std::to_string(i), 1));
        announce(update("10.0.0." + std::to_string(i), 1));
    }
    auto asker = update("10.0.0.1", 1);
    asker.numwant = 20;
    announce(asker);
    EXPECT_EQ(sample_.v4.size(), 15 * 6u);
    EXPECT_EQ(sample_.v6.size(), 5 * 18u);
}

TEST_F(MemoryStoreTest, NeverGivesMoreThanWanted) {
    for (int i = 1; i < 90; ++i) announce(update("10.0.0." + std::to_string(i), 1));
    for (const std::size_t wanted : {0u, 1u, 3u, 50u}) {
        auto asker = update("10.0.0.1", 1);
        asker.numwant = wanted;
        announce(asker);
        EXPECT_EQ(sample_.v4.size() / 6 + sample_.v6.size() / 18, wanted);
    }
}

TEST_F(MemoryStoreTest, IdsAreGivenBesideThePeersWhenWanted) {
    auto peer = update("10.0.0.1", 1);
    peer.peer_id.bytes[0] = std::byte{7};
    announce(peer);
    sample_.want_ids = true;
    announce(update("10.0.0.2", 1));
    ASSERT_EQ(sample_.ids.size(), 1u);
    EXPECT_EQ(sample_.ids[0].bytes[0], std::byte{7});
}

TEST_F(MemoryStoreTest, StoppedRemovesAndLearnsNothing) {
    announce(update("10.0.0.1", 1));
    announce(update("10.0.0.2", 1));
    EXPECT_EQ(announce(update("10.0.0.1", 1, false, Event::stopped)).leechers, 1u);
    EXPECT_TRUE(sample_.v4.empty());
    announce(update("10.0.0.9", 1, false, Event::stopped));
    EXPECT_EQ(store_.size().peers, 1u) << "a stranger who stops is not added";
    auto elsewhere = update("10.0.0.9", 1, false, Event::stopped);
    elsewhere.info_hash = hash(2);
    announce(elsewhere);
    EXPECT_EQ(store_.size().swarms, 1u);
}

TEST_F(MemoryStoreTest, ACompletionCountsOncePerPeer) {
    announce(update("10.0.0.1", 1));
    EXPECT_EQ(announce(update("10.0.0.1", 1, true, Event::completed)).downloaded, 1u);
    EXPECT_EQ(announce(update("10.0.0.1", 1, true, Event::completed)).downloaded, 1u);
    EXPECT_EQ(announce(update("10.0.0.2", 1, false, Event::completed)).downloaded, 1u)
        << "one who lacks something has not completed";
    const auto counts = announce(update("10.0.0.3", 1, true, Event::completed));
    EXPECT_EQ(counts.downloaded, 2u);
    EXPECT_EQ(counts.seeds, 2u);
}

TEST_F(MemoryStoreTest, APeerThatFallsSilentIsForgotten) {
    announce(update("10.0.0.1", 1));
    announce(update("2001:db8::1", 1));
    now_ += lifetime - 1s;
    announce(update("10.0.0.2", 1));
    EXPECT_EQ(sample_.v4.size(), 6u);
    now_ += 2s;
    const auto counts = announce(update("10.0.0.2", 1));
    EXPECT_EQ(counts.leechers, 1u);
    EXPECT_TRUE(sample_.v4.empty());
    EXPECT_TRUE(sample_.v6.empty());
    now_ += lifetime;
    EXPECT_EQ(store_.scrape(hash(1), now_)->leechers, 0u);
}

TEST_F(MemoryStoreTest, SwarmsThatNobodyAsksForAreFreed) {
    for (int i = 0; i < 3; ++i) {
        auto peer = update("10.0.0.1", 1);
        peer.info_hash = hash(i);
        announce(peer);
    }
    now_ += lifetime + 1s;
    store_.expire(now_);
    EXPECT_EQ(store_.size().swarms, 0u);
    EXPECT_EQ(store_.size().peers, 0u);
    EXPECT_FALSE(store_.scrape(hash(1), now_));
}

TEST_F(MemoryStoreTest, AFullStoreRefusesNewcomersOnly) {
    for (int i = 0; i < 3; ++i) {
        auto peer = update("10.0.0.1", 1);
        peer.info_hash = hash(i);
        announce(peer);
    }
    auto fourth = update("10.0.0.1", 1);
    fourth.info_hash = hash(3);
    EXPECT_FALSE(store_.announce(fourth, now_, sample_));
    for (std::uint16_t port = 1; port <= 98; ++port) announce(update("10.0.0.1", port));
    EXPECT_EQ(store_.size().peers, 100u);
    EXPECT_FALSE(store_.announce(update("10.0.0.1", 99), now_, sample_));
    EXPECT_TRUE(store_.announce(update("10.0.0.1", 98), now_, sample_));
    EXPECT_EQ(store_.size().peers, 100u);
}

TEST_F(MemoryStoreTest, CountsSeedsAsTheyComeChangeAndGo) {
    announce(update("10.0.0.1", 1, true));
    announce(update("2001:db8::1", 1, true));
    announce(update("10.0.0.2", 1));
    EXPECT_EQ(store_.size().seeds, 2u);
    announce(update("10.0.0.2", 1, true));
    EXPECT_EQ(store_.size().seeds, 3u);
    announce(update("10.0.0.1", 1, true, Event::stopped));
    EXPECT_EQ(store_.size().seeds, 2u);
    now_ += lifetime;
    store_.expire(now_);
    EXPECT_EQ(store_.size().seeds, 0u);
    EXPECT_EQ(store_.size().peers, 0u);
}

TEST_F(MemoryStoreTest, AddsUpWhatPeersSayThatTheyHaveTransferred) {
    const auto told = [&](std::uint64_t uploaded, std::uint64_t downloaded,
                          Event event = Event::none) {
        PeerUpdate peer = update("10.0.0.1", 1, false, event);
        peer.uploaded = uploaded << 20;
        peer.downloaded = downloaded << 20;
        announce(peer);
        return std::pair(store_.traffic().uploaded >> 20, store_.traffic().downloaded >> 20);
    };
    using Sums = std::pair<std::uint64_t, std::uint64_t>;
    EXPECT_EQ(told(100, 200), Sums(0, 0)) << "from before its first announce";
    EXPECT_EQ(told(101, 205), Sums(1, 5));
    EXPECT_EQ(told(10, 10, Event::started), Sums(1, 5)) << "it counts anew";
    EXPECT_EQ(told(0, 12), Sums(1, 7)) << "less than before is no transfer";
    EXPECT_EQ(told(0, 15, Event::stopped), Sums(1, 10));
    constexpr std::uint64_t wrap = 4 << 20;  // TiB, where what is kept of the counter wraps
    EXPECT_EQ(told(wrap - 1, 0), Sums(1, 10));
    EXPECT_EQ(told(wrap + 3, 0), Sums(5, 10));
}

TEST_F(MemoryStoreTest, ASwarmThatBecomesTheGroupsForgetsWhoWasThere) {
    for (const char* stranger : {"10.0.0.1", "2001:db8::1"}) {
        PeerUpdate peer = update(stranger, 1, true, Event::completed);
        peer.realm = Realm::others;
        announce(peer);
    }
    PeerUpdate member = update("10.0.0.9", 1);
    member.realm = Realm::group;
    const auto counts = announce(member);
    EXPECT_EQ(sample_.v4 + sample_.v6, "");
    EXPECT_EQ(std::tuple(counts.seeds, counts.leechers, counts.downloaded), std::tuple(0u, 1u, 0u));
    EXPECT_EQ(store_.size().peers, 1u);
    EXPECT_EQ(store_.size().peers_v6, 0u);
    EXPECT_EQ(store_.size().seeds, 0u);
}

TEST_F(MemoryStoreTest, OthersLeaveHalfOfTheRoomToTheGroup) {
    std::uint16_t port = 0;
    const auto fill = [&](Realm realm, int number) {
        for (;;) {
            PeerUpdate peer = update("10.0.0.1", ++port);
            peer.info_hash = hash(number);
            peer.realm = realm;
            if (!store_.announce(peer, now_, sample_)) return store_.size().peers;
        }
    };
    EXPECT_EQ(fill(Realm::others, 1), 50u);
    PeerUpdate second = update("10.0.0.1", 1);
    second.info_hash = hash(2);
    second.realm = Realm::others;
    EXPECT_FALSE(store_.announce(second, now_, sample_)) << "half of three swarms is one";
    EXPECT_EQ(fill(Realm::group, 3), 100u);
}

TEST_F(MemoryStoreTest, TellsWhatChangesWhileItIsWatched) {
    announce(update("10.0.0.1", 1));
    announce(update("10.0.0.2", 1));
    store_.watch(true);
    announce(update("10.0.0.1", 1));
    EXPECT_TRUE(store_.changes(10).changed.empty()) << "all was so before";
    announce(update("10.0.0.1", 1, true));
    announce(update("10.0.0.2", 1, true));
    PeerUpdate other = update("10.0.0.1", 1, true);
    other.info_hash = hash(2);
    announce(other);
    auto changes = store_.changes(10);
    ASSERT_EQ(changes.changed.size(), 2u);
    std::ranges::sort(changes.changed, {}, &SwarmEntry::info_hash);
    EXPECT_EQ(changes.changed[0].info_hash, hash(1));
    EXPECT_EQ(changes.changed[0].counts, (SwarmCounts{.seeds = 2}));
    EXPECT_EQ(changes.changed[1].info_hash, hash(2));
    EXPECT_TRUE(changes.complete);
    EXPECT_TRUE(store_.changes(10).changed.empty()) << "it is told once";

    now_ += 3 * lifetime;
    store_.expire(now_);
    changes = store_.changes(1);
    EXPECT_EQ(changes.gone.size(), 1u) << "no more than the limit";
    EXPECT_EQ(store_.changes(1).gone.size(), 1u);
    EXPECT_TRUE(store_.changes(1).gone.empty());
}

TEST_F(MemoryStoreTest, ASwarmThatHasComeBackIsNotToldToBeGone) {
    announce(update("10.0.0.1", 1));
    store_.watch(true);
    now_ += 3 * lifetime;
    store_.expire(now_);
    announce(update("10.0.0.1", 1));
    const auto changes = store_.changes(10);
    EXPECT_TRUE(changes.gone.empty());
    ASSERT_EQ(changes.changed.size(), 1u);
    EXPECT_EQ(changes.changed[0].counts, (SwarmCounts{.leechers = 1}));
}

TEST(MemoryStore, EverySwarmOfManyIsToldInItsTurn) {
    constexpr std::uint32_t many = 120'000;
    MemoryStore store(lifetime, {}, 1);
    store.watch(true);
    TimePoint now = Clock::now();
    PeerSample sample;
    PeerUpdate update;
    update.address = boost::asio::ip::make_address("10.0.0.1");
    update.port = 1;
    for (std::uint32_t i = 0; i < many; ++i) {
        store_big_endian(i, MutableBytes(update.info_hash.bytes).first(4));
        ASSERT_TRUE(store.announce(update, now, sample));
    }
    std::size_t told = 0;
    for (std::size_t more = 1; more > 0; told += more) {
        more = store.changes(30'000).changed.size();
        EXPECT_LE(more, 30'000u);
    }
    EXPECT_EQ(told, many);

    // When all go at once, not all are kept to be told of: whoever listens has to ask anew.
    now += 3 * lifetime;
    while (store.size().swarms > 0) store.expire(now);
    EXPECT_FALSE(store.changes(10).complete);
    EXPECT_TRUE(store.changes(10).complete);
}

TEST(MemoryStore, KeepsIdsOfManyOnlyWhereTheyAreAskedFor) {
    MemoryStore store(lifetime, {}, 1);
    const TimePoint now = Clock::now();
    PeerSample sample;
    PeerUpdate update;
    update.numwant = 200;
    update.peer_id.bytes[0] = std::byte{7};
    const auto announce = [&](std::uint8_t swarm, std::uint32_t peer, TimePoint at) {
        update.info_hash.bytes[0] = std::byte{swarm};
        update.address = boost::asio::ip::address_v4(0x0a000000 + peer);
        update.port = 1;
        ASSERT_TRUE(store.announce(update, at, sample));
    };
    const auto known = [&] {
        return std::ranges::count_if(sample.ids, [](const auto& id) { return !id.is_zero(); });
    };
    sample.want_ids = true;
    announce(1, 1, now);
    sample.want_ids = false;
    for (std::uint32_t i = 0; i < 12'000; ++i) announce(2, i, now);
    announce(1, 2, now);
    sample.want_ids = true;
    announce(1, 3, now);
    EXPECT_EQ(known(), 2) << "there they have been asked for";
    // Where there are many, those that nobody has asked for are forgotten as pages are swept.
    sample.want_ids = false;
    for (std::uint32_t i = 0; i < 500; ++i) announce(2, i, now + 1s);
    sample.want_ids = true;
    announce(2, 20'000, now + 1s);
    EXPECT_EQ(sample.ids.size(), 200u);
    EXPECT_EQ(known(), 0);
    for (std::uint32_t i = 0; i < 500; ++i) announce(2, i, now + 1s);
    EXPECT_GT(known(), 0) << "and learnt as peers come back";
}

TEST(MemoryStore, ALargeSwarmIsSweptAPartAtATime) {
    MemoryStore store(lifetime, {}, 1);
    TimePoint now = Clock::now();
    PeerSample sample;
    PeerUpdate update;
    update.port = 1;
    const auto announce = [&](std::uint32_t peer) {
        update.address = boost::asio::ip::address_v4(0x0a000000 + peer);
        return store.announce(update, now, sample)->leechers;
    };
    constexpr std::uint32_t many = 20'000;
    for (std::uint32_t i = 0; i < many; ++i) announce(i);
    now += lifetime;
    const std::uint32_t left = announce(many);
    EXPECT_GT(left, many / 2) << "most of them are not looked at for one announce's sake";
    EXPECT_LT(left, many);
    // A round may miss those whose page was given up in it.
    std::uint32_t counted = left;
    for (int i = 0; i < 200 && counted > 1; ++i) {
        now += 500ms;
        counted = announce(many);
    }
    EXPECT_EQ(counted, 1u);
    EXPECT_EQ(store.size().peers, 1u);
}

TEST(MemoryStore, EstimatesTheTrafficOfALargeSwarm) {
    MemoryStore store(lifetime, {}, 1);
    const TimePoint now = Clock::now();
    PeerSample sample;
    PeerUpdate update;
    update.port = 1;
    constexpr std::uint32_t many = 20'000;
    for (std::uint64_t round = 0; round < 2; ++round) {
        update.downloaded = round << 20;
        for (std::uint32_t i = 0; i < many; ++i) {
            update.address = boost::asio::ip::address_v4(0x0a000000 + i);
            ASSERT_TRUE(store.announce(update, now, sample));
        }
    }
    EXPECT_NEAR(static_cast<double>(store.traffic().downloaded >> 20), many, many / 5.0);
    EXPECT_EQ(store.traffic().uploaded, 0u);
}

TEST_F(MemoryStoreTest, ListsSwarmsInPages) {
    MemoryStore many(lifetime, {}, 1);
    constexpr int count = 25;
    for (int i = 0; i < count; ++i) {
        PeerUpdate peer = update("10.0.0.1", 1, i % 2 == 0);
        peer.info_hash = hash(i * 7919);
        ASSERT_TRUE(many.announce(peer, now_, sample_));
    }
    std::vector<InfoHash> listed;
    std::optional<InfoHash> after;
    for (;;) {
        const auto page = many.list(after, 4);
        if (page.empty()) break;
        EXPECT_LE(page.size(), 4u);
        for (const auto& entry : page) {
            EXPECT_EQ(entry.counts.seeds + entry.counts.leechers, 1u);
            listed.push_back(entry.info_hash);
        }
        after = listed.back();
    }
    EXPECT_EQ(listed.size(), 25u);
    EXPECT_TRUE(std::ranges::is_sorted(listed));
    EXPECT_EQ(std::ranges::adjacent_find(listed), listed.end());
    EXPECT_TRUE(many.list(std::nullopt, 0).empty());
}

}  // namespace
}  // namespace shoal::tracker

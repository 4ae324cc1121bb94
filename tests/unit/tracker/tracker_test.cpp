#include "tracker/tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bencode/document.h"
#include "tracker/memory_store.h"

namespace shoal::tracker {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

const std::string ids = "info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb";

class TrackerTest : public testing::Test {
  protected:
    std::string announce(const std::string& query, const std::string& remote = "10.0.0.1") {
        std::string out;
        tracker_.announce(query, boost::asio::ip::make_address(remote), Clock::now(), out);
        EXPECT_TRUE(bencode::Document::parse(bytes_of(out))) << out;
        return out;
    }

    std::string scrape(const std::string& query) {
        std::string out;
        tracker_.scrape(query, Clock::now(), out);
        EXPECT_TRUE(bencode::Document::parse(bytes_of(out))) << out;
        return out;
    }

    static TrackerOptions options() {
        TrackerOptions result;
        result.interval = std::chrono::seconds(600);
        result.trust_ip_from.push_back(*net::AddressRange::parse("10.9.0.0/16"));
        return result;
    }

    Tracker tracker_{options(), std::make_unique<MemoryStore>(1200s, MemoryLimits{}, 1)};
};

TEST_F(TrackerTest, AnswersCompactUnlessAskedOtherwise) {
    announce(ids + "&port=258&left=0");
    const std::string compact = announce(ids + "&port=2&left=1", "10.0.0.2");
    EXPECT_EQ(compact,
              "d8:completei1e10:downloadedi0e11:external ip4:\x0a\0\0\x02"
              "10:incompletei1e8:intervali600e12:min intervali60e"
              "5:peers6:\x0a\0\0\x01\x01\x02"
              "e"s);
    const std::string full = announce(ids + "&port=2&left=1&compact=0", "10.0.0.2");
    EXPECT_THAT(full, HasSubstr("5:peersld2:ip8:10.0.0.17:peer id20:bbbbbbbbbbbbbbbbbbbb"
                                "4:porti258eee"));
    const std::string short_form =
        announce(ids + "&port=2&left=1&compact=0&no_peer_id=1", "10.0.0.2");
    EXPECT_THAT(short_form, HasSubstr("5:peersld2:ip8:10.0.0.14:porti258eee"));
}

TEST_F(TrackerTest, KnowsBothFamilies) {
    announce(ids + "&port=258&left=0", "2001:db8::1");
    EXPECT_THAT(announce(ids + "&port=2&left=1"), HasSubstr("6:peers618:\x20\x01\x0d\xb8"));
    EXPECT_THAT(announce(ids + "&port=2&left=1&compact=0"), HasSubstr("2:ip11:2001:db8::1"));
}

TEST_F(TrackerTest, AClaimedAddressCountsOnlyFromTrustedOnes) {
    announce(ids + "&port=1&left=1&ip=203.0.113.7", "10.0.0.1");
    EXPECT_THAT(announce(ids + "&port=9&left=1&compact=0"), HasSubstr("2:ip8:10.0.0.1"));
    announce(ids + "&port=2&left=1&ip=203.0.113.7", "10.9.0.1");
    EXPECT_THAT(announce(ids + "&port=9&left=1&compact=0"), HasSubstr("2:ip11:203.0.113.7"));
    EXPECT_THAT(announce(ids + "&port=2&left=1&ip=host", "10.9.0.1"), HasSubstr("failure reason"));
    EXPECT_THAT(announce(ids + "&port=2&left=1&ip=host", "10.0.0.1"),
                testing::Not(HasSubstr("failure reason")));
}

TEST_F(TrackerTest, AMalformedAnnounceChangesNothing) {
    EXPECT_THAT(announce("info_hash=%"), HasSubstr("14:failure reason"));
    EXPECT_THAT(announce(ids + "&port=0&left=0"), HasSubstr("14:failure reason"));
    EXPECT_EQ(tracker_.store().size().swarms, 0u);
}

TEST_F(TrackerTest, AFullTrackerSaysWhenToComeAgain) {
    Tracker full(options(),
                 std::make_unique<MemoryStore>(60s, MemoryLimits{.swarms = 0, .peers = 0}, 1));
    std::string out;
    full.announce(ids + "&port=1&left=1", boost::asio::ip::make_address("10.0.0.1"), Clock::now(),
                  out);
    EXPECT_THAT(out, HasSubstr("8:retry ini5e"));
}

TEST_F(TrackerTest, ScrapeCountsTheSwarmsNamed) {
    announce(ids + "&port=1&left=0&event=completed");
    announce(ids + "&port=2&left=1");
    const std::string reply = scrape(
        "info_hash=zzzzzzzzzzzzzzzzzzzz&info_hash=aaaaaaaaaaaaaaaaaaaa"
        "&info_hash=aaaaaaaaaaaaaaaaaaaa");
    EXPECT_EQ(reply,
              "d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei1e10:downloadedi1e10:incompletei1eee"
              "5:flagsd20:min_request_intervali60eee");
}

TEST_F(TrackerTest, ScrapeOfEverythingIsRefused) {
    EXPECT_THAT(scrape(""), HasSubstr("failure reason"));
    EXPECT_THAT(scrape("info_hash=short"), HasSubstr("failure reason"));
    EXPECT_THAT(scrape("info_hash=%zz"), HasSubstr("failure reason"));
}

/// A group of one member, number 7, and one torrent.
TEST_F(TrackerTest, CountsWhatBecameOfRequests) {
    announce(ids + "&port=1&left=1&event=started");
    announce(ids + "&port=1&left=1");
    announce(ids + "&port=1&left=0&event=completed");
    announce(ids + "&port=0&left=0");
    scrape("info_hash=aaaaaaaaaaaaaaaaaaaa");
    scrape("info_hash=short");
    scrape("");
    const TrackerTally& tally = tracker_.tally();
    EXPECT_EQ(tally.announces.good, 3u);
    EXPECT_EQ(tally.announces.malformed, 1u);
    EXPECT_EQ(tally.announces.refused, 0u);
    EXPECT_EQ(tally.events.at(index_of(Event::none)), 1u);
    EXPECT_EQ(tally.events.at(index_of(Event::started)), 1u);
    EXPECT_EQ(tally.events.at(index_of(Event::completed)), 1u);
    EXPECT_EQ(tally.events.at(index_of(Event::stopped)), 0u);
    EXPECT_EQ(tally.scrapes.good, 1u);
    EXPECT_EQ(tally.scrapes.malformed, 2u);
}

class OneMember final : public Gate {
  public:
    Result<std::int64_t> member(std::string_view passkey) override {
        if (passkey.empty() && is_open) return 0;
        if (passkey != "secret") return fail(ErrorCode::refused, "passkey is wrong");
        return 7;
    }
    Result<Realm> torrent(std::int64_t member, const InfoHash& info_hash) override {
        const bool ours = info_hash == InfoHash::from(bytes_of("aaaaaaaaaaaaaaaaaaaa"));
        if (ours && member == 7) return Realm::group;
        if (!ours && is_open) return Realm::others;
        return fail(ErrorCode::refused, "no such torrent here");
    }
    void announced(std::int64_t member, const PeerUpdate& update, TimePoint) override {
        EXPECT_EQ(member, 7);
        ports.push_back(update.port);
    }
    std::vector<std::uint16_t> ports;
    bool is_open = false;
};

class GatedTrackerTest : public TrackerTest {
  protected:
    GatedTrackerTest() {
        tracker_ =
            Tracker(options(), std::make_unique<MemoryStore>(1200s, MemoryLimits{}, 1), &gate_);
    }
    OneMember gate_;
};

TEST_F(GatedTrackerTest, AMemberIsAnsweredAndNoticed) {
    EXPECT_THAT(announce("passkey=secret&" + ids + "&port=258&left=0"), HasSubstr("5:peers"));
    EXPECT_THAT(gate_.ports, testing::ElementsAre(258));
    EXPECT_THAT(scrape("passkey=secret&info_hash=aaaaaaaaaaaaaaaaaaaa"),
                HasSubstr("8:completei1e"));
}

TEST_F(GatedTrackerTest, AStrangerLearnsNothingAndChangesNothing) {
    announce("passkey=secret&" + ids + "&port=258&left=0");
    for (const std::string passkey : {"", "passkey=&", "passkey=Secret&", "passkey=secret2&"}) {
        const std::string answer = announce(passkey + ids + "&port=2&left=1", "10.0.0.2");
        EXPECT_EQ(answer, "d14:failure reason16:passkey is wronge");
        EXPECT_EQ(scrape(passkey + "info_hash=aaaaaaaaaaaaaaaaaaaa"), answer);
    }
    EXPECT_EQ(gate_.ports.size(), 1U);
    EXPECT_EQ(tracker_.store().size().peers, 1U);
    EXPECT_EQ(tracker_.tally().announces.refused, 4U);
    EXPECT_EQ(tracker_.tally().scrapes.refused, 4U);
}

TEST_F(GatedTrackerTest, WhereOthersAreLetInTheGroupStaysWalled) {
    gate_.is_open = true;
    announce("passkey=secret&" + ids + "&port=258&left=0");
    EXPECT_THAT(announce(ids + "&port=2&left=1", "10.0.0.2"), HasSubstr("no such torrent here"));
    EXPECT_THAT(scrape("info_hash=aaaaaaaaaaaaaaaaaaaa"), testing::Not(HasSubstr("complete")));
    const std::string others =
        "info_hash=cccccccccccccccccccc&peer_id=bbbbbbbbbbbbbbbbbbbb&left=1&";
    announce(others + "port=3", "10.0.0.2");
    EXPECT_THAT(announce(others + "port=4", "10.0.0.3"), HasSubstr("5:peers6:\x0a"));
    EXPECT_THAT(scrape("info_hash=cccccccccccccccccccc"), HasSubstr("10:incompletei2e"));
    EXPECT_THAT(announce("passkey=wrong&" + others + "port=5"), HasSubstr("passkey is wrong"));
    EXPECT_THAT(gate_.ports, testing::ElementsAre(258)) << "others are no members that are there";
}

TEST_F(GatedTrackerTest, OnlyTheGroupsTorrentsHaveSwarms) {
    EXPECT_THAT(announce("passkey=secret&info_hash=cccccccccccccccccccc"
                         "&peer_id=bbbbbbbbbbbbbbbbbbbb&port=2&left=1"),
                HasSubstr("no such torrent here"));
    EXPECT_EQ(tracker_.store().size().swarms, 0U);
}

}  // namespace
}  // namespace shoal::tracker

#include "catalogue/publications.h"

#include <gmock/gmock.h>
#include <thread>

#include "support.h"

namespace shoal::catalogue {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PublicationsTest : public CatalogueTest {
  protected:
    void SetUp() override {
        CatalogueTest::SetUp();
        if (HasFatalFailure()) return;
        anna_ = register_user("anna");
        first_ = publications_->register_peer(anna_.id, "one", "192.168.1.10", 6881).value();
        second_ = publications_->register_peer(anna_.id, "two", "192.168.1.11", 6881).value();
    }
    Result<Publication> publish(const Peer& peer, const std::string& name, int seed = 1,
                                bool replace = false) {
        return publications_->publish(peer.id,
                                      {name, "shared/" + name, make_info(name, seed), replace});
    }
    std::vector<std::string> search(const std::string& words, Order order = Order::name) {
        std::vector<std::string> names;
        auto page = publications_->list({.search = words, .order = order});
        EXPECT_TRUE(page) << page.error().message;
        if (page) {
            for (const auto& found : page->items) names.push_back(found.name);
        }
        return names;
    }

    User anna_;
    Peer first_;
    Peer second_;
};
INSTANTIATE_TEST_SUITE_P(Backends, PublicationsTest, backends(), backend_name);

TEST_P(PublicationsTest, APublicationCarriesAllThatAListShows) {
    const auto info = make_info("Bài giảng.pdf", 1, 5000);
    const auto made = publications_->publish(first_.id, {"Bài giảng", "toán/bài 1.pdf", info});
    ASSERT_TRUE(made) << made.error().message;
    const Publication found = publications_->publication(made->id).value();
    EXPECT_EQ(found.name, "Bài giảng");
    EXPECT_EQ(found.path, "toán/bài 1.pdf");
    EXPECT_EQ(found.version, 1);
    EXPECT_EQ(found.created, time_);
    EXPECT_EQ(found.torrent.info_hash, info->info_hash());
    EXPECT_EQ(found.torrent.hash_v1, info->hash_v1());
    EXPECT_EQ(found.torrent.hash_v2, std::nullopt);
    EXPECT_EQ(found.torrent.name, "Bài giảng.pdf");
    EXPECT_EQ(found.torrent.size, 5000);
    EXPECT_EQ(found.torrent.pieces, 1u);
    EXPECT_EQ(found.torrent.piece_length, 16384u);
    EXPECT_EQ(found.peer.address, "192.168.1.10");
    EXPECT_EQ(found.peer.port, 6881);
    EXPECT_EQ(found.peer.user, "anna");
}

TEST_P(PublicationsTest, OnePeerPublishesNoNameAndNoPathTwice) {
    ASSERT_TRUE(publish(first_, "a"));
    const auto same_name = publications_->publish(first_.id, {"a", "elsewhere", make_info("a")});
    ASSERT_FALSE(same_name);
    EXPECT_EQ(same_name.error().code, ErrorCode::refused);
    const auto same_path =
        publications_->publish(first_.id, {"b", "shared/a", make_info("a"), true});
    ASSERT_FALSE(same_path);
    EXPECT_EQ(same_path.error().code, ErrorCode::refused);
    EXPECT_THAT(same_path.error().message, HasSubstr("as 'a'"));
    EXPECT_EQ(publications_->publish(999, {"c", "c", make_info("c")}).error().code,
              ErrorCode::not_found);
    EXPECT_EQ(publications_->publish(first_.id, {"../c", "c", make_info("c")}).error().code,
              ErrorCode::usage);
}

TEST_P(PublicationsTest, OneOfSeveralThatPublishTheSameAtOnceWins) {
    std::atomic<int> good = 0;
    {
        std::vector<std::jthread> all;
        for (int i = 0; i < 4; ++i) {
            all.emplace_back([&] { good += publish(first_, "a") ? 1 : 0; });
        }
    }
    EXPECT_EQ(good, 1);
    EXPECT_EQ(publications_->counts().value().torrents, 1);
}

TEST_P(PublicationsTest, OneNameFromTwoPeersStandsTwice) {
    ASSERT_TRUE(publish(first_, "a", 1));
    ASSERT_TRUE(publish(second_, "a", 2));
    const auto candidates = publications_->named("a").value();
    ASSERT_EQ(candidates.size(), 2u);
    EXPECT_EQ(candidates[0].peer.id, second_.id);
    EXPECT_NE(candidates[0].torrent.info_hash, candidates[1].torrent.info_hash);
    EXPECT_THAT(publications_->named("A").value(), IsEmpty()) << "exactly this name";
    EXPECT_THAT(publications_->named("%").value(), IsEmpty());
}

TEST_P(PublicationsTest, TheSameContentIsOneTorrent) {
    const auto info = make_info("same");
    ASSERT_TRUE(publications_->publish(first_.id, {"a", "a", info}));
    ASSERT_TRUE(publications_->publish(second_.id, {"b", "b", info}));
    const Counts counts = publications_->counts().value();
    EXPECT_EQ(counts.publications, 2);
    EXPECT_EQ(counts.torrents, 1);
    EXPECT_EQ(counts.peers, 2);
    EXPECT_EQ(counts.bytes, 1000);
    EXPECT_EQ(publications_->with_info_hash(info->info_hash().view()).value().size(), 2u);
}

TEST_P(PublicationsTest, AReplacementIsANewVersion) {
    const auto old = publish(first_, "a", 1).value();
    const auto present = publish(first_, "a", 2, true).value();
    EXPECT_EQ(present.version, 2);
    EXPECT_NE(present.id, old.id);
    EXPECT_NE(present.torrent.info_hash, old.torrent.info_hash);
    EXPECT_EQ(publications_->named("a").value().size(), 1u);
    EXPECT_EQ(publications_->publication(old.id).error().code, ErrorCode::not_found);
    EXPECT_TRUE(publications_->torrent(old.torrent.info_hash.view())) << "some may still fetch it";
}

TEST_P(PublicationsTest, UnpublishingTakesOnePeersNameAway) {
    ASSERT_TRUE(publish(first_, "a"));
    ASSERT_TRUE(publish(second_, "a"));
    ASSERT_TRUE(publications_->unpublish(first_.id, "a"));
    EXPECT_EQ(publications_->unpublish(first_.id, "a").error().code, ErrorCode::not_found);
    ASSERT_EQ(publications_->named("a").value().size(), 1u);
    EXPECT_EQ(publications_->named("a").value().front().peer.id, second_.id);
}

TEST_P(PublicationsTest, SearchForgivesMarksCaseAndOrder) {
    for (const std::string name :
         {"Bài giảng Toán.pdf", "Đề thi Toán 2024", "Giảng đường.jpg", "100%_đúng", "readme"}) {
        ASSERT_TRUE(publish(first_, name));
    }
    EXPECT_THAT(search("bai giang"), ElementsAre("Bài giảng Toán.pdf"));
    EXPECT_THAT(search("TOÁN"), ElementsAre("Bài giảng Toán.pdf", "Đề thi Toán 2024"));
    EXPECT_THAT(search("toan  de"), ElementsAre("Đề thi Toán 2024"));
    EXPECT_THAT(search("duong"), ElementsAre("Giảng đường.jpg"));
    EXPECT_THAT(search("giang đuong"), ElementsAre("Giảng đường.jpg"));
    EXPECT_THAT(search("%"), ElementsAre("100%_đúng"));
    EXPECT_THAT(search("_"), ElementsAre("100%_đúng"));
    EXPECT_THAT(search("' OR 1=1 --"), IsEmpty());
    EXPECT_EQ(search("").size(), 5u);
    EXPECT_EQ(publications_->list({.search = std::string(600, 'a')}).error().code,
              ErrorCode::usage);
}

TEST_P(PublicationsTest, PagesHoldWhileTheListChanges) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(publish(first_, fmt::format("name{}", i), i));
    for (const Order order : {Order::newest, Order::name}) {
        std::vector<std::string> names;
        PublicationQuery query{.search = "name", .order = order, .page = {.limit = 2}};
        do {
            const auto page = publications_->list(query).value();
            EXPECT_LE(page.items.size(), 2u);
            for (const auto& one : page.items) names.push_back(one.name);
            query.page.after = page.next;
            if (names.size() == 2) {  // the last one shown goes, and one comes in front
                ASSERT_TRUE(publications_->unpublish(first_.id, names.back()));
                const std::string front = order == Order::newest ? "name9" : "name";
                ASSERT_TRUE(publish(first_, front));
            }
        } while (!query.page.after.empty());
        if (order == Order::newest) {
            EXPECT_THAT(names, ElementsAre("name4", "name3", "name2", "name1", "name0"));
        } else {
            EXPECT_THAT(names, ElementsAre("name0", "name1", "name2", "name4", "name9"));
        }
    }
    EXPECT_EQ(publications_->list({.page = {.after = "x"}}).error().code, ErrorCode::usage);
}

TEST_P(PublicationsTest, TheLargestComeFirstWhereTheSizeCounts) {
    const std::vector<std::pair<std::string, ByteCount>> files = {
        {"a", 900}, {"b", 10'000}, {"c", 900}, {"d", 5'000'000}};
    for (const auto& [name, size] : files) {
        ASSERT_TRUE(publications_->publish(
            first_.id, {.name = name, .path = name, .info = make_info(name, 1, size)}));
    }
    std::string names;
    PublicationQuery query{.order = Order::size, .page = {.limit = 1}};
    do {
        const auto page = publications_->list(query).value();
        for (const auto& one : page.items) names += one.name;
        query.page.after = page.next;
    } while (!query.page.after.empty() && names.size() < 10);
    EXPECT_EQ(names, "dbca");
    query.page.after = "7";
    EXPECT_EQ(publications_->list(query).error().code, ErrorCode::usage);
}

TEST_P(PublicationsTest, NamesThatFoldAlikeAreAllListed) {
    const std::vector<std::string> alike = {"bai", "Bài", "BÁI", "bãi", "bại"};
    for (const std::string& name : alike) ASSERT_TRUE(publish(first_, name));
    std::vector<std::string> names;
    PublicationQuery query{.order = Order::name, .page = {.limit = 1}};
    do {
        const auto page = publications_->list(query).value();
        ASSERT_EQ(page.items.size(), 1u);
        names.push_back(page.items[0].name);
        query.page.after = page.next;
    } while (!query.page.after.empty() && names.size() < 10);
    EXPECT_EQ(names, alike);
}

TEST_P(PublicationsTest, AListMayBeOfOnePeerOrOneUser) {
    const User ben = register_user("ben");
    const Peer other = publications_->register_peer(ben.id, "one", "10.0.0.1", 1).value();
    ASSERT_TRUE(publish(first_, "a"));
    ASSERT_TRUE(publish(second_, "b"));
    ASSERT_TRUE(publish(other, "c"));
    const auto names = [&](const PublicationQuery& query) {
        std::vector<std::string> result;
        const auto page = publications_->list(query).value();
        for (const auto& one : page.items) result.push_back(one.name);
        return result;
    };
    EXPECT_THAT(names({.peer = second_.id}), ElementsAre("b"));
    EXPECT_THAT(names({.user = anna_.id}), ElementsAre("b", "a"));
    EXPECT_THAT(names({.search = "a", .user = anna_.id}), ElementsAre("a"));
}

TEST_P(PublicationsTest, APeerKeepsItsIdWhenItsAddressChanges) {
    ASSERT_TRUE(publish(first_, "a"));
    const Peer moved =
        publications_->register_peer(anna_.id, "one", "::ffff:10.0.0.9", 7000).value();
    EXPECT_EQ(moved.id, first_.id);
    EXPECT_EQ(publications_->named("a").value().front().peer.address, "10.0.0.9");
    EXPECT_EQ(publications_->peers_at("10.0.0.9", 7000).value().front().id, first_.id);
    EXPECT_THAT(publications_->peers_at("192.168.1.10", 6881).value(), IsEmpty());
    EXPECT_EQ(publications_->peers_at("somewhere", 1).error().code, ErrorCode::usage);
}

TEST_P(PublicationsTest, KnowingADaemonsIdTakesNothingOver) {
    const User eve = register_user("eve");
    const Peer hers = publications_->register_peer(eve.id, "one", "10.6.6.6", 1).value();
    EXPECT_NE(hers.id, first_.id);
    EXPECT_EQ(publications_->peer(first_.id).value().address, "192.168.1.10");
}

TEST_P(PublicationsTest, APeerThatIsNoneIsRefused) {
    const auto code = [&](std::string_view id, std::string_view address, std::uint16_t port) {
        return publications_->register_peer(anna_.id, id, address, port).error().code;
    };
    EXPECT_EQ(code("", "10.0.0.1", 1), ErrorCode::usage);
    EXPECT_EQ(code("a b", "10.0.0.1", 1), ErrorCode::usage);
    EXPECT_EQ(code(std::string(65, 'a'), "10.0.0.1", 1), ErrorCode::usage);
    EXPECT_EQ(code("x", "example.org", 1), ErrorCode::usage);
    EXPECT_EQ(code("x", "10.0.0.1", 0), ErrorCode::usage);
    EXPECT_EQ(publications_->register_peer(999, "x", "10.0.0.1", 1).error().code,
              ErrorCode::not_found);
}

TEST_P(PublicationsTest, LastSeenIsWrittenSeldom) {
    const Time begin = time_;
    time_ += std::chrono::seconds(30);
    const auto seen = [&] {
        return publications_->register_peer(anna_.id, "one", "192.168.1.10", 6881)
            .value()
            .last_seen;
    };
    EXPECT_EQ(seen(), begin);
    time_ += std::chrono::seconds(31);
    EXPECT_EQ(seen(), time_);
}

TEST_P(PublicationsTest, ARemovedPeerTakesItsPublicationsAlong) {
    ASSERT_TRUE(publish(first_, "a"));
    ASSERT_TRUE(publications_->remove_peer(first_.id));
    EXPECT_EQ(publications_->peer(first_.id).error().code, ErrorCode::not_found);
    EXPECT_EQ(publications_->remove_peer(first_.id).error().code, ErrorCode::not_found);
    EXPECT_EQ(publications_->counts().value().publications, 0);
    const auto peers = publications_->peers({}).value();
    ASSERT_EQ(peers.items.size(), 1u);
    EXPECT_EQ(peers.items[0].id, second_.id);
}

TEST_P(PublicationsTest, ATorrentIsFoundByEveryFormOfItsHash) {
    const auto v1 = make_info("v1");
    const auto v2 = make_info_v2("v2");
    ASSERT_TRUE(publications_->store_torrent(*v1));
    const Torrent stored = publications_->store_torrent(*v2).value();
    EXPECT_EQ(publications_->store_torrent(*v2).value().id, stored.id) << "the same once more";
    EXPECT_EQ(publications_->torrent(v2->hash_v2().view()).value().id, stored.id);
    EXPECT_EQ(publications_->torrent(v2->info_hash().view()).value().hash_v2, v2->hash_v2());
    EXPECT_NE(publications_->torrent(v1->hash_v1().view()).value().id, stored.id);
    EXPECT_EQ(publications_->torrent(Sha1Digest{}.view()).error().code, ErrorCode::not_found);
    EXPECT_EQ(publications_->torrent({}).error().code, ErrorCode::not_found);
}

TEST_P(PublicationsTest, AnInfoComesBackByteForByte) {
    for (const auto& info : {make_info("v1 \xc4\x91"), make_info_v2("v2")}) {
        const auto stored = publications_->store_torrent(*info).value();
        const auto back = publications_->info_of(stored.id);
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(text_of((*back)->encoded()), text_of(info->encoded()));
        EXPECT_EQ((*back)->info_hash(), info->info_hash());
    }
    EXPECT_EQ(publications_->info_of(999).error().code, ErrorCode::not_found);
}

TEST_P(PublicationsTest, ALargeTorrentComesBackAndATooLargeOneIsRefused) {
    constexpr int fitting = Publications::max_torrent_bytes / 20 - 100;
    const auto large = make_info("large", 1, ByteCount{16384} * fitting);
    const auto stored = publications_->store_torrent(*large);
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->pieces, static_cast<std::uint32_t>(fitting));
    EXPECT_EQ(publications_->info_of(stored->id).value()->info_hash(), large->info_hash());
    const auto refused =
        publications_->store_torrent(*make_info("large", 1, ByteCount{16384} * (fitting + 200)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::usage);
    EXPECT_THAT(refused.error().message, HasSubstr("8.0 MiB"));
}

TEST_P(PublicationsTest, OnlyATorrentThatNobodyPublishesIsRemoved) {
    const auto made = publish(first_, "a").value();
    EXPECT_EQ(publications_->remove_torrent(made.torrent.id).error().code, ErrorCode::refused);
    ASSERT_TRUE(publications_->unpublish(first_.id, "a"));
    ASSERT_TRUE(publications_->remove_torrent(made.torrent.id));
    EXPECT_EQ(publications_->remove_torrent(made.torrent.id).error().code, ErrorCode::not_found);
    EXPECT_EQ(publications_->info_of(made.torrent.id).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace shoal::catalogue

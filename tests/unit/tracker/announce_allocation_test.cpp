// That an announce to a group's tracker allocates nothing once it has been seen before, nor asks
// the database, also not on its way through the server. A program of its own, because it counts
// every allocation.
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "../allocation_counter.h"
#include "../disk/temp_folder.h"
#include "tracker/group.h"
#include "tracker/memory_store.h"
#include "tracker/tracker.h"
#include "tracker/tracker_server.h"

namespace shoal::tracker {
namespace {

constexpr std::uint16_t peers = 50;

class AnnounceAllocation : public ::testing::Test {
  protected:
    AnnounceAllocation() {
        auto opened = catalogue::Catalogue::open(
            io_.get_executor(), {.database_url = "sqlite3://" + (folder_ / "catalogue.db").native(),
                                 .key_file = folder_ / "secret.key",
                                 .password_cost = {}});
        EXPECT_TRUE(opened) << opened.error().message;
        catalogue_ = std::move(*opened);
        const auto user = catalogue_->accounts().register_user("Lan", "mật khẩu dài", std::nullopt);
        EXPECT_TRUE(user) << user.error().message;
        passkey_ = *catalogue_->passkeys().of_user(user->id);
        group_ = std::make_shared<Group>(io_.get_executor(), catalogue_, GroupOptions{});
        catalogue::Torrent torrent{.pieces = 100};
        torrent.info_hash = InfoHash::from(bytes_of("aaaaaaaaaaaaaaaaaaaa"));
        group_->add_torrent(torrent);
        tracker_.emplace(TrackerOptions{}, std::make_unique<MemoryStore>(600s, MemoryLimits{}, 1),
                         group_.get());
        for (std::uint16_t port = 1; port <= peers; ++port) {
            queries_.push_back("passkey=" + passkey_ +
                               "&info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb"
                               "&uploaded=0&downloaded=0&left=1&compact=1&numwant=50&port=" +
                               std::to_string(port));
        }
    }

    /// Everybody announces; the number of allocations.
    std::size_t announce_all() {
        const std::size_t before = shoal::testing::allocations;
        for (const std::string& query : queries_) {
            answer_.clear();
            tracker_->announce(query, address_, Clock::now(), answer_);
        }
        return shoal::testing::allocations - before;
    }

    disk::testing::TempFolder folder_;
    boost::asio::io_context io_;
    std::shared_ptr<catalogue::Catalogue> catalogue_;
    std::shared_ptr<Group> group_;
    std::optional<Tracker> tracker_;
    std::string passkey_;
    std::vector<std::string> queries_;
    std::string answer_;
    const net::Address address_ = boost::asio::ip::make_address("10.0.0.1");
};

TEST_F(AnnounceAllocation, ThereIsNoneOnceEverybodyIsKnown) {
    EXPECT_GT(announce_all(), 0u);
    ASSERT_NE(answer_.find("5:peers"), std::string::npos) << answer_;
    announce_all();
    // Without its database it answers all the same.
    std::filesystem::remove(folder_ / "catalogue.db");
    for (int round = 0; round < 20; ++round) EXPECT_EQ(announce_all(), 0u);
    EXPECT_GE(answer_.size(), 49u * 6u);
    EXPECT_EQ(tracker_->tally().announces.good, 22u * peers);
}

TEST_F(AnnounceAllocation, ThereIsNoneOnAConnectionThatStays) {
    TrackerServer server(io_.get_executor(), {.group = group_});
    ASSERT_TRUE(server.listen({{boost::asio::ip::address_v4::loopback(), 0}}));
    boost::asio::io_context client_io;
    boost::asio::ip::tcp::socket client(client_io);
    client.connect(server.endpoints().front());
    std::vector<std::string> requests;
    for (const std::string& query : queries_) {
        requests.push_back("GET /announce?" + query + " HTTP/1.1\r\nHost: tracker\r\n\r\n");
    }
    std::array<char, 4096> reply{};
    std::size_t fewest = SIZE_MAX;
    for (int round = 0; round < 20; ++round) {
        const std::size_t before = shoal::testing::allocations;
        for (const std::string& request : requests) {
            client.write_some(boost::asio::buffer(request));
            while (client.available() == 0) io_.poll();
            client.read_some(boost::asio::buffer(reply));
        }
        // What the server does once a second may fall into a round.
        fewest = std::min(fewest, shoal::testing::allocations - before);
    }
    EXPECT_EQ(fewest, 0u);
    EXPECT_EQ(server.tracker().tally().announces.good, 20u * peers);
}

}  // namespace
}  // namespace shoal::tracker

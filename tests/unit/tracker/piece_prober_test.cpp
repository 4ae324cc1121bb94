#include "tracker/piece_prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../net/loop.h"
#include "wire/encoder.h"

namespace shoal::tracker {
namespace {

using net::testing::loopback;
using net::testing::run_until;
using ::testing::ElementsAre;

/// A client that answers the n-th call with the n-th bitfield, the last of them from then on.
class Client {
  public:
    Client(boost::asio::io_context& io, const InfoHash& info_hash, std::vector<std::byte> bitfields)
        : listener_(std::move(*net::Listener::open(io.get_executor(), {loopback}))) {
        listener_.start([this, info_hash, bitfields](std::unique_ptr<net::Stream> stream) {
            wire::Handshake handshake{.fast = true};
            handshake.info_hash = info_hash;
            handshake.peer_id.bytes.fill(std::byte{'c'});
            const auto greeting = handshake.encode();
            ByteVector says(greeting.begin(), greeting.end());
            const ByteVector bits{bitfields.at(std::min(calls, bitfields.size() - 1))};
            wire::encode(wire::BitfieldMessage{bits}, says);
            const Bytes part = says;
            stream->write(std::span(&part, 1), part.size());
            streams_.push_back(std::move(stream));
            ++calls;
        });
    }
    [[nodiscard]] net::TcpEndpoint address() const {
        return {loopback.address(), listener_.port()};
    }
    std::size_t calls = 0;

  private:
    net::Listener listener_;
    std::vector<std::unique_ptr<net::Stream>> streams_;
};

class PieceProberTest : public ::testing::Test {
  protected:
    PieceProberTest() {
        hash_.bytes.fill(std::byte{3});
        map_.add_torrent(hash_, 4);
    }
    std::vector<PieceRange> pieces() {
        const auto swarm = map_.swarm(hash_);
        return swarm->holders.empty() ? std::vector<PieceRange>{} : swarm->holders[0].pieces;
    }

    boost::asio::io_context io_;
    InfoHash hash_;
    PieceMap map_;
    PieceProber prober_{io_.get_executor(), map_, {.at_once = 2}};
    TimePoint now_ = Clock::now();
};

TEST_F(PieceProberTest, AsksAClientAgainAndAgainWhileItDownloads) {
    Client client(io_, hash_, {std::byte{0b1000'0000}, std::byte{0b1010'0000}});
    prober_.announced(client.address(), hash_, false, now_);
    prober_.tick(now_);
    ASSERT_TRUE(run_until(io_, [&] { return !pieces().empty(); }));
    EXPECT_THAT(pieces(), ElementsAre(PieceRange{0, 0}));
    prober_.tick(now_ + 1s);
    prober_.tick(now_ + 6s);
    ASSERT_TRUE(run_until(io_, [&] { return pieces().size() == 2; }));
    EXPECT_EQ(client.calls, 2U);
}

TEST_F(PieceProberTest, BelievesASeedUntilItWasAsked) {
    Client client(io_, hash_, {std::byte{0b0110'0000}});
    prober_.announced(client.address(), hash_, true, now_);
    EXPECT_THAT(pieces(), ElementsAre(PieceRange{0, 3}));
    prober_.tick(now_);
    ASSERT_TRUE(run_until(io_, [&] { return pieces() != std::vector{PieceRange{0, 3}}; }));
    EXPECT_THAT(pieces(), ElementsAre(PieceRange{1, 2}));
}

TEST_F(PieceProberTest, LeavesThoseAloneWhoReport) {
    Client client(io_, hash_, {std::byte{0b1000'0000}});
    ASSERT_TRUE(map_.report(client.address(), {.number = 1, .whole = true}));
    prober_.announced(client.address(), hash_, false, now_);
    prober_.tick(now_);
    EXPECT_EQ(prober_.targets(), 0U);
}

TEST_F(PieceProberTest, GivesUpOnThoseWhoDoNotAnswerUntilTheyAnnounceAgain) {
    std::optional<Client> client(std::in_place, io_, hash_,
                                 std::vector<std::byte>{std::byte{0b1000'0000}});
    const auto address = client->address();
    prober_.announced(address, hash_, false, now_);
    prober_.tick(now_);
    ASSERT_TRUE(run_until(io_, [&] { return !pieces().empty(); }));
    client.reset();
    for (int i = 1; !pieces().empty(); ++i) {
        ASSERT_LT(i, 100);
        now_ += 10s;
        prober_.tick(now_);
        io_.restart();
        io_.run_for(20ms);
    }
    EXPECT_EQ(prober_.targets(), 1U);
}

TEST_F(PieceProberTest, AsksAFewAtATimeAndNobodyWhoLeft) {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(
            std::make_unique<Client>(io_, hash_, std::vector<std::byte>{std::byte{0b1111'0000}}));
        prober_.announced(clients.back()->address(), hash_, false, now_);
    }
    const auto last = std::ranges::max_element(clients, {}, [](const auto& client) {
                          return client->address();
                      })->get();
    prober_.left(last->address());
    const auto calls = [&] {
        std::size_t all = 0;
        for (const auto& client : clients) all += client->calls;
        return all;
    };
    prober_.tick(now_);
    ASSERT_TRUE(run_until(io_, [&] { return map_.swarm(hash_)->holders.size() == 2; }));
    EXPECT_EQ(calls(), 2U);
    prober_.tick(now_);
    ASSERT_TRUE(run_until(io_, [&] { return map_.swarm(hash_)->holders.size() == 3; }));
    prober_.tick(now_);
    EXPECT_EQ(calls(), 3U);
    EXPECT_EQ(last->calls, 0U);
}

}  // namespace
}  // namespace shoal::tracker

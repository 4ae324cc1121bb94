#include "node/session.h"

#include <gtest/gtest.h>

#include "fixture.h"

namespace shoal::node {
namespace {

class SessionTest : public testing::NodeTest {
  protected:
    /// Sends these bytes to the seeder; whether it then hangs up without an answer.
    bool is_turned_away(Bytes bytes) {
        std::unique_ptr<net::Stream> stream;
        const net::TcpConnector connector(
            io_.get_executor(), address_of(*seeder_), {}, 10s,
            [&](Result<std::unique_ptr<net::Stream>> made) { stream = std::move(*made); });
        if (!run_until([&] { return stream != nullptr; })) return false;
        stream->write(std::span(&bytes, 1), bytes.size());
        bool readable = false;
        stream->wait_readable([&] { readable = true; });
        if (!run_until([&] { return readable; })) return false;
        std::array<std::byte, 100> answer{};
        const MutableBytes part = answer;
        return stream->read(std::span(&part, 1), answer.size()).bytes == 0;
    }
};

TEST_F(SessionTest, TurnsAwayThoseWhoAskForAnUnknownTorrent) {
    wire::Handshake handshake;
    handshake.info_hash.bytes.fill(std::byte{7});
    EXPECT_TRUE(is_turned_away(handshake.encode()));
}

TEST_F(SessionTest, TurnsAwayThoseWhoSpeakSomethingElse) {
    EXPECT_TRUE(is_turned_away(bytes_of("GET / HTTP/1.1\r\n\r\n")));
}

TEST_F(SessionTest, AnswersThoseWhoAskForWhatItShares) {
    const auto torrent = testing::share(folder_, metainfo::Format::v1);
    ASSERT_EQ(seed(*seeder_, {.torrent = torrent, .path = folder_.path()}), "");
    wire::Handshake handshake;
    handshake.info_hash = torrent.info->info_hash();
    handshake.peer_id.bytes.fill(std::byte{'x'});
    EXPECT_FALSE(is_turned_away(handshake.encode()));
}

TEST_F(SessionTest, APortInUseIsAnError) {
    EXPECT_FALSE(Session::open(io_, {.listen = {address_of(*seeder_)}, .from = {}}));
}

TEST_F(SessionTest, PeersHaveIdsOfTheirOwn) {
    EXPECT_NE(seeder_->peer_id(), fetcher_->peer_id());
}

}  // namespace
}  // namespace shoal::node

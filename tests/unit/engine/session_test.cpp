#include "engine/session.h"

#include <gtest/gtest.h>

#include "base/memory.h"
#include "fixture.h"

namespace shoal::engine {
namespace {

class SessionTest : public testing::EngineTest {
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

TEST(MemoryForPieces, IsAShareOfWhatIsFreeWithinBounds) {
    EXPECT_EQ(memory_for_pieces(std::nullopt), 64 << 20);
    EXPECT_EQ(memory_for_pieces(ByteCount{512} << 20), 64 << 20);
    EXPECT_EQ(memory_for_pieces(ByteCount{32} << 30), 128 << 20);
    EXPECT_EQ(memory_for_pieces(0), 16 << 20);
}

TEST(SessionMemory, IsWhatTheUserSaysOrWhatIsFree) {
    boost::asio::io_context context;
    const auto asked =
        Session::open(context, {.listen = {net::testing::loopback}, .from = {}, .memory = 5 << 20});
    ASSERT_TRUE(asked);
    EXPECT_EQ((*asked)->budget().limit, 5 << 20);
    const auto own = Session::open(context, {.listen = {net::testing::loopback}, .from = {}});
    ASSERT_TRUE(own);
    EXPECT_EQ((*own)->budget().limit, memory_for_pieces(available_memory()));
}

/// Answers when the test tells it to.
class Doorkeeper final : public Admission {
  public:
    void ask(const net::Address& caller, std::function<void(bool)> answer) override {
        callers.push_back(caller);
        answers.push_back(std::move(answer));
    }
    std::vector<net::Address> callers;
    std::vector<std::function<void(bool)>> answers;
};

class AdmissionTest : public SessionTest {
  protected:
    /// Shares with callers that the doorkeeper lets in; one of them says its handshake.
    void call() {
        torrent_ = testing::share(folder_, metainfo::Format::v1);
        auto session = Session::open(
            io_, {.listen = {net::testing::loopback}, .from = {}, .admission = doorkeeper_});
        ASSERT_TRUE(session);
        seeder_ = std::move(*session);
        ASSERT_EQ(
            seed(*seeder_,
                 {.torrent = torrent_, .path = folder_.path(), .members_only = members_only_}),
            "");
        connector_.emplace(
            io_.get_executor(), address_of(*seeder_), std::optional<net::Address>{}, 10s,
            [&](Result<std::unique_ptr<net::Stream>> made) { stream_ = std::move(*made); });
        ASSERT_TRUE(run_until([&] { return stream_ && !doorkeeper_->answers.empty(); }));
        wire::Handshake handshake;
        handshake.info_hash = torrent_.info->info_hash();
        handshake.peer_id.bytes.fill(std::byte{'x'});
        const auto bytes = handshake.encode();
        const Bytes part = bytes;
        stream_->write(std::span(&part, 1), part.size());
        stream_->wait_readable([&] { readable_ = true; });
    }
    std::size_t read() {
        std::array<std::byte, 100> answer{};
        const MutableBytes part = answer;
        return stream_->read(std::span(&part, 1), answer.size()).bytes;
    }

    metainfo::Metainfo torrent_;
    std::shared_ptr<Doorkeeper> doorkeeper_ = std::make_shared<Doorkeeper>();
    std::optional<net::TcpConnector> connector_;
    std::unique_ptr<net::Stream> stream_;
    bool readable_ = false;
    bool members_only_ = true;
};

TEST_F(AdmissionTest, AStrangerIsAnsweredForWhatIsOpenToEverybody) {
    members_only_ = false;
    call();
    doorkeeper_->answers.at(0)(false);
    doorkeeper_->answers.clear();
    ASSERT_TRUE(run_until([&] { return readable_; }));
    EXPECT_GE(read(), 68U);
}

TEST_F(AdmissionTest, ACallerIsAnsweredOnlyOnceItIsAdmitted) {
    call();
    EXPECT_EQ(doorkeeper_->callers.at(0), net::testing::loopback.address());
    io_.restart();
    io_.run_for(100ms);
    EXPECT_FALSE(readable_);
    doorkeeper_->answers.at(0)(true);
    ASSERT_TRUE(run_until([&] { return readable_; }));
    EXPECT_GE(read(), 68U);
}

TEST_F(AdmissionTest, AStrangerGetsNotAByte) {
    call();
    doorkeeper_->answers.at(0)(false);
    doorkeeper_->answers.clear();
    ASSERT_TRUE(run_until([&] { return readable_; }));
    EXPECT_EQ(read(), 0U);
}

TEST_F(AdmissionTest, AnAnswerAfterTheSessionsEndIsHarmless) {
    call();
    seeding_.reset();
    seeder_.reset();
    doorkeeper_->answers.at(0)(true);
    doorkeeper_->answers.clear();
    ASSERT_TRUE(run_until([&] { return readable_; }));
    EXPECT_EQ(read(), 0U);
}

TEST_F(SessionTest, WithoutAnybodyToAskNobodyIsAdmitted) {
    const auto torrent = testing::share(folder_, metainfo::Format::v1);
    ASSERT_EQ(seed(*seeder_, {.torrent = torrent, .path = folder_.path(), .members_only = true}),
              "");
    wire::Handshake handshake;
    handshake.info_hash = torrent.info->info_hash();
    handshake.peer_id.bytes.fill(std::byte{'x'});
    EXPECT_TRUE(is_turned_away(handshake.encode()));
}

TEST_F(SessionTest, MovesToAnotherPort) {
    const auto torrent = testing::share(folder_, metainfo::Format::v1);
    ASSERT_EQ(seed(*seeder_, {.torrent = torrent, .path = folder_.path()}), "");
    const auto before = address_of(*seeder_);
    EXPECT_FALSE(seeder_->move_to({address_of(*fetcher_)}, {}));
    EXPECT_EQ(address_of(*seeder_), before);
    ASSERT_TRUE(seeder_->move_to({net::testing::loopback}, {}));
    EXPECT_NE(address_of(*seeder_), before);
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
}  // namespace shoal::engine

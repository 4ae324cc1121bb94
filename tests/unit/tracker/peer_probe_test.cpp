#include "tracker/peer_probe.h"

#include <gtest/gtest.h>

#include "../net/loop.h"
#include "wire/encoder.h"

namespace shoal::tracker {
namespace {

using net::testing::loopback;
using net::testing::run_until;

class PeerProbeTest : public ::testing::Test {
  protected:
    PeerProbeTest() {
        question_.info_hash.bytes.fill(std::byte{5});
        question_.our_id.bytes.fill(std::byte{'t'});
        question_.piece_count = 10;
    }

    /// A peer that says these bytes to whoever calls and keeps quiet then.
    void play(ByteVector says, bool hang_up = false) {
        called_.clear();
        listener_ = net::Listener::open(io_.get_executor(), {loopback});
        ASSERT_TRUE(listener_);
        question_.peer = {loopback.address(), listener_->port()};
        listener_->start([this, says = std::move(says), hang_up](std::unique_ptr<net::Stream> s) {
            const Bytes part = says;
            s->write(std::span(&part, 1), part.size());
            if (!hang_up) called_.push_back(std::move(s));
        });
    }
    [[nodiscard]] ByteVector handshake() const {
        wire::Handshake handshake{.fast = true};
        handshake.info_hash = question_.info_hash;
        handshake.peer_id.bytes.fill(std::byte{'p'});
        const auto bytes = handshake.encode();
        return {bytes.begin(), bytes.end()};
    }
    Result<ProbeAnswer> ask() {
        std::optional<Result<ProbeAnswer>> answer;
        const PeerProbe probe(io_.get_executor(), question_,
                              [&](Result<ProbeAnswer> given) { answer = std::move(given); });
        EXPECT_TRUE(run_until(io_, [&] { return answer.has_value(); }));
        return answer.value_or(fail(ErrorCode::failed, "no answer"));
    }

    boost::asio::io_context io_;
    Result<net::Listener> listener_ = fail(ErrorCode::failed, "nobody listens");
    std::vector<std::unique_ptr<net::Stream>> called_;
    ProbeQuestion question_;
};

TEST_F(PeerProbeTest, LearnsABitfieldAndWhatIsAddedToIt) {
    ByteVector says = handshake();
    const ByteVector bits{std::byte{0b1010'0000}, std::byte{0}};
    wire::encode(wire::BitfieldMessage{bits}, says);
    wire::encode(wire::Have{PieceIndex(9)}, says);
    wire::encode(wire::Have{PieceIndex(4'000'000'000)}, says);
    play(says);
    const auto answer = ask();
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_TRUE(answer->pieces);
    EXPECT_EQ(answer->pieces->count(), 3U);
    EXPECT_TRUE((*answer->pieces)[0] && (*answer->pieces)[2] && (*answer->pieces)[9]);
    EXPECT_EQ(answer->id->bytes[0], std::byte{'p'});
    EXPECT_LT(answer->round_trip, 1s);
}

TEST_F(PeerProbeTest, LearnsThatAPeerHasEverythingOrNothing) {
    ByteVector all = handshake();
    wire::encode(wire::HaveAll{}, all);
    play(all);
    EXPECT_TRUE(ask()->pieces->all());
    ByteVector none = handshake();
    wire::encode(wire::HaveNone{}, none);
    play(none);
    EXPECT_TRUE(ask()->pieces->none());
}

TEST_F(PeerProbeTest, APeerThatSaysNothingHasNothing) {
    play(handshake());
    const auto answer = ask();
    ASSERT_TRUE(answer && answer->pieces);
    EXPECT_TRUE(answer->pieces->none());
}

TEST_F(PeerProbeTest, APeerWithoutTheTorrentIsThereAllTheSame) {
    play({}, true);
    const auto answer = ask();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_FALSE(answer->id);
    EXPECT_FALSE(answer->pieces);
}

TEST_F(PeerProbeTest, SilenceEndsWithItsPatience) {
    play({});
    question_.patience = 100ms;
    const auto answer = ask();
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->id);
}

TEST_F(PeerProbeTest, NonsenseIsBadData) {
    const Bytes nonsense =
        bytes_of(std::string_view("HTTP/1.1 400 Bad Request\r\n\r\nxxxxxxxxxxxxxx"
                                  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
    play({nonsense.begin(), nonsense.end()});
    EXPECT_EQ(ask().error().code, ErrorCode::bad_data);
    ByteVector wrong_size = handshake();
    const ByteVector bits(3);
    wire::encode(wire::BitfieldMessage{bits}, wrong_size);
    play(wrong_size);
    EXPECT_EQ(ask().error().code, ErrorCode::bad_data);
    question_.info_hash.bytes.fill(std::byte{6});
    ByteVector other = handshake();
    question_.info_hash.bytes.fill(std::byte{7});
    play(other);
    EXPECT_EQ(ask().error().code, ErrorCode::bad_data);
}

TEST_F(PeerProbeTest, NobodyThereIsAnError) {
    play({});
    listener_ = fail(ErrorCode::failed, "gone");
    EXPECT_FALSE(ask());
}

TEST_F(PeerProbeTest, CanBeGivenUp) {
    play(handshake());
    bool called = false;
    {
        const PeerProbe probe(io_.get_executor(), question_,
                              [&](const Result<ProbeAnswer>&) { called = true; });
        ASSERT_TRUE(run_until(io_, [&] { return !called_.empty(); }));
    }
    io_.restart();
    io_.run_for(50ms);
    EXPECT_FALSE(called);
}

}  // namespace
}  // namespace shoal::tracker

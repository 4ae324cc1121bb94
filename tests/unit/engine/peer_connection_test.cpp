#include "engine/peer_connection.h"

#include <cstdio>
#include <gtest/gtest.h>
#include <optional>

#include "../net/loop.h"
#include "disk/file_system.h"
#include "fixture.h"
#include "wire/encoder.h"

namespace shoal::engine {
namespace {

/// Writes down what a connection tells it.
class Recorder : public PeerHandler {
  public:
    void on_handshake(PeerConnection& peer, const wire::Handshake&) override {
        peer.greeted = true;
        ++handshakes;
    }
    void on_message(PeerConnection& peer, const wire::Message& message) override {
        messages.push_back(message.index());
        if (hang_up) peer.close("enough");
    }
    MutableBytes on_block_start(PeerConnection&, const BlockRange& range) override {
        block.resize(range.length);
        return block;
    }
    void on_block_end(PeerConnection&, const BlockRange&, bool accepted) override {
        blocks += accepted ? 1 : 0;
    }
    void expect_blocks(const PeerConnection&, std::vector<wire::ExpectedBlock>& out) override {
        if (!expected) return;
        block.resize(expected->length);
        out.push_back({*expected, block});
    }
    void on_input_done() override {}
    [[nodiscard]] bool wants_input(const PeerConnection&) const override { return hungry; }
    void on_room(PeerConnection&) override {}
    void on_sent(PeerConnection&, std::size_t payload) override { sent += payload; }
    void on_closed(PeerConnection&, const std::string& why) override {
        ++closed;
        reason = why;
    }

    int handshakes = 0;
    std::vector<std::size_t> messages;
    ByteVector block;
    std::optional<BlockRange> expected;
    int blocks = 0;
    std::size_t sent = 0;
    bool hungry = true;
    bool hang_up = false;
    int closed = 0;
    std::string reason;
};

class PeerConnectionTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto pair = net::testing::connect_pair(io_);
        here_ = std::make_shared<PeerConnection>(std::move(pair.caller), false, limiters_);
        there_ = std::make_shared<PeerConnection>(std::move(pair.called), true, limiters_);
        here_->start(sender_);
        there_->start(receiver_);
        here_->send(Bytes(wire::Handshake{.fast = true}.encode()));
    }
    void TearDown() override {
        here_->close("over");
        there_->close("over");
        io_.restart();
        io_.run_for(1ms);
    }
    template <class Condition>
    bool run_until(Condition condition) {
        return net::testing::run_until(io_, condition);
    }
    void say(const wire::Message& message) {
        ByteVector bytes;
        wire::encode(message, bytes);
        here_->send(bytes);
    }

    boost::asio::io_context io_;
    Limiters limiters_{{io_.get_executor(), 0}, {io_.get_executor(), 0}};
    Recorder sender_, receiver_;
    std::shared_ptr<PeerConnection> here_, there_;
};

TEST_F(PeerConnectionTest, CarriesHandshakeAndMessagesInOrder) {
    say(wire::Unchoke{});
    say(wire::Have{PieceIndex(4)});
    EXPECT_GT(here_->queued(), 0u);
    here_->flush();
    ASSERT_TRUE(run_until([&] { return receiver_.messages.size() == 2; }));
    EXPECT_EQ(receiver_.handshakes, 1);
    EXPECT_EQ(receiver_.messages[0], wire::Message(wire::Unchoke{}).index());
    EXPECT_EQ(receiver_.messages[1], wire::Message(wire::Have{}).index());
    EXPECT_EQ(here_->queued(), 0u);
}

TEST_F(PeerConnectionTest, SendsABlockOutOfAFileAndOutOfPadding) {
    const disk::testing::TempFolder folder;
    const std::string text = metainfo::testing::content(50'000);
    folder.write("file", text);
    auto root = disk::native_file_system()->open_folder(folder.path(), false);
    ASSERT_TRUE(root);
    auto file = (*root)->open("file", disk::Access::read);
    ASSERT_TRUE(file);
    const BlockRange range{PieceIndex(1), 0, block_size};
    here_->send_blocks({{range}}, {{.file = *file, .offset = 1000, .length = block_size - 10},
                                   {.file = nullptr, .offset = 0, .length = 10}});
    here_->flush();
    ASSERT_TRUE(run_until([&] { return receiver_.blocks == 1; }));
    EXPECT_EQ(text_of(receiver_.block), text.substr(1000, block_size - 10) + std::string(10, '\0'));
    EXPECT_EQ(sender_.sent, block_size);
}

TEST_F(PeerConnectionTest, ReadsBlocksThatAreExpectedToTheirPlaces) {
    const disk::testing::TempFolder folder;
    const std::string text = metainfo::testing::content(100 * block_size);
    folder.write("file", text);
    auto root = disk::native_file_system()->open_folder(folder.path(), false);
    ASSERT_TRUE(root);
    auto file = (*root)->open("file", disk::Access::read);
    ASSERT_TRUE(file);
    for (const std::uint32_t offset : {0u, block_size}) {
        receiver_.expected = {PieceIndex(1), 0, block_size};
        here_->send_blocks({{{PieceIndex(1), offset, block_size}}}, {{*file, offset, block_size}});
        say(wire::Have{PieceIndex(4)});
        here_->flush();
        const int so_far = receiver_.blocks;
        ASSERT_TRUE(run_until([&] { return receiver_.blocks == so_far + 1; }));
        EXPECT_EQ(text_of(receiver_.block), text.substr(offset, block_size)) << offset;
    }
}

TEST_F(PeerConnectionTest, MessagesOvertakeBlocksThatAreNotBegun) {
    const disk::testing::TempFolder folder;
    folder.write("file", metainfo::testing::content(block_size));
    auto root = disk::native_file_system()->open_folder(folder.path(), false);
    ASSERT_TRUE(root);
    auto file = (*root)->open("file", disk::Access::read);
    ASSERT_TRUE(file);
    constexpr int many = 2000;  // more than a socket takes at once
    for (int i = 0; i < many; ++i) {
        here_->send_blocks({{{PieceIndex(1), 0, block_size}}},
                           {{.file = *file, .offset = 0, .length = block_size}});
    }
    here_->flush();
    ASSERT_TRUE(run_until([&] { return receiver_.blocks > 0; }));
    say(wire::Have{PieceIndex(4)});
    here_->flush();
    ASSERT_TRUE(run_until([&] { return receiver_.messages.size() == 1; }));
    EXPECT_LT(receiver_.blocks, many);
    EXPECT_TRUE(run_until([&] { return receiver_.blocks == many; }));
    EXPECT_EQ(here_->queued(), 0u);
}

TEST_F(PeerConnectionTest, DoesNotReadWhileItsHandlerWantsNothing) {
    receiver_.hungry = false;
    say(wire::Unchoke{});
    here_->flush();
    ASSERT_TRUE(run_until([&] { return receiver_.handshakes == 1; }));
    const std::size_t before = receiver_.messages.size();
    say(wire::Choke{});
    here_->flush();
    io_.restart();
    io_.run_for(30ms);
    EXPECT_EQ(receiver_.messages.size(), before);
    receiver_.hungry = true;
    there_->resume_input();
    EXPECT_TRUE(run_until([&] { return receiver_.messages.size() == before + 1; }));
}

TEST_F(PeerConnectionTest, NonsenseEndsIt) {
    here_->flush();
    ASSERT_TRUE(run_until([&] { return receiver_.handshakes == 1; }));
    here_->send(bytes_of("\xff\xff\xff\xff nonsense"));
    here_->flush();
    ASSERT_TRUE(run_until([&] { return receiver_.closed == 1; }));
    EXPECT_TRUE(there_->closed());
    EXPECT_NE(receiver_.reason.find("a message of"), std::string::npos);
    EXPECT_TRUE(run_until([&] { return sender_.closed == 1; }));  // the other side notices
}

TEST_F(PeerConnectionTest, ItsHandlerMayCloseItInTheMiddle) {
    receiver_.hang_up = true;
    for (int i = 0; i < 5; ++i) say(wire::Unchoke{});
    here_->flush();
    ASSERT_TRUE(run_until([&] { return receiver_.closed == 1; }));
    EXPECT_EQ(receiver_.messages.size(), 1u);
    EXPECT_EQ(receiver_.reason, "enough");
    there_->close("again");
    EXPECT_EQ(receiver_.closed, 1);
}

TEST_F(PeerConnectionTest, SilenceAndAMissingHandshakeEndIt) {
    there_->check_time(Clock::now() + 5s);
    EXPECT_FALSE(there_->closed());
    there_->check_time(Clock::now() + 20s);
    EXPECT_EQ(receiver_.reason, "no handshake");
    here_->greeted = true;
    here_->check_time(Clock::now() + 200s);
    EXPECT_EQ(sender_.reason, "silent for too long");
}

TEST_F(PeerConnectionTest, KeepsTheLineAlive) {
    here_->flush();
    here_->greeted = true;
    here_->check_time(Clock::now() + 110s);
    ASSERT_TRUE(run_until([&] { return !receiver_.messages.empty(); }));
    EXPECT_EQ(receiver_.messages[0], wire::Message(wire::KeepAlive{}).index());
}

}  // namespace
}  // namespace shoal::engine

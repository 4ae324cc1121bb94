#include "net/tcp_stream.h"

#include <array>
#include <cstdio>
#include <gtest/gtest.h>
#include <string>

#include "loop.h"

namespace shoal::net {
namespace {

using testing::connect_pair;
using testing::loopback;
using testing::run_until;

class TcpStreamTest : public ::testing::Test {
  protected:
    static Transfer write(Stream& stream, std::string_view text) {
        const Bytes bytes = bytes_of(text);
        return stream.write(std::span(&bytes, 1), text.size());
    }

    /// Reads until `size` bytes are there or the stream ends.
    std::string read(Stream& stream, std::size_t size) {
        std::string text;
        std::array<std::byte, 4096> buffer;
        bool ended = false;
        bool waiting = false;
        run_until(io_, [&] {
            while (!waiting && !ended && text.size() < size) {
                const MutableBytes part = MutableBytes(buffer);
                const Transfer got = stream.read(std::span(&part, 1), size - text.size());
                if (got.status == TransferStatus::would_block) {
                    waiting = true;
                    stream.wait_readable([&] { waiting = false; });
                } else {
                    ended = got.status != TransferStatus::done;
                    text += text_of(Bytes(buffer).first(got.bytes));
                }
            }
            return ended || text.size() >= size;
        });
        return text;
    }

    boost::asio::io_context io_;
};

TEST_F(TcpStreamTest, CarriesBytesBothWaysInOrder) {
    const auto pair = connect_pair(io_);
    const std::array<Bytes, 3> parts{bytes_of("one "), bytes_of(""), bytes_of("two")};
    EXPECT_EQ(pair.caller->write(parts, 100).bytes, 7u);
    EXPECT_EQ(read(*pair.called, 7), "one two");
    EXPECT_EQ(write(*pair.called, "back").bytes, 4u);
    EXPECT_EQ(read(*pair.caller, 4), "back");
}

TEST_F(TcpStreamTest, FillsBuffersInOrderAndNoFurtherThanTheLimit) {
    const auto pair = connect_pair(io_);
    write(*pair.caller, "abcdefgh");
    bool readable = false;
    pair.called->wait_readable([&] { readable = true; });
    ASSERT_TRUE(run_until(io_, [&] { return readable; }));
    std::array<std::byte, 3> first{};
    std::array<std::byte, 10> second{};
    const std::array<MutableBytes, 2> buffers{first, second};
    const Transfer got = pair.called->read(buffers, 5);
    EXPECT_EQ(got.status, TransferStatus::done);
    EXPECT_EQ(got.bytes, 5u);
    EXPECT_EQ(text_of(first), "abc");
    EXPECT_EQ(text_of(Bytes(second).first(3)), std::string_view("de\0", 3));
}

TEST_F(TcpStreamTest, SaysThatNothingIsThere) {
    const auto pair = connect_pair(io_);
    std::array<std::byte, 10> buffer;
    const MutableBytes part = buffer;
    EXPECT_EQ(pair.called->read(std::span(&part, 1), 10).status, TransferStatus::would_block);
}

TEST_F(TcpStreamTest, WritesNoMoreThanTheLineTakesAndWaitsForRoom) {
    const auto pair = connect_pair(io_);
    const std::string much(64 << 10, 'x');
    std::size_t written = 0;
    Transfer last = write(*pair.caller, much);
    for (; last.status == TransferStatus::done; last = write(*pair.caller, much)) {
        written += last.bytes;
    }
    ASSERT_EQ(last.status, TransferStatus::would_block);
    bool room = false;
    pair.caller->wait_writable([&] { room = true; });
    io_.restart();
    io_.run_for(20ms);
    EXPECT_FALSE(room);
    EXPECT_EQ(read(*pair.called, written).size(), written);
    EXPECT_TRUE(run_until(io_, [&] { return room; }));
}

TEST_F(TcpStreamTest, TellsAnOrderlyEndFromABreak) {
    auto orderly = connect_pair(io_);
    write(*orderly.caller, "bye");
    orderly.caller->close();
    EXPECT_EQ(read(*orderly.called, 3), "bye");
    std::array<std::byte, 10> buffer;
    const MutableBytes part = buffer;
    bool readable = false;
    orderly.called->wait_readable([&] { readable = true; });
    ASSERT_TRUE(run_until(io_, [&] { return readable; }));
    EXPECT_EQ(orderly.called->read(std::span(&part, 1), 10).status, TransferStatus::closed);

    // Closing with bytes unread resets the connection.
    auto broken = connect_pair(io_);
    write(*broken.caller, "unread");
    readable = false;
    broken.called->wait_readable([&] { readable = true; });
    ASSERT_TRUE(run_until(io_, [&] { return readable; }));
    broken.called->close();
    readable = false;
    broken.caller->wait_readable([&] { readable = true; });
    ASSERT_TRUE(run_until(io_, [&] { return readable; }));
    const Transfer got = broken.caller->read(std::span(&part, 1), 10);
    EXPECT_EQ(got.status, TransferStatus::failed);
    EXPECT_TRUE(got.error);
}

TEST_F(TcpStreamTest, NamesTheOtherSide) {
    const auto pair = connect_pair(io_);
    EXPECT_EQ(pair.caller->remote().address(), loopback.address());
    EXPECT_NE(pair.caller->remote().port(), pair.called->remote().port());
}

TEST_F(TcpStreamTest, ConnectsFromTheAddressThatIsNamed) {
    auto listener = Listener::open(io_.get_executor(), {loopback});
    ASSERT_TRUE(listener);
    std::unique_ptr<Stream> called;
    listener->start([&](std::unique_ptr<Stream> stream) { called = std::move(stream); });
    const auto from = boost::asio::ip::make_address("127.0.0.7");
    const TcpConnector connector(io_.get_executor(), {loopback.address(), listener->port()}, from,
                                 10s, [](const auto&) {});
    ASSERT_TRUE(run_until(io_, [&] { return called != nullptr; }));
    EXPECT_EQ(called->remote().address(), from);
}

TEST_F(TcpStreamTest, SaysThatNobodyAnswers) {
    boost::asio::ip::tcp::acceptor unused(io_, loopback);
    const TcpEndpoint nobody = unused.local_endpoint();
    unused.close();
    std::optional<Result<std::unique_ptr<Stream>>> result;
    const TcpConnector connector(io_.get_executor(), nobody, {}, 10s,
                                 [&](auto answer) { result = std::move(answer); });
    EXPECT_FALSE(result);  // never from within the constructor
    ASSERT_TRUE(run_until(io_, [&] { return result.has_value(); }));
    EXPECT_FALSE(*result);
}

TEST_F(TcpStreamTest, GivesUpWhenNobodyAnswersInTime) {
    // A backlog that is full makes Linux drop further attempts to connect.
    boost::asio::ip::tcp::acceptor deaf(io_);
    deaf.open(loopback.protocol());
    deaf.bind(loopback);
    deaf.listen(0);
    std::vector<boost::asio::ip::tcp::socket> fill;
    for (int i = 0; i < 4; ++i) {
        fill.emplace_back(io_).async_connect(deaf.local_endpoint(), [](const auto&) {});
    }
    std::optional<Result<std::unique_ptr<Stream>>> result;
    io_.run_for(50ms);
    const TcpConnector connector(io_.get_executor(), deaf.local_endpoint(), {}, 200ms,
                                 [&](auto answer) { result = std::move(answer); });
    ASSERT_TRUE(run_until(io_, [&] { return result.has_value(); }));
    EXPECT_FALSE(*result);
}

TEST_F(TcpStreamTest, AnAttemptThatIsDestroyedDoesNotCallBack) {
    auto listener = Listener::open(io_.get_executor(), {loopback});
    ASSERT_TRUE(listener);
    bool called_back = false;
    listener->start([](const auto&) {});
    {
        const TcpConnector connector(io_.get_executor(), {loopback.address(), listener->port()}, {},
                                     10s, [&](const auto&) { called_back = true; });
    }
    io_.run_for(100ms);
    EXPECT_FALSE(called_back);
}

}  // namespace
}  // namespace shoal::net

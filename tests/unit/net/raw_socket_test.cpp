#include "net/raw_socket.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace shoal::net {
namespace {

using boost::asio::ip::tcp;

class RawSocketTest : public testing::Test {
  protected:
    RawSocketTest() : acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}), client_(io_) {
        acceptor_.non_blocking(true);
    }

    /// The connection, once it is there.
    RawSocket accept() {
        boost::system::error_code error;
        for (;;) {
            acceptor_.async_wait(tcp::acceptor::wait_read, [](const auto&) {});
            io_.restart();
            io_.run();
            if (auto socket = RawSocket::accept(acceptor_, error)) return std::move(*socket);
            EXPECT_EQ(error, boost::asio::error::would_block);
        }
    }
    void send(std::string_view text) { boost::asio::write(client_, boost::asio::buffer(text)); }
    std::string receive(std::size_t bytes) {
        std::string text(bytes, '\0');
        boost::asio::read(client_, boost::asio::buffer(text));
        return text;
    }

    boost::asio::io_context io_;
    tcp::acceptor acceptor_;
    tcp::socket client_;
};

TEST_F(RawSocketTest, NeverWaits) {
    boost::system::error_code error;
    EXPECT_FALSE(RawSocket::accept(acceptor_, error));
    EXPECT_EQ(error, boost::asio::error::would_block);
    client_.connect(acceptor_.local_endpoint());
    const RawSocket socket = accept();
    EXPECT_EQ(socket.remote(), client_.local_endpoint());
    std::array<std::byte, 10> bytes{};
    EXPECT_EQ(socket.read(bytes), 0u);
    const std::string much(64 << 20, 'x');
    EXPECT_LT(socket.write(bytes_of(much)), much.size())
        << "what does not fit stays with the caller";
}

TEST_F(RawSocketTest, WaitsForTheFirstBytesOfAConnection) {
    await_first_bytes(acceptor_);
    client_.connect(acceptor_.local_endpoint());
    send("hello");
    const RawSocket socket = accept();
    std::array<std::byte, 10> bytes{};
    EXPECT_EQ(text_of(Bytes(bytes).first(socket.read(bytes))), "hello");
    EXPECT_EQ(socket.write(bytes_of("answer")), 6u);
    EXPECT_EQ(receive(6), "answer");
}

TEST_F(RawSocketTest, TakesASilentConnectionAllTheSame) {
    await_first_bytes(acceptor_);
    client_.connect(acceptor_.local_endpoint());
    EXPECT_EQ(accept().remote(), client_.local_endpoint());
}

TEST_F(RawSocketTest, ClosesTheConnectionUnlessItIsHandedOver) {
    client_.connect(acceptor_.local_endpoint());
    std::optional<tcp::socket> kept;
    {
        RawSocket socket = accept();
        boost::system::error_code error;
        kept.emplace(socket.release(io_.get_executor(), error));
        ASSERT_FALSE(error);
    }
    boost::asio::write(*kept, boost::asio::buffer("still", 5));
    EXPECT_EQ(receive(5), "still");
    tcp::socket other(io_);
    other.connect(acceptor_.local_endpoint());
    {
        const RawSocket dropped = accept();
    }
    boost::system::error_code error;
    std::array<char, 1> byte{};
    EXPECT_EQ(other.read_some(boost::asio::buffer(byte), error), 0u);
    EXPECT_EQ(error, boost::asio::error::eof);
}

}  // namespace
}  // namespace shoal::net

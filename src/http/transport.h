// A connection's bytes, in the clear or under TLS; inside src/http only.
#pragma once
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

namespace shoal::http {

/// In the clear until secure_as_server(). One read and one write may be under way at a time.
/// Handlers are called by the executor, and also after close(), then with an error.
class Transport {
  public:
    using error_code = boost::system::error_code;

    explicit Transport(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
        error_code ignored;  // write_now() would tell
        socket_.non_blocking(true, ignored);
    }

    [[nodiscard]] bool is_open() const { return socket_.is_open(); }
    [[nodiscard]] bool is_secure() const { return tls_ != nullptr; }

    /// The handler takes an error and a number of bytes.
    template <class Buffers, class ReadHandler>
    void read_some(const Buffers& buffers, ReadHandler handler) {
        if (tls_) {
            tls_->async_read_some(buffers, std::move(handler));
        } else {
            socket_.async_read_some(buffers, std::move(handler));
        }
    }

    template <class WriteHandler>
    void write(boost::asio::const_buffer buffer, WriteHandler handler) {
        if (tls_) {
            boost::asio::async_write(*tls_, buffer, std::move(handler));
        } else {
            boost::asio::async_write(socket_, buffer, std::move(handler));
        }
    }

    /// Sends what can be sent at once, and returns how much that was; nothing under TLS.
    std::size_t write_now(boost::asio::const_buffer buffer, error_code& error) {
        if (tls_) return 0;
        const std::size_t sent = socket_.write_some(buffer, error);
        if (error == boost::asio::error::would_block) error.clear();
        return sent;
    }

    /// Goes on under TLS. What was read already is the beginning of the handshake; it has to stay
    /// where it is until the handler, which takes an error and how much of it was used.
    template <class HandshakeHandler>
    void secure_as_server(boost::asio::ssl::context& context, boost::asio::const_buffer read,
                          HandshakeHandler handler) {
        tls_ = std::make_unique<TlsStream>(socket_, context);
        tls_->async_handshake(boost::asio::ssl::stream_base::server, read, std::move(handler));
    }

    /// Tells the other side that nothing more comes. The handler takes nothing; afterwards only
    /// discard() may be used. No read or write may be under way.
    template <class EndHandler>
    void end_sending(EndHandler handler) {
        auto end = [this, handler = std::move(handler)](const error_code&) mutable {
            error_code ignored;
            socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
            handler();
        };
        if (tls_) {
            tls_->async_shutdown(std::move(end));
        } else {
            end(error_code{});
        }
    }

    /// Reads bytes that nobody will look at: under TLS without deciphering them.
    template <class ReadHandler>
    void discard(boost::asio::mutable_buffer buffer, ReadHandler handler) {
        socket_.async_read_some(buffer, std::move(handler));
    }

    void close() {
        error_code ignored;
        socket_.close(ignored);
    }

  private:
    using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<TlsStream> tls_;
};

}  // namespace shoal::http

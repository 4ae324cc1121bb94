// A TCP connection as it comes out of a listening socket, before it has cost anything more.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "net/endpoint.h"

namespace shoal::net {

/// Has connections wait for their first bytes, for a second or so, before accept() gives them: most
/// can be answered at once then. Where the system has no such thing, they do not wait.
void await_first_bytes(boost::asio::ip::tcp::acceptor& acceptor);

/// Owns the connection, which never blocks. Of use for what can be done at once; for all else the
/// descriptor goes on to a socket that an executor waits for. Not thread-safe.
class RawSocket {
  public:
    /// Takes the next connection that waits. An error: none does (would_block), or see accept(2).
    static std::optional<RawSocket> accept(boost::asio::ip::tcp::acceptor& acceptor,
                                           boost::system::error_code& error);
    ~RawSocket();
    RawSocket(RawSocket&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), remote_(std::move(other.remote_)) {}
    RawSocket& operator=(RawSocket&&) = delete;

    /// The other end, normalised.
    [[nodiscard]] const TcpEndpoint& remote() const { return remote_; }
    /// What has arrived; 0 bytes where there is nothing, be it for now or for good.
    std::size_t read(MutableBytes into) const;
    /// Sends what can be sent at once; the number of bytes.
    [[nodiscard]] std::size_t write(Bytes bytes) const;
    /// Hands the connection over.
    boost::asio::ip::tcp::socket release(const boost::asio::any_io_executor& executor,
                                         boost::system::error_code& error);

  private:
    RawSocket(int descriptor, const TcpEndpoint& remote)
        : descriptor_(descriptor), remote_(remote) {}

    int descriptor_;
    TcpEndpoint remote_;
};

}  // namespace shoal::net

// Streams over TCP.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/time.h"
#include "net/stream.h"

namespace shoal::net {

/// Takes over a connected socket.
std::unique_ptr<Stream> make_tcp_stream(boost::asio::ip::tcp::socket socket);

/// An attempt to connect. Destroying it ends the attempt without a callback.
class TcpConnector {
  public:
    using Handler = std::function<void(Result<std::unique_ptr<Stream>>)>;

    /// Calls back once, never from within this call. `local`: the address to connect from.
    /// failed, timeout: nobody answers there.
    TcpConnector(boost::asio::any_io_executor executor, const TcpEndpoint& remote,
                 std::optional<Address> local, Duration patience, Handler handler);
    ~TcpConnector();
    TcpConnector(TcpConnector&&) noexcept;
    TcpConnector& operator=(TcpConnector&&) noexcept;

  private:
    struct Attempt;
    std::shared_ptr<Attempt> attempt_;
};

}  // namespace shoal::net

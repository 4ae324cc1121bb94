// Opening a TCP connection to a host, by name or by address, in a bounded time.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "net/endpoint.h"

namespace shoal::net {

/// One socket and what it takes to connect it. Not thread-safe; lives on one executor. Its
/// coroutines keep it alive.
class Dialer : public std::enable_shared_from_this<Dialer> {
  public:
    /// Connections leave from the local address, if one is given; hosts of the other family are
    /// then unreachable.
    explicit Dialer(boost::asio::any_io_executor executor,
                    std::optional<Address> local_address = std::nullopt);

    /// The host's addresses, six at most. failed: there is none, or none of the right family.
    boost::asio::awaitable<Result<std::vector<TcpEndpoint>>> resolve(std::string host,
                                                                     std::uint16_t port);
    /// Connects to the first that answers; each has its share of the time. failed: none does.
    boost::asio::awaitable<Result<TcpEndpoint>> connect(std::vector<TcpEndpoint> endpoints,
                                                        Duration time);

    [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }
    /// Ends all that is pending here and on the socket, with errors, and for good.
    void abort();

  private:
    void limit(Duration share);

    std::optional<Address> local_address_;
    boost::asio::ip::tcp::resolver resolver_;
    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer timer_;
    unsigned attempt_ = 0;  ///< tells a late timer that its attempt is over
    bool aborted_ = false;
};

}  // namespace shoal::net

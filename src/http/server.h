// An HTTP/1.1 server on one thread: accepts, bounds and times its connections, and has a router
// answer their requests. It speaks plain HTTP and TLS on the same port.
#pragma once
#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "http/metrics.h"
#include "http/router.h"
#include "net/endpoint.h"

namespace shoal::http {

struct Limits {
    std::size_t header_bytes = 8 * 1024;       ///< request line and headers; beyond it 431
    std::size_t target_bytes = 6 * 1024;       ///< beyond it 414
    std::size_t body_bytes = 1 << 20;          ///< beyond it 413
    std::size_t all_bodies_bytes = 256 << 20;  ///< of all requests at once; beyond it 503
    std::size_t connections = 16 * 1024;
    /// Of these, under TLS, which takes some 70 KiB each.
    std::size_t tls_connections = 4096;
    /// From one IPv4 address or one IPv6 /64. Many peers behind one router are normal.
    std::size_t connections_per_address = 1024;
    Duration request_time = 15s;    ///< from the first byte of a request to its last
    Duration idle_time = 30s;       ///< without a request
    Duration handler_time = 30s;    ///< for a coroutine to make its answer; beyond it 504
    Duration write_time = 30s;      ///< for the other side to take an answer
    Duration handshake_time = 10s;  ///< of TLS, from the first byte
};

/// What a server has done so far.
struct ServerTally {
    std::array<std::uint64_t, 6> answers{};  ///< by the first digit of their status
    std::uint64_t connections = 0;
    std::uint64_t too_many = 0;           ///< connections closed at once for a bound's sake
    std::uint64_t failed_handshakes = 0;  ///< of TLS
    std::uint64_t too_slow = 0;           ///< connections closed amid a request or an answer
};

/// Not thread-safe: everything, handlers included, happens on the executor, which must be a single
/// thread or a strand. Destroying it ends all connections; coroutines that are still making answers
/// are cancelled and end in their own time.
class Server {
  public:
    /// With a TLS context (see tls_identity.h), connections that begin with a TLS handshake are
    /// served over TLS and all others in the clear.
    Server(boost::asio::any_io_executor executor, Router router, Limits limits = {},
           std::shared_ptr<boost::asio::ssl::context> tls = nullptr);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Begins to accept. Port 0 means any free one, the same for all endpoints. Of several
    /// endpoints, those of an address family that this machine lacks are left out.
    /// failed: a port that is in use, or no permission; nothing is open then.
    Result<void> listen(const std::vector<net::TcpEndpoint>& endpoints);
    /// Accepts at these endpoints instead of the former ones; connections that are open stay. As
    /// listen() otherwise, except that after an error it accepts where it did before.
    Result<void> move_to(const std::vector<net::TcpEndpoint>& endpoints);
    /// Where it accepts, with the real port.
    [[nodiscard]] std::vector<net::TcpEndpoint> endpoints() const;

    /// New connections are served with this certificate from now on; null ends TLS for them.
    void use_tls(std::shared_ptr<boost::asio::ssl::context> tls);

    /// Accepts no more, finishes the answers being made and sent (for a second at most), and closes
    /// everything.
    void stop();

    [[nodiscard]] std::size_t connections() const;
    [[nodiscard]] const ServerTally& tally() const;
    /// Adds what there is to know of connections and answers; may outlive the server.
    void measure(Metrics& metrics) const;

  private:
    class Core;
    std::shared_ptr<Core> core_;
};

}  // namespace shoal::http

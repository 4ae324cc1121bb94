// Accepting TCP connections on one port of several addresses.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "base/error.h"
#include "net/stream.h"

namespace shoal::net {

/// Listens until it is destroyed. Not thread-safe; lives on one executor.
class Listener {
  public:
    using Accept = std::function<void(std::unique_ptr<Stream>)>;

    /// Listens on all endpoints. With port 0 the first gets any free port and the others the same.
    /// An address family that this machine lacks is left out as long as another works.
    /// failed: the port is in use, or none of the addresses is ours.
    static Result<Listener> open(boost::asio::any_io_executor executor,
                                 std::vector<TcpEndpoint> endpoints);
    ~Listener();
    Listener(Listener&&) noexcept;
    Listener& operator=(Listener&&) noexcept;

    /// Begins to accept; to be called once.
    void start(Accept accept);
    [[nodiscard]] std::uint16_t port() const;

  private:
    struct Impl;
    explicit Listener(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace shoal::net

// Datagrams to all machines on a link: which interfaces there are, and a socket on one of them.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "net/endpoint.h"

namespace shoal::net {

/// A network interface that is up and can do multicast, or loopback, with its addresses.
struct LinkInterface {
    struct Subnet {
        Address address;  ///< this machine's; without a zone
        unsigned prefix = 0;
        bool operator==(const Subnet&) const = default;
    };

    unsigned index = 0;
    std::string name;
    std::vector<Subnet> subnets;

    /// Whether that address belongs to a machine on this link, which may be this one.
    [[nodiscard]] bool on_link(const Address& address) const;
    /// Whether it has an address of that family.
    [[nodiscard]] bool has(bool v4) const;
    bool operator==(const LinkInterface&) const = default;
};

/// Those with an address, 32 at most, in the system's order. failed: the system does not tell.
Result<std::vector<LinkInterface>> link_interfaces();

/// A socket that sends to one multicast group on one interface, and receives what others there
/// send to it. It shares the port with other programs of this machine and hears its own datagrams
/// too. What was sent from another link is dropped: all are sent with 255 hops to go, which every
/// router would count down (RFC 5082), and their source must be on the link. Not thread-safe;
/// lives on one executor.
class MulticastSocket {
  public:
    /// Called with each datagram, which is valid during the call; may destroy the socket. `from` is
    /// without a zone.
    using Handler = std::function<void(Bytes datagram, const Address& from)>;

    /// `group`: of the link's own scope, such as 224.0.0.251 or ff02::fb.
    /// failed: the system refuses; the interface may be of the other family, or gone.
    static Result<std::unique_ptr<MulticastSocket>> open(
        const boost::asio::any_io_executor& executor, const LinkInterface& interface,
        const Address& group, std::uint16_t port);
    ~MulticastSocket();
    MulticastSocket(const MulticastSocket&) = delete;
    MulticastSocket& operator=(const MulticastSocket&) = delete;

    /// Once.
    void start(Handler handler);
    /// Never waits: what does not fit into the system's queue is lost, as on any network.
    /// failed: the interface is gone or has no way out.
    Result<void> send(Bytes datagram);
    [[nodiscard]] const LinkInterface& interface() const;

  private:
    struct Impl;
    explicit MulticastSocket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<Impl> impl_;
};

}  // namespace shoal::net

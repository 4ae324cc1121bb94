// Addresses as people write them and as sockets see them: HOST:PORT, address ranges, and how far
// away an address is.
#pragma once
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace shoal::net {

using Address = boost::asio::ip::address;
using TcpEndpoint = boost::asio::ip::tcp::endpoint;

/// A host, by name or by address (without brackets), and a port. An empty host means every
/// address of this machine.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const HostPort&) const = default;
};

/// Reads "HOST:PORT", "[V6]:PORT" and ":PORT". With a default port also "HOST", "V6" and "PORT"
/// alone. usage: anything else, or a port above 65535.
Result<HostPort> parse_host_port(std::string_view text,
                                 std::optional<std::uint16_t> default_port = std::nullopt);

/// Reads an address and a port, without asking any resolver. usage: as above, or a host name.
Result<TcpEndpoint> parse_endpoint(std::string_view text);

/// Where to listen for a host and port: both wildcard addresses for an empty host or "*". A name
/// is resolved, which blocks, so this is for the start of a program.
/// not_found: the name has no address.
Result<std::vector<TcpEndpoint>> listen_endpoints(const HostPort& where);

/// "192.0.2.1:6881" or "[2001:db8::1]:6881".
std::string to_text(const TcpEndpoint& endpoint);

/// An IPv4 address that came wrapped as ::ffff:a.b.c.d is unwrapped; others stay.
Address normalised(const Address& address);
TcpEndpoint normalised(const TcpEndpoint& endpoint);

/// How far away an address is, nearest last. The order is what redirects are judged by: none may
/// lead nearer than where it came from.
enum class Reach : std::uint8_t {
    global,       ///< the Internet
    site,         ///< private networks, and what is neither global nor any of the below
    link,         ///< link-local; cloud machines keep their secrets at such an address
    host,         ///< loopback, and "no address", which systems take for loopback
    unreachable,  ///< multicast and broadcast: no single machine
};
Reach reach_of(const Address& address);

/// An address of this machine that others can reach, preferring IPv4; loopback when there is
/// none. Sends nothing.
Address outward_address();

/// Where others reach what listens there: all addresses stand for the outward one where that is of
/// the same family, otherwise for this machine.
TcpEndpoint reachable_endpoint(TcpEndpoint listening);

/// A range of addresses: "10.0.0.0/8", "fd00::/8", or one address alone.
class AddressRange {
  public:
    /// usage: not of that form, or a prefix longer than the address.
    static Result<AddressRange> parse(std::string_view text);
    [[nodiscard]] bool contains(const Address& address) const;

  private:
    Address network_;
    unsigned prefix_ = 0;  ///< leading bits that must be equal
};

}  // namespace shoal::net

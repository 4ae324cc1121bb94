// What trackers and peers say to each other on a local network: DNS-based service discovery
// (RFC 6763) over multicast DNS (RFC 6762), service type _shoal._tcp. No I/O.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "discovery/dns_message.h"
#include "net/endpoint.h"
#include "net/tls_client.h"

namespace shoal::discovery {

/// Where the questions and answers go: the groups of multicast DNS, which other tools listen to as
/// well, and firewalls of desktops let through.
struct LanScope {
    std::uint16_t port = 5353;
    std::vector<std::string> interfaces;  ///< by name; empty: all that can do multicast
};
net::Address lan_group(bool v4);

/// One tracker, as it presents itself. Whatever was received is a claim: anybody on the network
/// can say anything.
struct LanService {
    std::string name;  ///< for people; printable UTF-8 of 50 bytes at most once it was received
    std::uint16_t port = 0;
    net::KeyFingerprint fingerprint;
    std::vector<net::Address> addresses;
    bool operator==(const LanService&) const = default;
};

inline constexpr std::size_t max_lan_addresses = 8;
inline constexpr std::size_t max_lan_services = 16;

/// Asks for all trackers.
ByteVector lan_question();
/// Whether a message asks for what lan_answer() says, and does not show that the asker has heard it
/// a short while ago.
bool asks_for(const DnsMessage& message, const LanService& service);
/// Everything about one tracker, in one datagram of less than 1,200 bytes. `gone`: it takes back
/// what was said before.
ByteVector lan_answer(const LanService& service, bool gone = false);
/// The trackers that a message presents, at most max_lan_services; what is incomplete is left out.
std::vector<LanService> lan_services_in(const DnsMessage& message);

}  // namespace shoal::discovery

// Finds trackers on the local network, for a user to choose from.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "base/time.h"
#include "discovery/lan_service.h"

namespace shoal::discovery {

/// A tracker as somebody on the local network presents it. Nothing of this is proven: the name is
/// free for anybody to take. It is to be trusted only once the user has confirmed the key or a join
/// link has named it, and then by the key alone (net::pinned_trust), never by name or address.
struct FoundTracker {
    std::string name;  ///< printable; may be empty
    std::uint16_t port = 0;
    net::KeyFingerprint fingerprint;
    /// On a link of this machine, the one to try first in front; at least one, 8 at most. IPv6
    /// addresses of a link's own scope carry their zone.
    std::vector<net::Address> addresses;
};

inline constexpr std::size_t max_found_trackers = 64;

/// Asks on all interfaces for that long, and again after a second in case a datagram was lost.
/// Sorted by name. Runs on the coroutine's executor, which must be a single thread or a strand.
/// Where nothing can be asked, nothing is found.
boost::asio::awaitable<std::vector<FoundTracker>> find_trackers(Duration time = 1500ms,
                                                                LanScope scope = {});

}  // namespace shoal::discovery

// The address of a tracker, and the rules that keep a torrent from pointing us at services that
// are none of a tracker's.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/endpoint.h"

namespace shoal::discovery {

/// An http:// or https:// address, taken apart.
struct TrackerUrl {
    bool tls = false;
    std::string host;  ///< name or address, without brackets
    std::uint16_t port = 0;
    std::string target;  ///< path and query as given, percent-coded; begins with '/'

    bool operator==(const TrackerUrl&) const = default;

    /// The value of the Host header (RFC 9112).
    [[nodiscard]] std::string authority() const;
    /// For people and logs: without the query and with long path elements left out, because both
    /// may be a passkey.
    [[nodiscard]] std::string shown() const;
    /// The address that a Location header names, which may be relative to this one.
    /// bad_data, unsupported: as parse_tracker_url.
    [[nodiscard]] Result<TrackerUrl> redirected(std::string_view location) const;
};

/// unsupported: another scheme (such as udp) or a login in front of the host. bad_data: no URL, or
/// longer than 2048 bytes. The message shows the address only as far as it can hold no secret.
Result<TrackerUrl> parse_tracker_url(std::string_view text);

/// Whether this tracker may be asked at this address, which is to be checked after its name was
/// resolved: trackers in private networks are normal, those on this machine or on a link-local
/// address must have a path that begins /announce or /scrape, and a multicast address is none.
/// refused: it may not.
Result<void> check_reach(const TrackerUrl& url, const net::Address& address);

/// Whether a tracker at one address may redirect to another: not towards this machine, and not
/// from https to http. refused: it may not.
Result<void> check_redirect(const TrackerUrl& from, net::Reach from_reach, const TrackerUrl& to,
                            net::Reach to_reach);

}  // namespace shoal::discovery

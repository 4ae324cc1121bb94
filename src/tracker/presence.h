// Who of the group is there right now: daemons that register and clients that announce.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "net/endpoint.h"

namespace shoal::tracker {

/// One that takes connections at an address and port.
struct PresentPeer {
    net::TcpEndpoint endpoint;
    std::int64_t member = 0;             ///< the user
    std::optional<std::int64_t> daemon;  ///< of our own daemons: its peer in the catalogue
    TimePoint last_seen;
    bool told = false;  ///< by newcomers(), or as the daemon that registered
};

/// Does no I/O. Not thread-safe. Seeing somebody again allocates nothing.
class Presence {
  public:
    /// Whoever has not been seen for `lifetime` is gone; expire() says who.
    explicit Presence(Duration lifetime, std::size_t most_peers = 1'000'000)
        : lifetime_(lifetime), most_peers_(most_peers) {}

    void set_lifetime(Duration lifetime) { lifetime_ = lifetime; }

    /// A client announced from there. Beyond the bound, new ones are passed over.
    void announced(const net::TcpEndpoint& endpoint, std::int64_t member, TimePoint now);
    /// A daemon registered. The address that it had before, if it was another, is returned: it is
    /// no longer there.
    std::optional<net::TcpEndpoint> registered(const net::TcpEndpoint& endpoint,
                                               std::int64_t member, std::int64_t daemon,
                                               TimePoint now);
    /// It said that it goes; false when it was not there.
    bool remove(const net::TcpEndpoint& endpoint);
    /// Removes all peers of a member who may take part no more, and names them.
    std::vector<net::TcpEndpoint> remove_member(std::int64_t member);
    /// Removes those not seen for too long, and names them.
    std::vector<net::TcpEndpoint> expire(TimePoint now);

    /// newcomers() is to tell who comes from now on. Looks at everybody.
    void watch_newcomers();
    /// Who has come since then and is not told yet, or has become another member's, but for daemons
    /// that registered; at most `limit`, the rest by later calls.
    std::vector<PresentPeer> newcomers(std::size_t limit);

    /// Whether some peer of the group is at this address, whatever the port.
    [[nodiscard]] bool knows(const net::Address& address) const {
        return addresses_.contains(address);
    }
    [[nodiscard]] const PresentPeer* find(const net::TcpEndpoint& endpoint) const;
    [[nodiscard]] std::optional<net::TcpEndpoint> daemon_at(std::int64_t daemon) const;
    /// How many users have a peer that is there, and how many daemons are.
    [[nodiscard]] std::size_t members() const { return members_.size(); }
    [[nodiscard]] std::size_t daemons() const { return daemons_.size(); }
    /// By address and port.
    [[nodiscard]] const std::map<net::TcpEndpoint, PresentPeer>& peers() const { return peers_; }

  private:
    using Peers = std::map<net::TcpEndpoint, PresentPeer>;
    PresentPeer* see(const net::TcpEndpoint& endpoint, std::int64_t member, TimePoint now);
    Peers::iterator erase(Peers::iterator peer);
    void give_to(PresentPeer& peer, std::int64_t member);
    void take_from_member(const PresentPeer& peer);

    Duration lifetime_;
    std::size_t most_peers_;
    Peers peers_;
    std::map<net::Address, std::size_t> addresses_;  ///< how many peers are at each
    std::unordered_map<std::int64_t, net::TcpEndpoint> daemons_;
    std::unordered_map<std::int64_t, std::size_t> members_;  ///< how many peers each has
    std::size_t untold_ = 0;                                 ///< peers that are not `told`
    net::TcpEndpoint cursor_;                                ///< newcomers() looks behind it next
};

}  // namespace shoal::tracker

// The peers that a torrent could call: who is known, who is being talked to, who is banned.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "base/random.h"
#include "base/time.h"
#include "net/endpoint.h"

namespace shoal::engine {

/// Decides whom to call next; does no I/O. Not thread-safe.
class PeerList {
  public:
    explicit PeerList(std::uint64_t seed) : random_(seed) {}

    /// A peer has been named. Beyond a bound on their number, further ones are forgotten.
    void add(const net::TcpEndpoint& peer);
    /// Somebody to call now, marked as busy; nothing when all that are known are busy, banned, or
    /// to be left alone for a while.
    [[nodiscard]] std::optional<net::TcpEndpoint> next(TimePoint now);

    /// An end to being busy. After a failure the peer is left alone, longer each time; after an
    /// orderly end until `not_before`.
    void failed(const net::TcpEndpoint& peer, TimePoint now);
    void ended(const net::TcpEndpoint& peer, TimePoint not_before);
    /// It is connected, whoever called.
    void connected(const net::TcpEndpoint& peer);

    /// Never to be called again, nor let in.
    void ban(const net::TcpEndpoint& peer) { banned_.insert(peer); }
    /// The same for a peer that lied. Several honest peers may share its address (behind one
    /// router, or on one machine), so the address as a whole is banned only after some of it did.
    void punish(const net::TcpEndpoint& peer);
    [[nodiscard]] bool is_banned(const net::TcpEndpoint& peer) const;
    [[nodiscard]] std::size_t size() const { return peers_.size(); }

  private:
    struct Known {
        bool busy = false;
        std::uint32_t failures = 0;  ///< in a row
        TimePoint not_before{};
        std::uint64_t order = 0;  ///< random, so that peers of one list do not all call the same
    };

    std::map<net::TcpEndpoint, Known> peers_;
    std::set<net::TcpEndpoint> banned_;
    std::map<net::Address, int> liars_;  ///< how many peers of an address were punished
    Random random_;
};

}  // namespace shoal::engine

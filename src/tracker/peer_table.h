// The peers of one swarm and one address family, packed: a few bytes a peer, found by address and
// port, drawn at random.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/random.h"

namespace shoal::tracker {

/// A secret that nobody can choose colliding addresses or info hashes against.
struct HashSecret {
    std::uint64_t first = random_seed();
    std::uint64_t second = random_seed() | 1;

    [[nodiscard]] std::uint64_t mix(Bytes bytes) const;
};

/// Peers in no particular order, but leechers before seeds, so that either can be drawn from as a
/// range. An index of a peer is valid until the next change. Not thread-safe.
template <std::size_t AddressSize>
class PeerTable {
  public:
    /// Address and port in network order: what stands in a compact answer.
    using Key = std::array<std::byte, AddressSize + 2>;

    struct Peer {
        Key key;
        bool completed = false;  ///< its completion is counted
        bool paused = false;     ///< wants no data though it has not all
        std::uint32_t seen = 0;  ///< when it announced last, in the store's ticks
        /// What it said then that it has transferred: the lowest bits of the number of whole KiB.
        std::uint32_t uploaded = 0;
        std::uint32_t downloaded = 0;
    };

    [[nodiscard]] std::size_t size() const { return peers_.size(); }
    [[nodiscard]] std::size_t leechers() const { return leechers_; }
    [[nodiscard]] std::size_t seeds() const { return peers_.size() - leechers_; }

    [[nodiscard]] std::optional<std::size_t> find(const Key& key, const HashSecret& secret) const;
    /// The key must not be there yet. Returns the peer's index.
    std::size_t add(const Key& key, bool seed, const HashSecret& secret);
    void remove(std::size_t at, const HashSecret& secret);
    /// Makes the peer a seed or a leecher and returns its new index.
    std::size_t set_seed(std::size_t at, bool seed, const HashSecret& secret);
    [[nodiscard]] bool is_seed(std::size_t at) const { return at >= leechers_; }

    [[nodiscard]] Peer& operator[](std::size_t at) { return peers_[at]; }
    [[nodiscard]] const Peer& operator[](std::size_t at) const { return peers_[at]; }
    [[nodiscard]] Digest<20>& id(std::size_t at) { return ids_[at]; }

    /// Appends up to `wanted` different peers out of the first `range`, leaving out the one at
    /// `skip`. Every peer is as likely as any other.
    void draw(std::size_t wanted, std::size_t range, std::optional<std::size_t> skip,
              Random& random, std::string& keys, std::vector<Digest<20>>* ids) const;

  private:
    /// Below this number of peers looking through them is quicker than an index.
    static constexpr std::size_t indexed_from = 17;

    [[nodiscard]] std::size_t home(const Key& key, const HashSecret& secret) const;
    [[nodiscard]] std::size_t slot_of(const Key& key, const HashSecret& secret) const;
    void swap(std::size_t a, std::size_t b, const HashSecret& secret);
    void rebuild(const HashSecret& secret);
    void drop_slot(std::size_t slot, const HashSecret& secret);

    std::vector<Peer> peers_;
    std::vector<Digest<20>> ids_;  ///< beside peers_: only dictionary answers need them
    std::size_t leechers_ = 0;
    /// Open addressing: index + 1 of the peer, 0 where empty; a power of two long, or empty.
    std::vector<std::uint32_t> slots_;
};

extern template class PeerTable<4>;
extern template class PeerTable<16>;

}  // namespace shoal::tracker

// Which pieces only seeds hold yet, and who is to pass each on. A seed that hands out every piece
// once before it hands out any twice fills a swarm in little more than the time of one copy.
#pragma once
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "base/time.h"
#include "swarm/peer_key.h"

namespace shoal::swarm {

/// A piece is free (nobody else holds it, and it is promised to nobody), promised to one peer, held
/// by that peer alone, or spread. A peer owes the swarm what it is promised or holds alone. Not
/// thread-safe.
class FirstCopies {
  public:
    /// No piece is free at first.
    FirstCopies(std::uint32_t pieces, Random& random);

    /// Nobody but seeds holds the piece. Changes nothing when it is promised.
    void add(PieceIndex piece);
    /// The peer has it. Returns the peer that owes less by it.
    std::optional<PeerKey> arrived(PieceIndex piece, PeerKey peer);

    /// Promises a free piece; one that is not free is left as it is.
    void promise(PieceIndex piece, PeerKey peer, TimePoint now);
    /// Promises a free piece chosen at random; nothing when none is free.
    std::optional<PieceIndex> promise_any(PeerKey peer, TimePoint now);
    /// Part of a promised piece is on its way to a peer.
    void sent(PieceIndex piece, PeerKey peer, TimePoint now);
    [[nodiscard]] std::size_t owed_by(PeerKey peer) const;
    /// Every piece is held by somebody.
    [[nodiscard]] bool all_given() const { return free_.empty() && promised_ == 0; }

    /// The peer takes nothing any more: what it was promised is free again.
    void release(PeerKey peer);
    /// Promises of which nothing was sent since then are free again.
    void release_older(TimePoint limit);

  private:
    struct Debt {
        PeerKey peer;
        TimePoint touched;
        bool held = false;  ///< it has the piece, else it is promised
    };
    static constexpr std::uint32_t not_free = ~0U;
    [[nodiscard]] bool is_free(PieceIndex piece) const { return place_[piece.value()] != not_free; }
    void take(PieceIndex piece);
    void owe(PieceIndex piece, Debt debt);
    void settle(PieceIndex piece);
    template <class Which>
    void release_if(Which which);

    std::vector<PieceIndex> free_;
    std::vector<std::uint32_t> place_;  ///< of each piece, in free_
    std::unordered_map<PieceIndex, Debt> debts_;
    std::unordered_map<PeerKey, std::size_t> counts_;  ///< debts of each peer; no zeros
    std::size_t promised_ = 0;
    Random& random_;
};

}  // namespace shoal::swarm

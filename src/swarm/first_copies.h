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
    /// No piece is free at first. `piece_length` in bytes.
    FirstCopies(std::uint32_t pieces, std::uint32_t piece_length, Random& random);

    /// Nobody but seeds holds the piece. Changes nothing when it is promised.
    void add(PieceIndex piece);
    /// The peer has it. Returns the peer that owes less by it.
    std::optional<PeerKey> arrived(PieceIndex piece, PeerKey peer, TimePoint now);

    /// Promises a free piece; one that is not free is left as it is.
    void promise(PieceIndex piece, PeerKey peer, TimePoint now);
    /// Promises a free piece chosen at random; nothing when none is free.
    std::optional<PieceIndex> promise_any(PeerKey peer, TimePoint now);
    /// So many bytes of a promised piece are on their way to a peer.
    void sent(PieceIndex piece, PeerKey peer, std::uint32_t bytes, TimePoint now);
    [[nodiscard]] std::size_t owed_by(PeerKey peer) const;
    /// Seconds until the peer would have passed on one more piece, by how it did with others.
    [[nodiscard]] double wait_for(PeerKey peer, TimePoint now) const;
    /// Bytes that are promised and not yet sent.
    [[nodiscard]] ByteCount unsent() const { return unsent_; }
    [[nodiscard]] bool any_free() const { return !free_.empty(); }
    /// Every piece is held by somebody.
    [[nodiscard]] bool all_given() const { return free_.empty() && promised_ == 0; }
    /// Pieces that a peer got since then and still holds alone.
    [[nodiscard]] std::size_t held_alone(TimePoint since) const;

    /// The peer takes nothing any more: what it was promised is free again.
    void release(PeerKey peer);
    /// The peer has left.
    void forget(PeerKey peer);
    /// Promises of which nothing was sent since then are free again.
    void release_older(TimePoint limit);
    /// Promises to peers that were sent nothing since then count as sent.
    void overlook_older(TimePoint limit);

  private:
    struct Debt {
        PeerKey peer;
        TimePoint touched;         ///< when part of it was sent, or when it was held
        bool held = false;         ///< it has the piece, else it is promised
        std::uint32_t unsent = 0;  ///< bytes
    };
    /// What a peer has done with what it was given, recent times counting most.
    struct Record {
        std::size_t owed = 0;  ///< pieces
        std::size_t held = 0;  ///< of these, those that it has
        TimePoint updated;
        TimePoint taken;       ///< when it was last sent part of a promised piece
        double busy = 0;       ///< seconds in which it held something
        double passed_on = 0;  ///< pieces
    };
    static constexpr std::uint32_t not_free = ~0U;
    [[nodiscard]] bool is_free(PieceIndex piece) const { return place_[piece.value()] != not_free; }
    void take(PieceIndex piece);
    void owe(PieceIndex piece, Debt debt);
    void settle(PieceIndex piece);
    static void update(Record& record, TimePoint now);
    template <class Which>
    void release_if(Which which);

    std::vector<PieceIndex> free_;
    std::vector<std::uint32_t> place_;  ///< of each piece, in free_
    std::unordered_map<PieceIndex, Debt> debts_;
    std::unordered_map<PeerKey, Record> peers_;
    std::uint32_t piece_length_;
    std::size_t promised_ = 0;
    ByteCount unsent_ = 0;
    Random& random_;
};

}  // namespace shoal::swarm

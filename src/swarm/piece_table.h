// Which state every piece is in, how many peers hold it, and which one to fetch next.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bitfield.h"
#include "base/ids.h"
#include "base/random.h"

namespace shoal::swarm {

/// A piece is in exactly one of these; STATE.md tells how it goes from one to another.
enum class PieceState : std::uint8_t { not_wanted, missing, in_flight, verifying, on_disk };

/// Keeps the missing pieces in ascending order of the number of peers that hold them, with ties
/// in random order, so that rarest first is a walk from the front. Not thread-safe.
class PieceTable {
  public:
    /// `have` and `wanted` are of the same size; what is had is on disk, wanted or not.
    PieceTable(const Bitfield& have, const Bitfield& wanted, Random& random);

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(pieces_.size()); }
    [[nodiscard]] PieceState state(PieceIndex piece) const { return entry(piece).state; }
    [[nodiscard]] const Bitfield& have() const { return have_; }
    /// Pieces that are wanted and not on disk, whatever their state.
    [[nodiscard]] std::uint32_t unfinished() const { return unfinished_; }
    [[nodiscard]] std::uint32_t missing() const {
        return static_cast<std::uint32_t>(order_.size());
    }

    // Transitions; the state before each is asserted.
    void begin(PieceIndex piece);   ///< missing to in_flight
    void verify(PieceIndex piece);  ///< in_flight to verifying
    void store(PieceIndex piece);   ///< verifying to on_disk
    void reject(PieceIndex piece);  ///< verifying to missing

    // What connected peers hold.
    void add_holder(PieceIndex piece);
    void add_holder(const Bitfield& pieces) {
        pieces.for_each_set([&](std::size_t i) { add_holder(PieceIndex(narrow(i))); });
    }
    void remove_holder(const Bitfield& pieces) {
        pieces.for_each_set([&](std::size_t i) { remove_holder(PieceIndex(narrow(i))); });
    }
    /// A peer that holds everything is counted apart, so that its coming and going is cheap.
    void add_seed() { ++seeds_; }
    void remove_seed() { --seeds_; }
    [[nodiscard]] std::uint32_t holders(PieceIndex piece) const {
        return entry(piece).holders + seeds_;
    }
    /// The same without the peers that hold everything.
    [[nodiscard]] std::uint32_t holders_besides_seeds(PieceIndex piece) const {
        return entry(piece).holders;
    }
    /// Missing pieces that no connected peer holds: how many, and at most `limit` of them.
    [[nodiscard]] std::size_t unavailable_count() const { return seeds_ > 0 ? 0 : group_end(0); }
    [[nodiscard]] std::vector<PieceIndex> unavailable(std::size_t limit) const;

    /// The rarest missing piece for which usable(PieceIndex) holds. `from_seed` says whether the
    /// peer asked for holds everything: only then may a piece be held by seeds alone.
    template <class Usable>
    [[nodiscard]] std::optional<PieceIndex> rarest(bool from_seed, Usable usable) const {
        for (std::size_t i = from_seed ? 0 : group_end(0); i < order_.size(); ++i) {
            if (usable(order_[i])) return order_[i];
        }
        return std::nullopt;
    }

    /// Whether the order and all counts are what they should be; for tests.
    [[nodiscard]] bool consistent() const;

  private:
    struct Entry {
        PieceState state = PieceState::not_wanted;
        std::uint32_t holders = 0;   ///< peers that hold it, seeds not counted
        std::uint32_t position = 0;  ///< in order_, while missing
    };

    static std::uint32_t narrow(std::size_t i) { return static_cast<std::uint32_t>(i); }
    [[nodiscard]] const Entry& entry(PieceIndex piece) const { return pieces_[piece.value()]; }
    [[nodiscard]] Entry& entry(PieceIndex piece) { return pieces_[piece.value()]; }
    void remove_holder(PieceIndex piece);

    // order_ is cut into groups of equal holders; group_ends_[h] is one past the last piece with h.
    [[nodiscard]] std::size_t group_begin(std::uint32_t holders) const;
    [[nodiscard]] std::size_t group_end(std::uint32_t holders) const;
    void swap_places(std::size_t a, std::size_t b);
    void insert(PieceIndex piece);
    void erase(PieceIndex piece);
    /// Moves a missing piece to the next group up or down and to a random place in it.
    void move_up(PieceIndex piece);
    void move_down(PieceIndex piece);
    void mix(PieceIndex piece, std::size_t begin, std::size_t end);

    std::vector<Entry> pieces_;
    std::vector<PieceIndex> order_;
    std::vector<std::size_t> group_ends_;
    Bitfield have_;
    std::uint32_t seeds_ = 0;
    std::uint32_t unfinished_ = 0;
    Random& random_;
};

}  // namespace shoal::swarm

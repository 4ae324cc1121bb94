// Who may download from us: tit for tat while we download ourselves, in turn once we seed (BEP 3).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "swarm/peer_key.h"

namespace shoal::swarm {

/// What the choker knows of an interested peer.
struct ChokeCandidate {
    PeerKey peer;
    bool unchoked = false;
    double gives = 0;          ///< bytes a second that we get from it
    ByteCount served = 0;      ///< bytes sent to it since it was unchoked
    TimePoint unchoked_since;  ///< while unchoked
    TimePoint choked_since;    ///< while choked; when it came, before its first turn
};

/// Not thread-safe.
class Choker {
  public:
    explicit Choker(std::uint32_t slots) : slots_(slots) {}

    static constexpr Duration period = 10s;  ///< how often choose() is to be called

    /// The peers that should be unchoked from now on, at most as many as there are slots.
    [[nodiscard]] std::vector<PeerKey> choose(std::span<const ChokeCandidate> interested,
                                              bool seeding, TimePoint now, Random& random);
    [[nodiscard]] std::uint32_t slots() const { return slots_; }
    void set_slots(std::uint32_t slots) { slots_ = slots; }

  private:
    [[nodiscard]] std::vector<PeerKey> tit_for_tat(std::vector<ChokeCandidate> candidates,
                                                   TimePoint now, Random& random);
    [[nodiscard]] std::vector<PeerKey> in_turn(std::vector<ChokeCandidate> candidates,
                                               TimePoint now) const;

    std::uint32_t slots_;
    std::optional<PeerKey> optimistic_;  ///< unchoked whatever it gives, to learn what it would
    TimePoint optimistic_since_{};
};

}  // namespace shoal::swarm

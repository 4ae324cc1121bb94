// Who may announce what: the line between a group's tracker and the rest of the world.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "tracker/swarm_store.h"

namespace shoal::tracker {

/// Asked on every announce: answers from memory, at once and without allocating. Not thread-safe.
class Gate {
  public:
    virtual ~Gate() = default;

    /// Whose passkey it is; 0 where there is none and none is needed. refused: nobody's; the
    /// message is what the client is told.
    virtual Result<std::int64_t> member(std::string_view passkey) = 0;
    /// Whose torrent it is. refused: this member, or whoever is none, may not ask for it.
    virtual Result<Realm> torrent(std::int64_t member, const InfoHash& info_hash) = 0;
    /// A member's announce of a torrent of the group was recorded.
    virtual void announced(std::int64_t member, const PeerUpdate& update, TimePoint now) = 0;
};

}  // namespace shoal::tracker

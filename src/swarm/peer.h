// What a torrent knows of one connected peer.
#pragma once
#include <deque>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/bitfield.h"
#include "base/ids.h"
#include "base/time.h"
#include "swarm/peer_key.h"
#include "swarm/rate_meter.h"
#include "swarm/request_window.h"

namespace shoal::swarm {

/// A request that we have sent and that is not answered yet.
struct Outstanding {
    BlockRange range;
    TimePoint sent;
    /// Others may be asked for it too, because this peer has stalled; its answer is still welcome.
    bool released = false;
};

struct Peer {
    PeerKey key;
    bool fast = false;  ///< both sides speak the fast extension (BEP 6)

    Bitfield pieces;  ///< what it holds
    bool counted_as_seed = false;
    bool upload_only = false;  ///< it wants no data (BEP 21)
    std::uint32_t useful = 0;  ///< pieces it holds that we want and do not have

    // Its words to us and ours to it.
    bool chokes_us = true;
    bool interested_in_us = false;
    bool choked = true;
    bool interesting = false;

    // What we ask of it.
    std::deque<Outstanding> outstanding;
    std::uint32_t in_order = 0;  ///< blocks, since it last sent another than that asked for first
    RequestWindow window;
    bool stalled = false;
    TimePoint last_block{};
    std::unordered_set<PieceIndex> allowed_fast;  ///< may be asked for while choked
    std::deque<PieceIndex> suggested;  ///< what it would have us ask for, oldest first (BEP 6)
    /// When it last suggested something that nobody else has, or sent of such; none: never, or it
    /// has said that this was all.
    std::optional<TimePoint> guided_at;
    TimePoint guided_since{};  ///< when it began to, if guided_at is set
    /// When we last suggested something to it; none: never, or we have said that this was all.
    std::optional<TimePoint> suggested_at;

    // What it asks of us, in order.
    std::deque<BlockRange> uploads;

    RateMeter down;
    RateMeter up;
    ByteCount served_before_turn = 0;  ///< of up.total(), when it was last unchoked
    TimePoint turn_begin{};            ///< when it was last choked or unchoked

    ByteVector outbox;  ///< encoded messages that the owner has not taken yet
    bool flush_noted = false;
};

}  // namespace shoal::swarm

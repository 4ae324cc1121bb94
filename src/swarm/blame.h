// Who lied when a piece fails its hash: the senders of each block are remembered, and the good
// copy tells afterwards which blocks were false.
#pragma once
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "swarm/peer_key.h"

namespace shoal::swarm {

/// Not thread-safe.
class Blame {
  public:
    struct Block {
        Sha1Digest digest;
        PeerKey sender;
    };

    /// A piece failed. Returns who is proven to have lied: the sender, when there was only one.
    /// Otherwise the blocks are kept until a good copy comes.
    std::vector<PeerKey> failed(PieceIndex piece, std::vector<Block> blocks);
    /// Whether a good copy of this piece should be handed to proven_good().
    [[nodiscard]] bool suspects(PieceIndex piece) const { return failures_.contains(piece); }
    /// A good copy's digests, one a block. Returns the senders of blocks that were false.
    std::vector<PeerKey> proven_good(PieceIndex piece, const std::vector<Sha1Digest>& digests);

  private:
    /// Failed attempts kept a piece; a swarm of liars must not fill the memory.
    static constexpr std::size_t most_attempts = 4;

    std::unordered_map<PieceIndex, std::vector<std::vector<Block>>> failures_;
};

}  // namespace shoal::swarm

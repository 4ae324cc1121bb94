// A piece in flight: which of its blocks are asked for, arriving, or here.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "swarm/peer_key.h"

namespace shoal::swarm {

enum class BlockState : std::uint8_t {
    open,       ///< nobody is asked for it
    requested,  ///< asked for, from one peer or (endgame) several
    receiving,  ///< its bytes are being written to its place
    received,
};

/// Not thread-safe.
class BegunPiece {
  public:
    /// The last block is shorter when `size` (bytes, positive) is no multiple of block_size.
    BegunPiece(PieceIndex piece, std::uint32_t size);

    [[nodiscard]] PieceIndex piece() const { return piece_; }
    [[nodiscard]] std::uint32_t block_count() const {
        return static_cast<std::uint32_t>(blocks_.size());
    }
    [[nodiscard]] std::uint32_t open_count() const { return open_; }
    [[nodiscard]] bool complete() const { return received_ == blocks_.size(); }
    [[nodiscard]] bool idle() const { return open_ + received_ == blocks_.size(); }
    [[nodiscard]] BlockRange range(std::uint32_t block) const;
    /// The block that is exactly this range; nothing when there is none.
    [[nodiscard]] std::optional<std::uint32_t> block_of(const BlockRange& range) const;
    [[nodiscard]] BlockState state(std::uint32_t block) const { return blocks_[block].state; }
    [[nodiscard]] std::uint32_t requesters(std::uint32_t block) const {
        return blocks_[block].requesters;
    }
    /// Who has sent the block or is sending it; meaningful once receiving or received.
    [[nodiscard]] PeerKey sender(std::uint32_t block) const { return blocks_[block].sender; }

    /// The first open block; open_count() must be positive.
    [[nodiscard]] std::uint32_t first_open() const;

    void request(std::uint32_t block);
    /// One requester fewer: it left, choked us, or took too long.
    void release(std::uint32_t block);
    void start(std::uint32_t block, PeerKey sender);
    /// The sender left in the middle of the block.
    void abort(std::uint32_t block);
    void finish(std::uint32_t block);

    /// The peer in only_from does not deliver: another may become the author.
    void give_up_author();
    /// Whether a peer was given up.
    [[nodiscard]] bool was_author(PeerKey peer) const;
    /// The peer has left.
    void forget_author(PeerKey peer) { std::erase(former_authors_, peer); }

    /// While set, only this peer may be asked: how a piece that failed its hash is fetched again,
    /// so that a second failure has one author.
    std::optional<PeerKey> only_from;
    bool single_author = false;  ///< only_from is to be filled by the first peer that asks
    /// Its blocks lie on disk unverified and it holds no memory; see Torrent::Outcome::to_park.
    bool parked = false;
    bool listed_open = false;  ///< stands in the list of pieces that may have open blocks

  private:
    struct Block {
        BlockState state = BlockState::open;
        std::uint8_t requesters = 0;
        PeerKey sender;
    };
    void reopen(std::uint32_t block);

    PieceIndex piece_;
    std::uint32_t size_;
    std::vector<Block> blocks_;
    std::uint32_t open_;
    std::uint32_t received_ = 0;
    std::uint32_t first_open_hint_ = 0;  ///< no block before it is open
    std::vector<PeerKey> former_authors_;
};

}  // namespace shoal::swarm

#include "swarm/begun_piece.h"

#include <algorithm>
#include <cassert>

namespace shoal::swarm {

BegunPiece::BegunPiece(PieceIndex piece, std::uint32_t size)
    : piece_(piece),
      size_(size),
      blocks_((size + block_size - 1) / block_size),
      open_(static_cast<std::uint32_t>(blocks_.size())) {
    assert(size > 0);
}

BlockRange BegunPiece::range(std::uint32_t block) const {
    const std::uint32_t offset = block * block_size;
    return {piece_, offset, std::min(block_size, size_ - offset)};
}

std::optional<std::uint32_t> BegunPiece::block_of(const BlockRange& wanted) const {
    const std::uint32_t block = wanted.offset / block_size;
    if (block >= blocks_.size() || range(block) != wanted) return std::nullopt;
    return block;
}

std::uint32_t BegunPiece::first_open() const {
    std::uint32_t block = first_open_hint_;
    while (blocks_[block].state != BlockState::open) ++block;
    return block;
}

void BegunPiece::request(std::uint32_t block) {
    Block& b = blocks_[block];
    assert(b.state == BlockState::open || b.state == BlockState::requested);
    if (b.state == BlockState::open) {
        b.state = BlockState::requested;
        --open_;
        if (block == first_open_hint_) ++first_open_hint_;
    }
    ++b.requesters;
}

void BegunPiece::release(std::uint32_t block) {
    Block& b = blocks_[block];
    assert(b.requesters > 0);
    --b.requesters;
    if (b.requesters == 0 && b.state == BlockState::requested) reopen(block);
}

void BegunPiece::start(std::uint32_t block, PeerKey sender) {
    Block& b = blocks_[block];
    assert(b.state == BlockState::open || b.state == BlockState::requested);
    if (b.state == BlockState::open) --open_;
    b.state = BlockState::receiving;
    b.sender = sender;
}

void BegunPiece::abort(std::uint32_t block) {
    assert(blocks_[block].state == BlockState::receiving);
    if (blocks_[block].requesters > 0) {
        blocks_[block].state = BlockState::requested;
    } else {
        reopen(block);
    }
}

void BegunPiece::finish(std::uint32_t block) {
    assert(blocks_[block].state == BlockState::receiving);
    blocks_[block].state = BlockState::received;
    ++received_;
}

void BegunPiece::give_up_author() {
    if (!was_author(*only_from)) former_authors_.push_back(*only_from);
    only_from.reset();
}

bool BegunPiece::was_author(PeerKey peer) const {
    return std::ranges::find(former_authors_, peer) != former_authors_.end();
}

void BegunPiece::reopen(std::uint32_t block) {
    blocks_[block].state = BlockState::open;
    ++open_;
    first_open_hint_ = std::min(first_open_hint_, block);
}

}  // namespace shoal::swarm

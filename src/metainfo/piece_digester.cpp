#include "metainfo/piece_digester.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "hashing/many.h"

namespace shoal::metainfo {
namespace {

/// Blocks of a piece that are hashed together.
constexpr std::size_t blocks_at_once = hashing::enough_messages;

}  // namespace

PieceDigester::PieceDigester(const Layout& layout, Format format, PieceIndex piece)
    : layout_(layout), piece_(piece) {
    if (format != Format::v2) v1_.emplace();
    if (format != Format::v1) block_.emplace();
}

void PieceDigester::update(Bytes bytes) {
    received_ += static_cast<std::uint32_t>(bytes.size());
    assert(received_ <= layout_.piece_data_size(piece_));
    if (!block_) {
        v1_->update(bytes);
        return;
    }
    // Both digests take the bytes while they are warm in the cache.
    while (!bytes.empty()) {
        const Bytes part =
            bytes.first(std::min<std::size_t>(bytes.size(), blocks_at_once * block_size));
        if (v1_) v1_->update(part);
        update_blocks(part);
        bytes = bytes.subspan(part.size());
    }
}

void PieceDigester::update_blocks(Bytes bytes) {
    while (!bytes.empty()) {
        if (block_filled_ == 0 && bytes.size() >= block_size) {
            const Bytes whole = bytes.first(bytes.size() - bytes.size() % block_size);
            add_whole_blocks(whole);
            bytes = bytes.subspan(whole.size());
            continue;
        }
        const Bytes part =
            bytes.first(std::min<std::size_t>(bytes.size(), block_size - block_filled_));
        block_->update(part);
        block_filled_ += static_cast<std::uint32_t>(part.size());
        if (block_filled_ == block_size) finish_block();
        bytes = bytes.subspan(part.size());
    }
}

/// At most blocks_at_once of them.
void PieceDigester::add_whole_blocks(Bytes bytes) {
    const std::size_t count = bytes.size() / block_size;
    std::array<Bytes, blocks_at_once> blocks;
    for (std::size_t i = 0; i < count; ++i) blocks[i] = bytes.subspan(i * block_size, block_size);
    std::array<Sha256Digest, blocks_at_once> digests;
    hashing::digest_many<Sha256Digest>(std::span(blocks).first(count),
                                       std::span(digests).first(count));
    blocks_.add(std::span(digests).first(count));
}

void PieceDigester::finish_block() {
    const Sha256Digest digest = block_->finish();
    blocks_.add(std::span(&digest, 1));
    block_filled_ = 0;
}

bool PieceDigester::complete() const {
    return received_ == layout_.piece_data_size(piece_);
}

PieceDigests PieceDigester::finish() {
    assert(complete());
    PieceDigests digests;
    if (v1_) {
        static constexpr std::array<std::byte, block_size> zeros{};
        for (std::size_t left = layout_.piece_size(piece_) - received_; left > 0;) {
            const std::size_t part = std::min(left, zeros.size());
            v1_->update(Bytes(zeros).first(part));
            left -= part;
        }
        digests.v1 = v1_->finish();
    }
    if (block_) {
        if (block_filled_ > 0) finish_block();
        digests.v2 = blocks_.finish(layout_.merkle_leaves(piece_));
    }
    return digests;
}

}  // namespace shoal::metainfo

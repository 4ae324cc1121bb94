#include "metainfo/piece_digester.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace shoal::metainfo {

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
    // Both digests take a block while it is warm in the cache.
    while (!bytes.empty()) {
        const Bytes part = bytes.first(std::min<std::size_t>(bytes.size(), block_size));
        if (v1_) v1_->update(part);
        update_blocks(part);
        bytes = bytes.subspan(part.size());
    }
}

void PieceDigester::update_blocks(Bytes bytes) {
    while (!bytes.empty()) {
        const Bytes part =
            bytes.first(std::min<std::size_t>(bytes.size(), block_size - block_filled_));
        block_->update(part);
        block_filled_ += static_cast<std::uint32_t>(part.size());
        if (block_filled_ == block_size) finish_block();
        bytes = bytes.subspan(part.size());
    }
}

void PieceDigester::finish_block() {
    blocks_.add(block_->finish());
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

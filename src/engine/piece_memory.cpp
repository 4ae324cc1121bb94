#include "engine/piece_memory.h"

#include <algorithm>

namespace shoal::engine {

PieceMemory::Piece& PieceMemory::piece_of(PieceIndex index) {
    Piece& piece = pieces_[index];
    if (piece.buffers.empty()) {
        const std::uint32_t size = layout_.piece_data_size(index);
        piece.buffers.resize((size + segment_size - 1) / segment_size);
        piece.received.resize(layout_.block_count(index));
    }
    return piece;
}

MutableBytes PieceMemory::place(const BlockRange& block) {
    Piece& piece = piece_of(block.piece);
    const std::uint32_t segment = block.offset / segment_size;
    auto& buffer = piece.buffers[segment];
    if (buffer == nullptr) {
        const std::uint32_t begin = segment * segment_size;
        disk::Buffer fresh =
            pool_->acquire(std::min(segment_size, layout_.piece_data_size(block.piece) - begin));
        if (!fresh) return {};
        buffer = std::make_shared<disk::Buffer>(std::move(fresh));
    }
    return buffer->bytes().subspan(block.offset % segment_size, block.length);
}

void PieceMemory::received(const BlockRange& block) {
    piece_of(block.piece).received[block.offset / block_size] = true;
}

template <class Make>
void PieceMemory::runs(PieceIndex index, const std::vector<bool>& flags, Make make) const {
    constexpr std::uint32_t blocks_a_segment = segment_size / block_size;
    const std::uint32_t size = layout_.piece_data_size(index);
    const auto count = static_cast<std::uint32_t>(flags.size());
    for (std::uint32_t begin = 0; begin < count;) {
        std::uint32_t end = begin + 1;
        while (end < count && flags[end] == flags[begin] && end % blocks_a_segment != 0) ++end;
        const std::uint32_t offset = begin * block_size;
        make(flags[begin], offset, std::min(end * block_size, size) - offset);
        begin = end;
    }
}

disk::PieceJob PieceMemory::take(PieceIndex index) {
    const Piece piece = std::move(piece_of(index));
    pieces_.erase(index);
    disk::PieceJob job{.piece = index};
    runs(index, piece.received, [&](bool here, std::uint32_t offset, std::uint32_t length) {
        job.segments.push_back({.offset = offset,
                                .length = length,
                                .buffer = here ? piece.buffers[offset / segment_size] : nullptr,
                                .buffer_offset = offset % segment_size});
    });
    return job;
}

std::vector<disk::Segment> PieceMemory::park(PieceIndex index) {
    Piece& piece = piece_of(index);
    std::vector<disk::Segment> segments;
    runs(index, piece.received, [&](bool here, std::uint32_t offset, std::uint32_t length) {
        if (!here) return;
        segments.push_back({.offset = offset,
                            .length = length,
                            .buffer = piece.buffers[offset / segment_size],
                            .buffer_offset = offset % segment_size});
    });
    for (auto& buffer : piece.buffers) buffer.reset();
    std::fill(piece.received.begin(), piece.received.end(), false);
    return segments;
}

}  // namespace shoal::engine

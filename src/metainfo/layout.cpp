#include "metainfo/layout.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace shoal::metainfo {

Layout::Layout(std::vector<File> files, std::uint32_t piece_length)
    : files_(std::move(files)), piece_length_(piece_length) {
    assert(piece_length > 0);
    for (File& file : files_) {
        assert(file.length >= 0);
        file.offset = total_size_;
        total_size_ += file.length;
        if (!file.padding) content_size_ += file.length;
    }
    piece_count_ = static_cast<std::uint32_t>((total_size_ + piece_length - 1) / piece_length);
    find_short_pieces();
}

void Layout::find_short_pieces() {
    ByteCount data_end = 0;  // one past the last byte that is no padding, so far
    const auto note_padding = [&](ByteCount padding_end) {
        // Pieces that end within [data_end, padding_end], as far as they are not whole data.
        const bool at_end = padding_end == total_size_;
        const auto first = static_cast<std::uint32_t>(data_end / piece_length_);
        const auto last =
            at_end ? piece_count_ : static_cast<std::uint32_t>(padding_end / piece_length_);
        for (std::uint32_t piece = first; piece < last; ++piece) {
            const ByteCount begin = piece_offset(PieceIndex(piece));
            short_pieces_.push_back(
                {piece, static_cast<std::uint32_t>(std::max<ByteCount>(0, data_end - begin))});
        }
    };
    for (const File& file : files_) {
        if (file.padding || file.length == 0) continue;
        if (file.offset > data_end) note_padding(file.offset);
        data_end = file.offset + file.length;
    }
    if (data_end < total_size_) note_padding(total_size_);
}

std::uint32_t Layout::piece_size(PieceIndex piece) const {
    assert(piece.value() < piece_count_);
    return static_cast<std::uint32_t>(
        std::min<ByteCount>(piece_length_, total_size_ - piece_offset(piece)));
}

std::uint32_t Layout::piece_data_size(PieceIndex piece) const {
    const auto at = std::ranges::lower_bound(short_pieces_, piece.value(), {}, &ShortPiece::piece);
    if (at != short_pieces_.end() && at->piece == piece.value()) return at->data_size;
    return piece_size(piece);
}

std::uint32_t Layout::block_count(PieceIndex piece) const {
    return (piece_data_size(piece) + block_size - 1) / block_size;
}

std::size_t Layout::file_at(ByteCount offset) const {
    // Of several files that begin here all but the last are empty.
    const auto after = std::ranges::upper_bound(files_, offset, {}, &File::offset);
    return static_cast<std::size_t>(after - files_.begin()) - 1;
}

const File& Layout::first_file(PieceIndex piece) const {
    return files_[file_at(piece_offset(piece))];
}

std::uint32_t Layout::merkle_leaves(PieceIndex piece) const {
    const ByteCount length = std::min<ByteCount>(first_file(piece).length, piece_length_);
    return std::bit_ceil(static_cast<std::uint32_t>((length + block_size - 1) / block_size));
}

std::vector<FileSlice> Layout::slices(ByteCount offset, ByteCount length) const {
    assert(offset >= 0 && length >= 0 && offset + length <= total_size_);
    std::vector<FileSlice> found;
    if (length == 0) return found;
    for (std::size_t i = file_at(offset); length > 0; ++i) {
        const File& file = files_[i];
        const ByteCount inside = offset - file.offset;
        const ByteCount part = std::min(length, file.length - inside);
        if (part == 0) continue;
        found.push_back({FileIndex(static_cast<std::uint32_t>(i)), inside, part});
        offset += part;
        length -= part;
    }
    return found;
}

std::pair<PieceIndex, PieceIndex> Layout::pieces_of(FileIndex index) const {
    const File& wanted = file(index);
    const auto piece_at = [&](ByteCount offset) {
        return static_cast<std::uint32_t>(offset / piece_length_);
    };
    const std::uint32_t first = piece_at(wanted.offset);
    if (wanted.length == 0) return {PieceIndex(first), PieceIndex(first)};
    return {PieceIndex(first), PieceIndex(piece_at(wanted.offset + wanted.length - 1) + 1)};
}

}  // namespace shoal::metainfo

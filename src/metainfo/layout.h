// Where the bytes of a torrent lie: the one long row of bytes that pieces are cut from, and the
// files it is made of.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/ids.h"

namespace shoal::metainfo {

struct File {
    /// Path below the torrent's folder, one component each, safe to use (see path.h). Empty for
    /// padding. A single-file torrent has one file with the torrent's name.
    std::vector<std::string> path{};
    ByteCount length = 0;
    ByteCount offset = 0;  ///< of its first byte in the torrent
    /// Stands on no disk: zeros that make files meet pieces (BEP 47), or, with length 0, a symlink
    /// of the torrent, which keeps its place in the numbering of files and is never made.
    bool padding = false;
    bool executable = false;     ///< BEP 47 attribute x
    Sha256Digest pieces_root{};  ///< BEP 52; zero for v1 torrents, padding and empty files
};

/// A run of bytes inside one file.
struct FileSlice {
    FileIndex file;
    ByteCount offset = 0;  ///< bytes from the start of the file
    ByteCount length = 0;
};

/// Immutable after construction; may be read from many threads.
class Layout {
  public:
    Layout() = default;
    /// The files in torrent order. Their offsets are computed here; lengths must not be negative,
    /// their sum must fit, piece_length must be positive.
    Layout(std::vector<File> files, std::uint32_t piece_length);

    [[nodiscard]] const std::vector<File>& files() const { return files_; }
    [[nodiscard]] const File& file(FileIndex index) const { return files_[index.value()]; }
    [[nodiscard]] std::uint32_t piece_length() const { return piece_length_; }
    [[nodiscard]] std::uint32_t piece_count() const { return piece_count_; }
    /// Bytes of the whole row, padding included.
    [[nodiscard]] ByteCount total_size() const { return total_size_; }
    /// Bytes of the files alone.
    [[nodiscard]] ByteCount content_size() const { return content_size_; }

    /// Bytes of a piece: piece_length, less for the last one.
    [[nodiscard]] std::uint32_t piece_size(PieceIndex piece) const;
    /// Bytes of a piece up to the padding at its end: what has to come from peers. The rest are
    /// zeros. At least 1, except for a piece that is padding alone.
    [[nodiscard]] std::uint32_t piece_data_size(PieceIndex piece) const;
    /// Blocks to ask peers for: piece_data_size in steps of block_size.
    [[nodiscard]] std::uint32_t block_count(PieceIndex piece) const;
    [[nodiscard]] ByteCount piece_offset(PieceIndex piece) const {
        return static_cast<ByteCount>(piece.value()) * piece_length_;
    }

    /// The file that holds the first byte of a piece: in v2 and hybrid torrents the one file that
    /// the piece belongs to (BEP 52), as every file begins with a piece of its own there.
    [[nodiscard]] const File& first_file(PieceIndex piece) const;
    /// Leaves of the Merkle tree behind the v2 hash of a piece: the blocks of a whole piece, or for
    /// a file no larger than a piece the next power of two of its blocks. v2 and hybrid only.
    [[nodiscard]] std::uint32_t merkle_leaves(PieceIndex piece) const;

    /// The files that a run of the row covers, in order; padding files are among them. The run
    /// must lie inside the row.
    [[nodiscard]] std::vector<FileSlice> slices(ByteCount offset, ByteCount length) const;
    /// The same for a run inside a piece.
    [[nodiscard]] std::vector<FileSlice> slices(const BlockRange& range) const {
        return slices(piece_offset(range.piece) + range.offset, range.length);
    }
    /// First and one past the last piece that holds bytes of the file; equal for an empty file.
    [[nodiscard]] std::pair<PieceIndex, PieceIndex> pieces_of(FileIndex file) const;

  private:
    /// A piece that ends in padding.
    struct ShortPiece {
        std::uint32_t piece;
        std::uint32_t data_size;
    };

    [[nodiscard]] std::size_t file_at(ByteCount offset) const;
    void find_short_pieces();

    std::vector<File> files_;
    std::vector<ShortPiece> short_pieces_;  ///< ascending
    std::uint32_t piece_length_ = 0;
    std::uint32_t piece_count_ = 0;
    ByteCount total_size_ = 0;
    ByteCount content_size_ = 0;
};

}  // namespace shoal::metainfo

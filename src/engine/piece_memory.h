// Where received blocks lie until their piece is whole.
#pragma once
#include <map>
#include <memory>
#include <vector>

#include "disk/disk_service.h"
#include "metainfo/layout.h"

namespace shoal::engine {

/// The buffers of the pieces in flight of one torrent. Blocks are received straight into them and
/// the disk hashes and writes straight out of them. Not thread-safe.
class PieceMemory {
  public:
    /// The layout must outlive this.
    PieceMemory(const metainfo::Layout& layout, std::shared_ptr<disk::BufferPool> pool)
        : layout_(layout), pool_(std::move(pool)) {}

    /// The place of one block. Empty when the pool is used up.
    [[nodiscard]] MutableBytes place(const BlockRange& block);
    /// The block's bytes are all there.
    void received(const BlockRange& block);

    /// What a whole piece consists of; the memory belongs to the job from here on.
    [[nodiscard]] disk::PieceJob take(PieceIndex piece);
    /// What is there of a piece that has to wait: to be spilled to disk, where take() will then
    /// say that it lies.
    [[nodiscard]] std::vector<disk::Segment> park(PieceIndex piece);

  private:
    static constexpr std::uint32_t segment_size = disk::BufferPool::largest;

    struct Piece {
        std::vector<std::shared_ptr<disk::Buffer>> buffers;  ///< one a segment, made when needed
        /// By block: in the buffers. What is not, of a whole piece, was spilled.
        std::vector<bool> received;
    };

    Piece& piece_of(PieceIndex piece);
    /// The blocks for which a flag is set, joined into runs that do not cross a segment.
    template <class Make>
    void runs(PieceIndex piece, const std::vector<bool>& flags, Make make) const;

    const metainfo::Layout& layout_;
    std::shared_ptr<disk::BufferPool> pool_;
    std::map<PieceIndex, Piece> pieces_;
};

}  // namespace shoal::engine

// Reads and hashes several pieces together, a portion of each at a time.
#pragma once
#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/error.h"
#include "disk/mapping.h"
#include "metainfo/piece_lanes.h"

namespace shoal::disk {

/// A piece to be hashed: where its bytes come from, and who wants to know.
class PieceTask {
  public:
    PieceTask(const metainfo::Layout& layout, metainfo::Format format, PieceIndex piece)
        : layout_(layout), format_(format), piece_(piece) {}
    virtual ~PieceTask() = default;
    PieceTask(const PieceTask&) = delete;
    PieceTask& operator=(const PieceTask&) = delete;

    [[nodiscard]] const metainfo::Layout& layout() const { return layout_; }
    [[nodiscard]] metainfo::Format format() const { return format_; }
    [[nodiscard]] PieceIndex piece() const { return piece_; }

    /// Has bytes of the piece read ahead; they will be asked for soon. Does not wait.
    virtual void read_ahead(const BlockRange& range) = 0;
    /// Bytes of the piece where they lie in memory, which read() need not be called for then; empty
    /// when they are not all there, or not in one place.
    virtual Mapping map(const BlockRange& /*range*/) { return {}; }
    /// The bytes from `offset` in the piece on: in `scratch`, all of it, or in memory of the task's
    /// own, where they stay until its next call; then there may be fewer, a multiple of block_size
    /// unless they are the piece's last. An error ends the task.
    virtual Result<Bytes> read(std::uint32_t offset, MutableBytes scratch) = 0;
    /// The last call.
    virtual void end(const Result<metainfo::PieceDigests>& result) = 0;

  private:
    const metainfo::Layout& layout_;
    const metainfo::Format format_;
    const PieceIndex piece_;
};

/// Not thread-safe; each thread has one of its own. Holds 1 MiB, however long the pieces, and what
/// is mapped.
class PieceBatch {
  public:
    [[nodiscard]] bool empty() const { return busy_ == 0; }
    [[nodiscard]] bool full() const { return busy_ == places_.size(); }
    /// The batch must not be full.
    void add(std::unique_ptr<PieceTask> task);
    /// Takes each task a portion further, and ends those that are through. Returns the bytes read.
    ByteCount step();
    /// Ends all tasks with an error.
    void abandon(const Error& error);

  private:
    /// Few enough for all of them to stay in the processor's cache from reading to hashing, and
    /// enough for the reads to cost little.
    static constexpr std::size_t portion = 64 << 10;
    /// So much of a piece is asked of the disk at once: enough that it is not slowed down by going
    /// from piece to piece.
    static constexpr std::uint32_t window = 4 << 20;
    /// Less is sooner copied than mapped.
    static constexpr std::uint32_t least_mapped = 512 << 10;

    struct Place {
        std::unique_ptr<PieceTask> task;  ///< none: free
        Mapping window{};                 ///< of the piece, where its bytes are now; may be empty
        bool copied = false;              ///< not to be mapped
    };

    /// Where a window begins.
    void prepare(std::size_t lane);
    Bytes read(std::size_t lane);
    void start(std::size_t lane, bool copied);
    void end(std::size_t lane, const Result<metainfo::PieceDigests>& result);
    [[nodiscard]] std::uint32_t position(std::size_t lane) const;

    /// Of all lanes; the system gives it when it is written to.
    std::unique_ptr<std::byte[]> memory_ =
        std::make_unique_for_overwrite<std::byte[]>(metainfo::PieceLanes::count * portion);
    std::array<Place, metainfo::PieceLanes::count> places_;  ///< by lane
    std::size_t busy_ = 0;
    metainfo::PieceLanes lanes_;
};

}  // namespace shoal::disk

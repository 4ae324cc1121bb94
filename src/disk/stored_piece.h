// A piece that has come from peers: how it is hashed and, if it is good, written.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/digest.h"
#include "disk/buffer_pool.h"
#include "disk/piece_batch.h"
#include "disk/storage.h"
#include "metainfo/verdict.h"

namespace shoal::disk {

/// Received bytes of one piece, or the note that they are on disk already.
struct Segment {
    std::uint32_t offset = 0;              ///< in the piece
    std::uint32_t length = 0;              ///< bytes
    std::shared_ptr<const Buffer> buffer;  ///< none: spilled to disk before
    std::uint32_t buffer_offset = 0;       ///< where the bytes begin in the buffer

    /// Requires a buffer.
    [[nodiscard]] Bytes data() const { return buffer->bytes().subspan(buffer_offset, length); }
};

/// A piece that is whole: its segments follow each other without a gap, begin at multiples of
/// block_size, and reach from 0 to piece_data_size. Nobody may change the buffers any more.
struct PieceJob {
    PieceIndex piece;
    std::vector<Segment> segments;
    bool want_digests = false;  ///< block hashes also of a good piece
};

struct PieceOutcome {
    metainfo::Verdict verdict = metainfo::Verdict::good;
    /// Unless good, or where wanted: SHA-1 of each block of the piece, by which the liar among
    /// several contributors is found once the piece was received well.
    std::vector<Sha1Digest> block_hashes;
};

/// Writes those segments that are in memory, those that follow each other together.
Result<void> write_segments(Storage& storage, PieceIndex piece,
                            const std::vector<Segment>& segments);

/// The piece is written at the end of the task, on the thread that hashes it; the buffers are
/// given back before the handler runs there.
class StoredPiece final : public PieceTask {
  public:
    using Handler = std::move_only_function<void(Result<PieceOutcome>)>;

    StoredPiece(std::shared_ptr<Storage> storage, PieceJob job, Handler handler);

    void read_ahead(const BlockRange& range) override;
    Result<Bytes> read(std::uint32_t offset, MutableBytes scratch) override;
    void end(const Result<metainfo::PieceDigests>& result) override;

  private:
    Result<PieceOutcome> finish(const metainfo::PieceDigests& digests);

    std::shared_ptr<Storage> storage_;
    PieceJob job_;
    Handler handler_;
    std::size_t segment_ = 0;  ///< the one that the next bytes lie in
};

}  // namespace shoal::disk

// Whole pieces that wait to be hashed and written.
#pragma once
#include <deque>
#include <memory>

#include "base/time.h"
#include "disk/piece_batch.h"

namespace shoal::disk {

/// Pieces are hashed several times quicker together than one after the other. So on a fast line,
/// where hashing is what costs most, they wait a moment for each other; on a slow one each is due
/// as soon as it comes. Not thread-safe.
class StoreQueue {
  public:
    void add(std::unique_ptr<PieceTask> piece, TimePoint now);
    [[nodiscard]] bool empty() const { return waiting_.empty(); }
    /// When the waiting pieces are to be taken, if no more come before; there must be some.
    [[nodiscard]] TimePoint due() const;
    /// Moves the pieces that have waited longest, as many as are worth being hashed together. The
    /// batch must be empty.
    void take(PieceBatch& batch);

  private:
    [[nodiscard]] bool enough() const;

    struct Waiting {
        std::unique_ptr<PieceTask> piece;
        ByteCount size;
        TimePoint since;
    };
    std::deque<Waiting> waiting_;
    ByteCount bytes_ = 0;
    TimePoint last_arrival_{};
    TimePoint due_{};  ///< unless there is enough already
};

}  // namespace shoal::disk

#include "disk/store_queue.h"

#include <algorithm>

namespace shoal::disk {
namespace {

/// A line that brings less than this many bytes a second leaves the processor time to hash each
/// piece alone.
constexpr double fast_line = 500e6;
/// Threads wake some time after they should, and small pieces come in bursts.
constexpr Duration least_gap = 200us;
constexpr Duration most_gap = 5ms;
/// No piece waits longer.
constexpr Duration patience = 15ms;
/// Bytes that wait or are hashed together: a part of the memory that pieces may take.
constexpr ByteCount most_bytes = 16 << 20;

Duration gap_after(ByteCount size) {
    const auto gap = std::chrono::duration<double>(static_cast<double>(size) / fast_line);
    return std::clamp(std::chrono::duration_cast<Duration>(gap), least_gap, most_gap);
}

}  // namespace

void StoreQueue::add(std::unique_ptr<PieceTask> piece, TimePoint now) {
    const ByteCount size = piece->layout().piece_data_size(piece->piece());
    const Duration gap = gap_after(size);
    const bool follows_closely = now - last_arrival_ < gap;
    last_arrival_ = now;
    waiting_.push_back({std::move(piece), size, now});
    bytes_ += size;
    due_ = follows_closely ? std::min(waiting_.front().since + patience, now + gap) : now;
}

bool StoreQueue::enough() const {
    return waiting_.size() >= metainfo::PieceLanes::count || bytes_ >= most_bytes;
}

TimePoint StoreQueue::due() const {
    return enough() ? waiting_.front().since : due_;
}

void StoreQueue::take(PieceBatch& batch) {
    ByteCount taken = 0;
    while (!waiting_.empty() && !batch.full()) {
        const ByteCount size = waiting_.front().size;
        if (taken > 0 && taken + size > most_bytes) break;
        batch.add(std::move(waiting_.front().piece));
        waiting_.pop_front();
        taken += size;
        bytes_ -= size;
    }
}

}  // namespace shoal::disk

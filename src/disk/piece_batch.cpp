#include "disk/piece_batch.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace shoal::disk {

using metainfo::PieceDigests;
using metainfo::PieceLanes;

void PieceBatch::add(std::unique_ptr<PieceTask> task) {
    assert(!full());
    const auto free = std::ranges::find_if(places_, [](const Place& place) { return !place.task; });
    const auto lane = static_cast<std::size_t>(free - places_.begin());
    free->task = std::move(task);
    ++busy_;
    start(lane, false);
}

void PieceBatch::start(std::size_t lane, bool copied) {
    const PieceTask& task = *places_[lane].task;
    lanes_.begin(lane, task.layout(), task.format(), task.piece());
    places_[lane].window = {};
    places_[lane].copied = copied;
}

ByteCount PieceBatch::step() {
    for (std::size_t lane = 0; lane < places_.size(); ++lane) {
        if (places_[lane].task) prepare(lane);
    }
    std::array<Bytes, PieceLanes::count> parts;
    ByteCount bytes = 0;
    for (std::size_t lane = 0; lane < places_.size(); ++lane) {
        if (places_[lane].task) parts[lane] = read(lane);
        bytes += std::ssize(parts[lane]);
    }
    lanes_.update(parts);
    for (std::size_t lane = 0; lane < places_.size(); ++lane) {
        // Read by a call, it will tell what is wrong, or be good.
        if (places_[lane].window.is_damaged()) start(lane, true);
        if (places_[lane].task && lanes_.left(lane) == 0) end(lane, lanes_.finish(lane));
    }
    return bytes;
}

void PieceBatch::abandon(const Error& error) {
    for (std::size_t lane = 0; lane < places_.size(); ++lane) {
        if (places_[lane].task) end(lane, std::unexpected(error));
    }
}

std::uint32_t PieceBatch::position(std::size_t lane) const {
    const PieceTask& task = *places_[lane].task;
    return task.layout().piece_data_size(task.piece()) - lanes_.data_left(lane);
}

void PieceBatch::prepare(std::size_t lane) {
    const std::uint32_t at = position(lane);
    const std::uint32_t left = lanes_.data_left(lane);
    if (left == 0 || at % window != 0) return;
    const BlockRange range{places_[lane].task->piece(), at, std::min(left, window)};
    Place& place = places_[lane];
    const bool mapped = range.length >= least_mapped && !place.copied;
    place.window = mapped ? place.task->map(range) : Mapping();
    if (place.window.empty()) place.task->read_ahead(range);
}

/// Nothing where the data is through, or where it failed and so did the task.
Bytes PieceBatch::read(std::size_t lane) {
    const auto size = std::min<std::size_t>(lanes_.data_left(lane), portion);
    if (size == 0) return {};
    if (const Bytes mapped = places_[lane].window.bytes(); !mapped.empty()) {
        return mapped.subspan(position(lane) % window, size);
    }
    const MutableBytes scratch(memory_.get() + lane * portion, size);
    const auto bytes = places_[lane].task->read(position(lane), scratch);
    if (!bytes) {
        end(lane, std::unexpected(bytes.error()));
        return {};
    }
    return *bytes;
}

void PieceBatch::end(std::size_t lane, const Result<PieceDigests>& result) {
    const auto task = std::exchange(places_[lane], {}).task;
    --busy_;
    task->end(result);
}

}  // namespace shoal::disk

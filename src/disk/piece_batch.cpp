#include "disk/piece_batch.h"

#include <algorithm>
#include <cassert>

namespace shoal::disk {

using metainfo::PieceDigests;
using metainfo::PieceLanes;

void PieceBatch::add(std::unique_ptr<PieceTask> task) {
    assert(!full());
    const auto free = std::ranges::find_if(tasks_, [](const auto& held) { return !held; });
    const auto lane = static_cast<std::size_t>(free - tasks_.begin());
    *free = std::move(task);
    ++busy_;
    start(lane, false);
}

void PieceBatch::start(std::size_t lane, bool copied) {
    const PieceTask& task = *tasks_[lane];
    lanes_.begin(lane, task.layout(), task.format(), task.piece());
    windows_[lane] = {};
    copied_[lane] = copied;
}

ByteCount PieceBatch::step() {
    for (std::size_t lane = 0; lane < tasks_.size(); ++lane) {
        if (tasks_[lane]) prepare(lane);
    }
    std::array<Bytes, PieceLanes::count> parts;
    ByteCount bytes = 0;
    for (std::size_t lane = 0; lane < tasks_.size(); ++lane) {
        if (tasks_[lane]) parts[lane] = read(lane);
        bytes += std::ssize(parts[lane]);
    }
    lanes_.update(parts);
    for (std::size_t lane = 0; lane < tasks_.size(); ++lane) {
        // Read by a call, it will tell what is wrong, or be good.
        if (windows_[lane].is_damaged()) start(lane, true);
        if (tasks_[lane] && lanes_.left(lane) == 0) end(lane, lanes_.finish(lane));
    }
    return bytes;
}

void PieceBatch::abandon(const Error& error) {
    for (std::size_t lane = 0; lane < tasks_.size(); ++lane) {
        if (tasks_[lane]) end(lane, std::unexpected(error));
    }
}

std::uint32_t PieceBatch::position(std::size_t lane) const {
    const PieceTask& task = *tasks_[lane];
    return task.layout().piece_data_size(task.piece()) - lanes_.data_left(lane);
}

void PieceBatch::prepare(std::size_t lane) {
    const std::uint32_t at = position(lane);
    const std::uint32_t left = lanes_.data_left(lane);
    if (left == 0 || at % window != 0) return;
    const BlockRange range{tasks_[lane]->piece(), at, std::min(left, window)};
    const bool mapped = range.length >= least_mapped && !copied_[lane];
    windows_[lane] = mapped ? tasks_[lane]->map(range) : Mapping();
    if (windows_[lane].empty()) tasks_[lane]->read_ahead(range);
}

/// Nothing where the data is through, or where it failed and so did the task.
Bytes PieceBatch::read(std::size_t lane) {
    const auto size = std::min<std::size_t>(lanes_.data_left(lane), portion);
    if (size == 0) return {};
    if (const Bytes mapped = windows_[lane].bytes(); !mapped.empty()) {
        return mapped.subspan(position(lane) % window, size);
    }
    const MutableBytes scratch(memory_.get() + lane * portion, size);
    const auto bytes = tasks_[lane]->read(position(lane), scratch);
    if (!bytes) {
        end(lane, std::unexpected(bytes.error()));
        return {};
    }
    return *bytes;
}

void PieceBatch::end(std::size_t lane, const Result<PieceDigests>& result) {
    const auto task = std::move(tasks_[lane]);
    windows_[lane] = {};
    --busy_;
    task->end(result);
}

}  // namespace shoal::disk

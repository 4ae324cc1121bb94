#include "engine/send_queue.h"

#include <algorithm>
#include <cassert>

#include "wire/encoder.h"

namespace shoal::engine {

using wire::piece_header_size;

void SendQueue::add(Bytes messages) {
    messages_.insert(messages_.end(), messages.begin(), messages.end());
    size_ += messages.size();
}

void SendQueue::add_blocks(std::span<const BlockRange> blocks, std::vector<disk::Extent> runs) {
    for (const BlockRange& range : blocks) {
        blocks_.push_back({wire::encode_piece_header(range), range.length});
        size_ += piece_header_size + range.length;
    }
    std::ranges::move(runs, std::back_inserter(runs_));
}

void SendQueue::clear() {
    messages_.clear();
    messages_sent_ = 0;
    blocks_.clear();
    runs_.clear();
    size_ = 0;
}

Result<std::size_t> SendQueue::fill(MutableBytes to) {
    MutableBytes rest = to;
    places_.clear();
    auto block = blocks_.begin();
    if (inside_a_block()) rest = rest.subspan(place_block(*block++, rest));
    const Bytes messages = Bytes(messages_).subspan(messages_sent_);
    const Bytes now = messages.first(std::min(messages.size(), rest.size()));
    std::ranges::copy(now, rest.begin());
    rest = rest.subspan(now.size());
    for (; block != blocks_.end() && !rest.empty(); ++block) {
        rest = rest.subspan(place_block(*block, rest));
    }
    if (auto done = read_data(); !done) return std::unexpected(done.error());
    return to.size() - rest.size();
}

std::size_t SendQueue::place_block(const Block& block, MutableBytes to) {
    std::size_t placed = 0;
    if (block.sent < piece_header_size) {
        const Bytes header = Bytes(block.header).subspan(block.sent);
        placed = std::min(header.size(), to.size());
        std::ranges::copy(header.first(placed), to.begin());
    }
    const std::size_t left = piece_header_size + block.length - block.sent - placed;
    const MutableBytes data = to.subspan(placed, std::min(left, to.size() - placed));
    if (!data.empty()) places_.push_back(data);
    return placed + data.size();
}

Result<void> SendQueue::read_data() {
    auto place = places_.begin();
    MutableBytes rest = place == places_.end() ? MutableBytes() : *place;
    for (auto run = runs_.begin(); place != places_.end(); ++run) {
        assert(run != runs_.end());
        parts_.clear();
        std::size_t wanted = 0;
        const auto length = static_cast<std::size_t>(run->length);
        while (place != places_.end() && wanted < length) {
            parts_.push_back(rest.first(std::min(rest.size(), length - wanted)));
            wanted += parts_.back().size();
            rest = rest.subspan(parts_.back().size());
            if (rest.empty() && ++place != places_.end()) rest = *place;
        }
        if (run->file == nullptr) {
            for (const MutableBytes part : parts_) std::ranges::fill(part, std::byte{0});
            continue;
        }
        const auto got = run->file->read(run->offset, parts_);
        if (!got) return std::unexpected(got.error());
        if (*got < wanted) return fail(ErrorCode::bad_data, "a shared file has become shorter");
    }
    return {};
}

std::size_t SendQueue::pop(std::size_t bytes) {
    assert(bytes <= size_);
    size_ -= bytes;
    std::size_t data = 0;
    const auto pop_front = [&] {
        const auto& block = blocks_.front();
        const std::size_t part =
            std::min<std::size_t>(bytes, piece_header_size + block.length - block.sent);
        data += pop_block(part);
        bytes -= part;
    };
    if (bytes > 0 && inside_a_block()) pop_front();
    const std::size_t of_messages = std::min(bytes, messages_.size() - messages_sent_);
    messages_sent_ += of_messages;
    bytes -= of_messages;
    if (messages_sent_ == messages_.size()) {
        messages_.clear();
        messages_sent_ = 0;
    }
    while (bytes > 0) pop_front();
    return data;
}

/// Of the first block; the number of bytes of data among them.
std::size_t SendQueue::pop_block(std::size_t bytes) {
    Block& block = blocks_.front();
    const bool in_header = block.sent < piece_header_size;
    const std::size_t header =
        in_header ? std::min<std::size_t>(bytes, piece_header_size - block.sent) : 0;
    pop_data(bytes - header);
    block.sent += static_cast<std::uint32_t>(bytes);
    if (block.sent == piece_header_size + block.length) blocks_.pop_front();
    return bytes - header;
}

void SendQueue::pop_data(std::size_t bytes) {
    while (bytes > 0) {
        disk::Extent& run = runs_.front();
        const ByteCount part = std::min<ByteCount>(run.length, static_cast<ByteCount>(bytes));
        run.offset += part;
        run.length -= part;
        bytes -= static_cast<std::size_t>(part);
        if (run.length == 0) runs_.pop_front();
    }
}

}  // namespace shoal::engine

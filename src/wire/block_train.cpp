#include "wire/block_train.h"

#include <algorithm>
#include <cassert>

#include "wire/encoder.h"

namespace shoal::wire {

void BlockTrain::expect(std::span<const ExpectedBlock> blocks) {
    assert(waiting_ == 0);
    count_ = std::min(blocks.size(), most);
    next_ = 0;
    for (std::size_t i = 0; i < count_; ++i) {
        assert(blocks[i].destination.size() == blocks[i].range.length);
        blocks_[i] = blocks[i];
        buffers_[2 * i] = headers_[i];
        buffers_[2 * i + 1] = blocks[i].destination;
    }
}

std::size_t BlockTrain::commit(std::size_t bytes) {
    for (const MutableBytes buffer : buffers()) {
        const std::size_t here = std::min(bytes - waiting_, buffer.size());
        if (here == 0) break;
        waiting_ += here;
    }
    return waiting_;
}

std::optional<BlockTrain::Arrival> BlockTrain::next() {
    if (waiting_ < piece_header_size) return std::nullopt;
    const ExpectedBlock& block = blocks_[next_];
    if (headers_[next_] != encode_piece_header(block.range)) return std::nullopt;
    ++next_;
    waiting_ -= piece_header_size;
    const Bytes data = block.destination.first(std::min<std::size_t>(waiting_, block.range.length));
    waiting_ -= data.size();
    return Arrival{block.range, data};
}

void BlockTrain::take_rest(MutableBytes to) {
    assert(to.size() == waiting_);
    for (const MutableBytes buffer : buffers().subspan(2 * next_)) {
        const Bytes here = buffer.first(std::min(waiting_, buffer.size()));
        std::ranges::copy(here, to.begin());
        to = to.subspan(here.size());
        waiting_ -= here.size();
    }
}

}  // namespace shoal::wire

// Blocks that probably come next, one close behind the other, read at once to where they belong.
#pragma once
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "wire/message.h"

namespace shoal::wire {

/// A block that a peer was asked for, and where its data would go.
struct ExpectedBlock {
    BlockRange range;
    MutableBytes destination;  ///< exactly range.length bytes, at least one, its own alone
};

/// The headers of expected blocks are kept here, their data is in its destination: so a row of them
/// takes one call of the system and no copy. Whether they are the blocks that were expected is seen
/// once the headers are there. Not thread-safe.
class BlockTrain {
  public:
    /// Blocks of one train.
    static constexpr std::size_t most = 16;
    static constexpr std::size_t most_buffers = 2 * most;

    /// Makes ready for the first `most` of these blocks. Nothing may wait from before.
    void expect(std::span<const ExpectedBlock> blocks);
    /// Where the bytes of the stream go, in this order; valid until the next expect().
    [[nodiscard]] std::span<const MutableBytes> buffers() const {
        return std::span(buffers_).first(2 * count_);
    }
    /// So many bytes were read, of which those that fit were put here; the number of these.
    std::size_t commit(std::size_t bytes);

    /// Bytes that wait.
    [[nodiscard]] std::size_t size() const { return waiting_; }

    struct Arrival {
        BlockRange range;
        Bytes data;  ///< as much of it as has come, at its expected destination
    };
    /// Takes the next block out, if its header is there and the expected one.
    std::optional<Arrival> next();
    /// Takes out all that waits, as it stood in the stream; `to` has size() bytes.
    void take_rest(MutableBytes to);

  private:
    std::array<ExpectedBlock, most> blocks_;
    std::array<std::array<std::byte, piece_header_size>, most> headers_{};
    std::array<MutableBytes, most_buffers> buffers_;
    std::size_t count_ = 0;    ///< blocks that are expected
    std::size_t next_ = 0;     ///< the block at the head of what waits
    std::size_t waiting_ = 0;  ///< bytes
};

}  // namespace shoal::wire

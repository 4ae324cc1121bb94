// What waits to be sent on one connection: messages, and blocks whose data lies in files.
#pragma once
#include <array>
#include <deque>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "disk/storage.h"
#include "wire/message.h"

namespace shoal::engine {

/// Messages go ahead of blocks that are not begun: a request that waits for megabytes of the other
/// direction would leave a line idle. Not thread-safe.
class SendQueue {
  public:
    /// Whole messages, behind those that were added before.
    void add(Bytes messages);
    /// Blocks, one after the other, and the runs that all their data lies in.
    void add_blocks(std::span<const BlockRange> blocks, std::vector<disk::Extent> runs);
    void clear();

    /// Bytes, headers of blocks among them.
    [[nodiscard]] std::size_t size() const { return size_; }

    /// Copies what is to be sent next, as much as `to` takes; the number of bytes. Data comes
    /// straight from its files and should be in the page cache, or this waits for the disk.
    /// bad_data: a file has become shorter; and the errors of reading.
    Result<std::size_t> fill(MutableBytes to);
    /// The first of these bytes are sent, at most as many as fill() gave last. Returns how many of
    /// them were data of blocks.
    std::size_t pop(std::size_t bytes);

  private:
    struct Block {
        std::array<std::byte, wire::piece_header_size> header{};
        std::uint32_t length = 0;  ///< of its data
        std::uint32_t sent = 0;    ///< of header and data
    };

    [[nodiscard]] bool inside_a_block() const {
        return !blocks_.empty() && blocks_.front().sent > 0;
    }
    /// Puts the rest of a block at the begin of `to`, but for its data, whose place is noted.
    std::size_t place_block(const Block& block, MutableBytes to);
    Result<void> read_data();
    std::size_t pop_block(std::size_t bytes);
    void pop_data(std::size_t bytes);

    ByteVector messages_;
    std::size_t messages_sent_ = 0;  ///< bytes of them
    std::deque<Block> blocks_;
    std::deque<disk::Extent> runs_;  ///< the data of the blocks that is not sent
    std::size_t size_ = 0;
    std::vector<MutableBytes> places_;  ///< of fill(): where data goes, in its order
    std::vector<MutableBytes> parts_;   ///< of fill(): those in one file
};

}  // namespace shoal::engine

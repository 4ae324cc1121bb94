// Bytes to messages, without a copy of the payload: the decoder says where arriving bytes should
// be put, and a block's bytes are put straight into their place.
//
// Flow: read into what prepare() names, tell commit() how many bytes came, then take events from
// poll() until there is none. After a BlockStart call accept_block() before the next poll(). Who
// knows which blocks come next tells prepare(), so that many are read at once.
#pragma once
#include <array>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/block_train.h"
#include "wire/handshake.h"
#include "wire/message.h"

namespace shoal::wire {

/// The header of a piece message has arrived; its data follows.
struct BlockStart {
    BlockRange range;
};
/// All data of the block is where accept_block() wanted it.
struct BlockEnd {
    BlockRange range;
    bool accepted = false;  ///< false: the data was thrown away
};

using Event = std::variant<Handshake, Message, BlockStart, BlockEnd>;

/// One direction of one connection. Not thread-safe.
class Decoder {
  public:
    Decoder();

    /// Whether blocks that are expected can be read straight to their places now. If not,
    /// prepare() makes nothing of them.
    [[nodiscard]] bool can_expect() const;
    /// Buffers to read into, in this order. Valid until the next call of any other function.
    /// `expected`: what comes next is probably these blocks, after the one that is arriving. Until
    /// poll() has said that there is nothing more their destinations must stay valid, and may be
    /// overwritten with anything.
    [[nodiscard]] std::span<const MutableBytes> prepare(
        std::span<const ExpectedBlock> expected = {});
    /// That many bytes were read into the buffers of prepare(), at most what they hold.
    void commit(std::size_t bytes);

    /// The next event, or nothing until more bytes come. bad_data: the stream breaks the protocol;
    /// the connection must end. The first event is always a Handshake.
    [[nodiscard]] Result<std::optional<Event>> poll();

    /// Where the data of the announced block goes: exactly range.length bytes that stay valid
    /// until its BlockEnd, or an empty span to have it thrown away.
    void accept_block(MutableBytes destination);

    /// Bounds of a single message. A bitfield of the most pieces a torrent may have fits.
    static constexpr std::size_t max_message = 1 << 20;
    /// The longest block a peer may send: eight times what this program asks for.
    static constexpr std::size_t max_block = 128 << 10;

  private:
    enum class State : std::uint8_t { handshake, message, block_announced, block_data };

    [[nodiscard]] Bytes buffered() const { return Bytes(inbox_).subspan(begin_, end_ - begin_); }
    void consume(std::size_t bytes);
    void make_room(std::size_t bytes);
    void add_buffer(MutableBytes buffer);
    void unload_train();
    Event announce(const BlockRange& range, Bytes arrived);
    Result<std::optional<Event>> poll_message();
    Result<std::optional<Event>> start_block(std::uint32_t length);
    std::optional<Event> end_block();

    State state_ = State::handshake;
    ByteVector inbox_;  ///< bytes read and not yet decoded: [begin_, end_)
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t needed_ = Handshake::size;  ///< bytes that the next event takes
    BlockTrain train_;                      ///< what waits here comes before the inbox
    std::array<MutableBytes, BlockTrain::most_buffers + 2> buffers_;  ///< of prepare()
    std::size_t buffer_count_ = 0;
    BlockRange block_;
    Bytes arrived_;             ///< of a block that is announced
    MutableBytes destination_;  ///< empty while a block is thrown away
    std::size_t received_ = 0;  ///< bytes of the block so far
};

}  // namespace shoal::wire

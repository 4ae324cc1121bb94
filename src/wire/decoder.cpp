#include "wire/decoder.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace shoal::wire {
namespace {

constexpr std::size_t inbox_size = 4096;

Result<Message> parse(std::uint8_t id, Bytes payload) {
    const auto number = [&](std::size_t at) {
        return load_big_endian<std::uint32_t>(payload.subspan(at));
    };
    const auto range = [&] { return BlockRange{PieceIndex(number(0)), number(4), number(8)}; };
    const auto wrong_size = [&] {
        return fail(ErrorCode::bad_data, "message {} of {} bytes", id, payload.size());
    };
    switch (static_cast<MessageId>(id)) {
        case MessageId::choke:
        case MessageId::unchoke:
        case MessageId::interested:
        case MessageId::not_interested:
        case MessageId::have_all:
        case MessageId::have_none:
            if (!payload.empty()) return wrong_size();
            break;
        case MessageId::have:
        case MessageId::suggest_piece:
        case MessageId::allowed_fast:
            if (payload.size() != 4) return wrong_size();
            break;
        case MessageId::request:
        case MessageId::cancel:
        case MessageId::reject_request:
            if (payload.size() != 12) return wrong_size();
            break;
        case MessageId::extended:
            if (payload.empty()) return wrong_size();
            break;
        case MessageId::bitfield:
        case MessageId::piece:
            break;
    }
    switch (static_cast<MessageId>(id)) {
        case MessageId::choke:
            return Choke{};
        case MessageId::unchoke:
            return Unchoke{};
        case MessageId::interested:
            return Interested{};
        case MessageId::not_interested:
            return NotInterested{};
        case MessageId::have_all:
            return HaveAll{};
        case MessageId::have_none:
            return HaveNone{};
        case MessageId::have:
            return Have{PieceIndex(number(0))};
        case MessageId::suggest_piece:
            return SuggestPiece{PieceIndex(number(0))};
        case MessageId::allowed_fast:
            return AllowedFast{PieceIndex(number(0))};
        case MessageId::request:
            return Request{range()};
        case MessageId::cancel:
            return Cancel{range()};
        case MessageId::reject_request:
            return RejectRequest{range()};
        case MessageId::bitfield:
            return BitfieldMessage{payload};
        case MessageId::extended:
            return Extended{std::to_integer<std::uint8_t>(payload[0]), payload.subspan(1)};
        case MessageId::piece:
            break;
    }
    return Ignored{id};
}

}  // namespace

Decoder::Decoder() : inbox_(inbox_size) {}

void Decoder::consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
}

void Decoder::make_room(std::size_t bytes) {
    if (begin_ + bytes <= inbox_.size()) return;
    std::copy(inbox_.begin() + static_cast<std::ptrdiff_t>(begin_),
              inbox_.begin() + static_cast<std::ptrdiff_t>(end_), inbox_.begin());
    end_ -= begin_;
    begin_ = 0;
    if (bytes > inbox_.size()) {
        inbox_.resize(bytes);
    }
}

bool Decoder::can_expect() const {
    const bool between = state_ == State::message;
    const bool inside = state_ == State::block_data && !destination_.empty();
    return begin_ == end_ && (between || inside);
}

void Decoder::add_buffer(MutableBytes buffer) {
    buffers_[buffer_count_++] = buffer;
}

std::span<const MutableBytes> Decoder::prepare(std::span<const ExpectedBlock> expected) {
    buffer_count_ = 0;
    train_.expect(can_expect() ? expected : std::span<const ExpectedBlock>());
    if (begin_ == end_ && inbox_.size() > inbox_size) inbox_ = ByteVector(inbox_size);
    const bool inside = state_ == State::block_data;
    const std::size_t left = inside ? block_.length - received_ : 0;
    if (inside && destination_.empty()) {
        add_buffer(MutableBytes(inbox_).first(std::min(left, inbox_.size())));
    } else if (inside || !train_.buffers().empty()) {
        assert(begin_ == end_ && begin_ == 0);
        if (inside) add_buffer(destination_.subspan(received_));
        for (const MutableBytes buffer : train_.buffers()) add_buffer(buffer);
        // Only the next header is read along with the blocks: whatever else came with it would
        // have to be copied to its place.
        add_buffer(MutableBytes(inbox_).first(piece_header_size));
    } else {
        make_room(std::max(needed_, inbox_size));
        add_buffer(MutableBytes(inbox_).subspan(end_));
    }
    return std::span(buffers_).first(buffer_count_);
}

void Decoder::commit(std::size_t bytes) {
    if (state_ == State::block_data) {
        const std::size_t to_block = std::min(bytes, block_.length - received_);
        received_ += to_block;
        bytes -= to_block;
    }
    bytes -= train_.commit(bytes);
    end_ += bytes;
}

Result<std::optional<Event>> Decoder::poll() {
    switch (state_) {
        case State::handshake: {
            // A peer of another protocol is turned away at its first byte, not after 68.
            const Bytes bytes = buffered();
            if (!bytes.empty() && bytes[0] != std::byte{0x13}) {
                return std::unexpected(Handshake::parse({}).error());
            }
            if (bytes.size() < Handshake::size) return std::nullopt;
            auto handshake = Handshake::parse(bytes);
            if (!handshake) return std::unexpected(handshake.error());
            consume(Handshake::size);
            state_ = State::message;
            needed_ = 4;
            return *handshake;
        }
        case State::message:
            if (train_.size() > 0) {
                if (const auto block = train_.next()) return announce(block->range, block->data);
                unload_train();
            }
            return poll_message();
        case State::block_announced:
            assert(false && "accept_block() must follow BlockStart");
            return std::nullopt;
        case State::block_data:
            if (received_ < block_.length) return std::nullopt;
            return end_block();
    }
    return std::nullopt;
}

/// Something else has come than was expected.
void Decoder::unload_train() {
    assert(begin_ == 0);
    const ByteVector behind(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(end_));
    const std::size_t size = train_.size();
    end_ = 0;
    make_room(size + behind.size());
    train_.take_rest(MutableBytes(inbox_).first(size));
    std::ranges::copy(behind, inbox_.begin() + static_cast<std::ptrdiff_t>(size));
    end_ = size + behind.size();
}

Result<std::optional<Event>> Decoder::poll_message() {
    const Bytes bytes = buffered();
    needed_ = 4;
    if (bytes.size() < 4) return std::nullopt;
    const auto length = load_big_endian<std::uint32_t>(bytes);
    if (length == 0) {
        consume(4);
        return Message{KeepAlive{}};
    }
    if (length > max_message) {
        return fail(ErrorCode::bad_data, "a message of {} bytes", length);
    }
    needed_ = 5;
    if (bytes.size() < 5) return std::nullopt;
    const auto id = std::to_integer<std::uint8_t>(bytes[4]);
    if (id == static_cast<std::uint8_t>(MessageId::piece)) return start_block(length);
    needed_ = 4 + std::size_t{length};
    if (bytes.size() < needed_) return std::nullopt;
    auto message = parse(id, bytes.subspan(5, length - 1));
    if (!message) return std::unexpected(message.error());
    // Only the cursor moves: views in the message stay valid until the next prepare().
    consume(4 + std::size_t{length});
    needed_ = 4;
    return *message;
}

Result<std::optional<Event>> Decoder::start_block(std::uint32_t length) {
    if (length < 9 || length - 9 > max_block) {
        return fail(ErrorCode::bad_data, "a piece message of {} bytes", length);
    }
    needed_ = piece_header_size;
    const Bytes bytes = buffered();
    if (bytes.size() < piece_header_size) return std::nullopt;
    const BlockRange range{PieceIndex(load_big_endian<std::uint32_t>(bytes.subspan(5))),
                           load_big_endian<std::uint32_t>(bytes.subspan(9)), length - 9};
    const Bytes behind = bytes.subspan(piece_header_size);
    const Bytes arrived = behind.first(std::min<std::size_t>(behind.size(), range.length));
    consume(piece_header_size + arrived.size());
    return announce(range, arrived);
}

Event Decoder::announce(const BlockRange& range, Bytes arrived) {
    block_ = range;
    arrived_ = arrived;
    state_ = State::block_announced;
    return BlockStart{range};
}

void Decoder::accept_block(MutableBytes destination) {
    assert(state_ == State::block_announced);
    assert(destination.empty() || destination.size() == block_.length);
    destination_ = destination;
    state_ = State::block_data;
    if (!destination_.empty() && destination_.data() != arrived_.data()) {
        std::ranges::copy(arrived_, destination_.begin());
    }
    received_ = arrived_.size();
}

std::optional<Event> Decoder::end_block() {
    state_ = State::message;
    needed_ = 4;
    return BlockEnd{block_, !destination_.empty() || block_.length == 0};
}

}  // namespace shoal::wire

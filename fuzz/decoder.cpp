// A peer's stream in random portions: what comes out is what stands in the stream, each block in
// its place, and what is kept meanwhile stays bounded.
#include "wire/decoder.h"

#include <algorithm>

#include "input.h"
#include "require.h"
#include "wire/encoder.h"

using namespace shoal;
using namespace shoal::wire;

namespace {

/// One end of a connection, which knows the stream and compares.
class Reader {
  public:
    Reader(Bytes stream, Input choices) : stream_(stream), choices_(choices) {}

    void run() {
        while (fed_ < stream_.size()) {
            feed(1 + choices_.below(choices_.flag() ? 20'000 : 20));
            for (;;) {
                const auto event = decoder_.poll();
                if (!event) return;
                if (!*event) break;
                std::visit([this](const auto& what) { check(what); }, **event);
                REQUIRE(decoded_ <= fed_);
            }
        }
        REQUIRE(!whole_message_waits());
    }

  private:
    void feed(std::size_t portion) {
        const auto buffers = decoder_.prepare(forecast());
        REQUIRE(!buffers.empty() && !buffers[0].empty());
        std::size_t taken = 0;
        for (const MutableBytes buffer : buffers) {
            REQUIRE(buffer.size() <= 4 + Decoder::max_message);
            const std::size_t n =
                std::min({buffer.size(), stream_.size() - fed_ - taken, portion - taken});
            std::ranges::copy(stream_.subspan(fed_ + taken, n), buffer.begin());
            taken += n;
        }
        decoder_.commit(taken);
        fed_ += taken;
    }

    /// The blocks that follow in the stream, and now and then something else.
    std::span<const ExpectedBlock> forecast() {
        expected_.clear();
        if (!decoder_.can_expect() || decoded_ == 0) return expected_;
        std::size_t at = receiving_ ? decoded_ + length_ : fed_;
        for (ByteVector& place : places_) {
            if (place.data() == block_.data()) continue;  // a block is arriving there
            if (at + piece_header_size > stream_.size()) break;
            const Bytes header = stream_.subspan(at);
            const auto length = load_big_endian<std::uint32_t>(header) - 9;
            if (header[4] != std::byte{7} || length == 0 || length > Decoder::max_block) break;
            const bool wrong = choices_.below(16) == 1;
            const BlockRange range{
                PieceIndex(load_big_endian<std::uint32_t>(header.subspan(5))),
                load_big_endian<std::uint32_t>(header.subspan(9)) + (wrong ? 1 : 0), length};
            if (place.size() < length) place.resize(length);
            expected_.push_back({range, MutableBytes(place).first(length)});
            at += piece_header_size + length;
        }
        return expected_;
    }

    void check(const Handshake& handshake) {
        REQUIRE(decoded_ == 0);
        REQUIRE(std::ranges::equal(stream_.subspan(28, 20), handshake.info_hash.bytes));
        decoded_ = Handshake::size;
    }
    void check(const Message& message) {
        const auto length = load_big_endian<std::uint32_t>(stream_.subspan(decoded_));
        REQUIRE(length <= Decoder::max_message);
        if (!std::holds_alternative<Ignored>(message)) {
            ByteVector again;
            encode(message, again);
            REQUIRE(std::ranges::equal(again, stream_.subspan(decoded_, 4 + length)));
        }
        decoded_ += 4 + length;
    }
    void check(const BlockStart& start) {
        REQUIRE(start.range.length <= Decoder::max_block);
        REQUIRE(std::ranges::equal(encode_piece_header(start.range),
                                   stream_.subspan(decoded_, piece_header_size)));
        decoded_ += piece_header_size;
        const bool wanted = choices_.below(4) != 1;
        refused_ = !wanted && start.range.length > 0;
        receiving_ = true;
        length_ = start.range.length;
        block_ = wanted ? destination_of(start.range) : MutableBytes();
        decoder_.accept_block(block_);
    }
    void check(const BlockEnd& end) {
        REQUIRE(receiving_ && end.accepted == !refused_);
        if (end.accepted) {
            REQUIRE(std::ranges::equal(block_, stream_.subspan(decoded_, end.range.length)));
        }
        decoded_ += end.range.length;
        receiving_ = false;
        block_ = {};
    }

    MutableBytes destination_of(const BlockRange& range) {
        const auto found = std::ranges::find(expected_, range, &ExpectedBlock::range);
        if (found != expected_.end() && choices_.below(8) != 1) return found->destination;
        elsewhere_.assign(range.length, std::byte{0});
        return elsewhere_;
    }

    [[nodiscard]] bool whole_message_waits() const {
        const Bytes rest = stream_.subspan(decoded_);
        if (receiving_) return false;
        if (decoded_ == 0) return rest.size() >= Handshake::size;
        return rest.size() >= 4 && rest.size() - 4 >= load_big_endian<std::uint32_t>(rest);
    }

    Bytes stream_;
    Input choices_;
    Decoder decoder_;
    std::size_t fed_ = 0;
    std::size_t decoded_ = 0;
    std::array<ByteVector, 4> places_;     ///< of expected blocks
    std::vector<ExpectedBlock> expected_;  ///< at the last read
    ByteVector elsewhere_;                 ///< the place of a block that was not expected
    MutableBytes block_;                   ///< where the one that is arriving goes
    std::size_t length_ = 0;               ///< of that block
    bool receiving_ = false;
    bool refused_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 16) return 0;
    const Input choices(data, 16);
    const Bytes rest = std::as_bytes(std::span(data, size)).subspan(16);
    ByteVector stream;
    // Hardly any input would get past the handshake by itself.
    if ((data[15] & 7) != 0) {
        const auto handshake = Handshake{.fast = true, .extended = true}.encode();
        stream.assign(handshake.begin(), handshake.end());
    }
    stream.insert(stream.end(), rest.begin(), rest.end());
    Reader(stream, choices).run();
    return 0;
}

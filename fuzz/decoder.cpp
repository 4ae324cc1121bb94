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
            if (receiving_ && choices_.below(16) == 1) {
                decoder_.abandon_block();
                abandoned_ = true;
            }
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
        const auto buffers = decoder_.prepare();
        REQUIRE(!buffers[0].empty());
        if (!receiving_) REQUIRE(buffers[0].size() <= 4 + Decoder::max_message);
        REQUIRE(buffers[1].size() <= Decoder::max_message);
        std::size_t taken = 0;
        for (const MutableBytes buffer : buffers) {
            const std::size_t n =
                std::min({buffer.size(), stream_.size() - fed_ - taken, portion - taken});
            std::ranges::copy(stream_.subspan(fed_ + taken, n), buffer.begin());
            taken += n;
        }
        decoder_.commit(taken);
        fed_ += taken;
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
        block_.assign(wanted ? start.range.length : 0, std::byte{0});
        abandoned_ = !wanted && start.range.length > 0;
        receiving_ = true;
        decoder_.accept_block(block_);
    }
    void check(const BlockEnd& end) {
        REQUIRE(receiving_ && end.accepted == !abandoned_);
        if (end.accepted) {
            REQUIRE(std::ranges::equal(block_, stream_.subspan(decoded_, end.range.length)));
        }
        decoded_ += end.range.length;
        receiving_ = false;
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
    ByteVector block_;
    bool receiving_ = false;
    bool abandoned_ = false;
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

#include "wire/encoder.h"

#include <cassert>

namespace shoal::wire {
namespace {

class Encoder {
  public:
    explicit Encoder(ByteVector& out) : out_(out) {}

    void operator()(KeepAlive) { number(0); }
    void operator()(Choke) { bare(MessageId::choke); }
    void operator()(Unchoke) { bare(MessageId::unchoke); }
    void operator()(Interested) { bare(MessageId::interested); }
    void operator()(NotInterested) { bare(MessageId::not_interested); }
    void operator()(HaveAll) { bare(MessageId::have_all); }
    void operator()(HaveNone) { bare(MessageId::have_none); }
    void operator()(const Have& m) { piece(MessageId::have, m.piece); }
    void operator()(const SuggestPiece& m) { piece(MessageId::suggest_piece, m.piece); }
    void operator()(const AllowedFast& m) { piece(MessageId::allowed_fast, m.piece); }
    void operator()(const Request& m) { range(MessageId::request, m.range); }
    void operator()(const Cancel& m) { range(MessageId::cancel, m.range); }
    void operator()(const RejectRequest& m) { range(MessageId::reject_request, m.range); }
    void operator()(const BitfieldMessage& m) {
        head(MessageId::bitfield, m.bits.size());
        out_.insert(out_.end(), m.bits.begin(), m.bits.end());
    }
    void operator()(const Extended& m) {
        head(MessageId::extended, m.payload.size() + 1);
        out_.push_back(std::byte{m.id});
        out_.insert(out_.end(), m.payload.begin(), m.payload.end());
    }
    void operator()(const Ignored&) { assert(false && "nothing to send"); }

  private:
    void number(std::uint32_t value) {
        const std::size_t at = out_.size();
        out_.resize(at + sizeof value);
        store_big_endian(value, MutableBytes(out_).subspan(at));
    }
    void head(MessageId id, std::size_t payload) {
        number(static_cast<std::uint32_t>(payload + 1));
        out_.push_back(static_cast<std::byte>(id));
    }
    void bare(MessageId id) { head(id, 0); }
    void piece(MessageId id, PieceIndex index) {
        head(id, 4);
        number(index.value());
    }
    void range(MessageId id, const BlockRange& block) {
        head(id, 12);
        number(block.piece.value());
        number(block.offset);
        number(block.length);
    }

    ByteVector& out_;
};

}  // namespace

void encode(const Message& message, ByteVector& out) {
    std::visit(Encoder(out), message);
}

std::array<std::byte, piece_header_size> encode_piece_header(const BlockRange& range) {
    std::array<std::byte, piece_header_size> out{};
    store_big_endian(static_cast<std::uint32_t>(9 + range.length), out);
    out[4] = static_cast<std::byte>(MessageId::piece);
    store_big_endian(range.piece.value(), MutableBytes(out).subspan(5));
    store_big_endian(range.offset, MutableBytes(out).subspan(9));
    return out;
}

}  // namespace shoal::wire

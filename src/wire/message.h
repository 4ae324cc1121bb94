// The messages of the peer protocol (BEP 3, 6, 10) as values.
#pragma once
#include <cstdint>
#include <variant>

#include "base/bytes.h"
#include "base/ids.h"

namespace shoal::wire {

struct KeepAlive {};
struct Choke {};
struct Unchoke {};
struct Interested {};
struct NotInterested {};
struct Have {
    PieceIndex piece;
};
struct BitfieldMessage {
    Bytes bits;  ///< valid until the decoder that made it reads on
};
struct Request {
    BlockRange range;
};
struct Cancel {
    BlockRange range;
};
struct SuggestPiece {
    PieceIndex piece;
};
struct HaveAll {};
struct HaveNone {};
struct RejectRequest {
    BlockRange range;
};
struct AllowedFast {
    PieceIndex piece;
};
struct Extended {
    std::uint8_t id = 0;  ///< 0 is the extension handshake
    Bytes payload;        ///< valid until the decoder that made it reads on
};
/// A message that this program has no use for (such as port, BEP 5), or does not know.
struct Ignored {
    std::uint8_t id = 0;
};

/// Every message but piece, whose payload never passes through a message (see decoder.h).
using Message = std::variant<KeepAlive, Choke, Unchoke, Interested, NotInterested, Have,
                             BitfieldMessage, Request, Cancel, SuggestPiece, HaveAll, HaveNone,
                             RejectRequest, AllowedFast, Extended, Ignored>;

/// The numbers of the messages on the wire.
enum class MessageId : std::uint8_t {
    choke = 0,
    unchoke = 1,
    interested = 2,
    not_interested = 3,
    have = 4,
    bitfield = 5,
    request = 6,
    piece = 7,
    cancel = 8,
    suggest_piece = 13,
    have_all = 14,
    have_none = 15,
    reject_request = 16,
    allowed_fast = 17,
    extended = 20,
};

/// Bytes of a piece message before its payload: length, id, piece index, offset.
inline constexpr std::size_t piece_header_size = 13;

}  // namespace shoal::wire

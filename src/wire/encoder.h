// Messages to bytes.
#pragma once
#include <array>

#include "base/bytes.h"
#include "wire/message.h"

namespace shoal::wire {

/// Appends the encoded message. Ignored is not for sending.
void encode(const Message& message, ByteVector& out);

/// What precedes the payload of a piece message; range.length bytes of data follow it.
std::array<std::byte, piece_header_size> encode_piece_header(const BlockRange& range);

}  // namespace shoal::wire

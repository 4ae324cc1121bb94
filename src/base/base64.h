// Bytes as text in the alphabet that may stand in addresses (base64url, RFC 4648 section 5).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace shoal {

/// Without padding.
std::string to_base64url(Bytes bytes);
/// Nothing when a character is not of the alphabet, '=' included, or the text is not what
/// to_base64url() makes of any bytes: each value has one text.
std::optional<ByteVector> from_base64url(std::string_view text);

}  // namespace shoal

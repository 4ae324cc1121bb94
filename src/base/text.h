// Text in and out: hexadecimal, sizes as people write them, and names made safe to print.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal {

std::string to_hex(Bytes bytes);
/// Nothing when the text has an odd length or a character that is no hexadecimal digit.
std::optional<ByteVector> from_hex(std::string_view text);

/// A whole decimal number with nothing around it; nothing when it does not fit.
std::optional<std::int64_t> parse_number(std::string_view text);

/// A size or rate as people write it: "16384", "16K", "1M", "2G", in powers of 1024.
/// usage: not of that form, or larger than 2^62.
Result<ByteCount> parse_size(std::string_view text);
/// "1.5 GiB": for people, not for parsing.
std::string format_size(ByteCount bytes);

bool is_valid_utf8(std::string_view text);

/// The text with control characters, broken UTF-8 and invisible direction marks replaced, so that
/// a name from outside can neither drive a terminal nor forge a line of a log.
std::string printable(std::string_view text);

}  // namespace shoal

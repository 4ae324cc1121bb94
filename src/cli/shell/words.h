// A shell's line as words, and words as they have to be written in a line.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace shoal::cli {

using Words = std::vector<std::string>;

/// Splits at blanks. '…' holds everything as it is; "…" holds everything but \" and \\; a
/// backslash outside of them takes the next character as it is. usage: a quote that is not closed,
/// or a backslash at the end.
Result<Words> split_words(std::string_view line);

/// A line that is still being written, up to where the cursor stands.
struct UnfinishedLine {
    Words before;        ///< whole words
    std::string word;    ///< the one at the cursor, without its quotes; empty behind a blank
    std::size_t at = 0;  ///< where that word begins in the line, with its quotes
};
UnfinishedLine unfinished(std::string_view line);

/// The word as split_words() reads it back. Not `whole`: more of the word is to follow, so that a
/// quote stays open.
std::string in_quotes(std::string_view word, bool whole = true);

/// What all of them begin with, cut between characters.
std::string common_start(const std::vector<std::string>& texts);

/// The candidate that was most likely meant by a mistyped word; empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace shoal::cli

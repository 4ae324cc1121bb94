// Names of people and files: which are good, and how they are compared and searched.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace shoal::catalogue {

inline constexpr std::size_t max_user_name = 64;      ///< characters
inline constexpr std::size_t max_shared_name = 255;   ///< bytes, as file systems have it
inline constexpr std::size_t max_shared_path = 4096;  ///< bytes
inline constexpr std::size_t max_query_bytes = 512;   ///< of a search
inline constexpr std::size_t max_query_words = 16;

/// The folded name, by which users are told apart: case and Unicode form make no difference.
/// usage: empty, too long, with control, direction or other invisible characters, with a slash, or
/// with a space at either end.
Result<std::string> check_user_name(std::string_view name);

/// A name under which a file or folder is shared; good as the name of a file on every system's
/// disk. usage: empty, too long, ".", "..", with a slash, backslash, control or direction
/// characters.
Result<void> check_shared_name(std::string_view name);
/// A path as its publisher tells it. usage: empty, too long, or with control characters.
Result<void> check_shared_path(std::string_view path);

/// For search: case folded, all marks off, đ as d, runs of white space as one space. The result is
/// the same for names that a person would type the same way.
std::string fold_for_search(std::string_view text);

/// The folded words of a query; all of them have to occur. usage: too long, or no text.
Result<std::vector<std::string>> search_words(std::string_view query);

/// Code points of valid UTF-8.
std::size_t count_characters(std::string_view text);
/// utf8proc_map with its options; the text itself when that fails.
std::string map_utf8(std::string_view text, int options);
/// The longest beginning of at most `bytes` bytes that cuts no character apart.
std::string_view cut_text(std::string_view text, std::size_t bytes);

}  // namespace shoal::catalogue

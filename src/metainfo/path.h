// Names from torrents made safe for a disk.
//
// What is plain is cleaned, always in the same way: broken UTF-8 becomes %XX, a backslash becomes
// '_', over-long names are cut. What may be an attack, or what has no plain meaning, is refused.
// Everything else stays as it came, Unicode included.
//
// Names that differ only in case or Unicode form are left apart as they came where the file system
// keeps them apart (POSIX), so that a folder with both can be shared and fetched unchanged. On
// systems that fold names (Windows, macOS) all but the first get a number.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "metainfo/layout.h"

namespace shoal::metainfo {

/// What the names must be good for.
enum class NameRules : std::uint8_t {
    posix,
    /// Case is folded, and devices (CON, NUL, …), some characters and trailing dots are no names.
    windows,
};

#if defined(_WIN32) || defined(__APPLE__)
inline constexpr NameRules native_rules = NameRules::windows;
#else
inline constexpr NameRules native_rules = NameRules::posix;
#endif

inline constexpr std::size_t max_path_depth = 64;    ///< components
inline constexpr std::size_t max_name_bytes = 255;   ///< of a component
inline constexpr std::size_t max_path_bytes = 3072;  ///< of all components and their separators

/// One component as it may stand on disk. bad_data: empty, ".", "..", or with a '/' or NUL in it.
Result<std::string> safe_component(std::string_view raw, NameRules rules = native_rules);

/// A path of a file inside a torrent's folder. Components that are empty or "." are dropped.
/// bad_data: a component that is refused, nothing left, too many components or too long.
Result<std::vector<std::string>> safe_path(const std::vector<std::string_view>& raw,
                                           NameRules rules = native_rules);

/// Makes sure that no file stands where another one, or a folder, has to. Padding is left alone.
/// bad_data: the same path twice, or a file that is also a folder. Under windows rules, names that
/// differ only in case or Unicode form are numbered: "a.txt", "A~2.txt".
Result<void> settle_paths(std::vector<File>& files, NameRules rules = native_rules);

/// Equal for names that differ only in case or Unicode form (NFKC, case folded).
std::string fold_name(std::string_view name);

/// The components with '/' between them, for showing.
std::string join_path(const std::vector<std::string>& path);

}  // namespace shoal::metainfo

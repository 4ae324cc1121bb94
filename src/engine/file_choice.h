// Which files of a torrent are wanted, and which pieces that means.
#pragma once
#include <string>
#include <vector>

#include "base/bitfield.h"
#include "base/error.h"
#include "metainfo/metainfo.h"

namespace shoal::engine {

/// By file: whether one of the patterns (as shells have them) fits its path or its name. Padding
/// stays wanted. not_found: none fits any file.
Result<std::vector<bool>> match_files(const metainfo::Info& info,
                                      const std::vector<std::string>& patterns);

/// Pieces with bytes of a file that is wanted.
Bitfield pieces_of_files(const metainfo::Layout& layout, const std::vector<bool>& wanted);

/// Pieces with no byte of a file that is not wanted: what can be served once the wanted files alone
/// are on the disk.
Bitfield pieces_inside_files(const metainfo::Layout& layout, const std::vector<bool>& wanted);

}  // namespace shoal::engine

// What a user may name a torrent by: a .torrent file, a magnet link, or a text file with one.
#pragma once
#include <string_view>
#include <variant>

#include "metainfo/magnet.h"
#include "metainfo/metainfo.h"

namespace shoal::engine {

using Source = std::variant<metainfo::Metainfo, metainfo::Magnet>;

/// Reads a file at most. not_found: no such file; bad_data: neither torrent nor magnet link;
/// otherwise as Metainfo::parse and Magnet::parse. Errors name the source.
Result<Source> read_source(std::string_view source);

/// The same where only a torrent will do. usage: a magnet link.
Result<metainfo::Metainfo> read_torrent(std::string_view source);

}  // namespace shoal::engine

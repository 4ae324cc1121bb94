// A torrent or magnet link as JSON members; create and info say the same things in the same words.
#pragma once
#include <boost/json/object.hpp>

#include "metainfo/magnet.h"
#include "metainfo/metainfo.h"

namespace shoal::cli {

/// name, format, folder, private, size, piece_length, pieces, file_count, info_hash,
/// info_hash_v1, info_hash_v2, trackers, and what else the torrent says of itself. Not its files,
/// of which there may be very many.
boost::json::object describe(const metainfo::Metainfo& torrent);

/// name, info_hash, info_hash_v1, info_hash_v2, trackers, peers, selected.
boost::json::object describe(const metainfo::Magnet& magnet);

/// Files of the torrent without padding and symlinks.
std::size_t content_file_count(const metainfo::Info& info);

}  // namespace shoal::cli

#include "cli/describe.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/text.h"

namespace shoal::cli {

using boost::json::array;
using boost::json::object;

std::size_t content_file_count(const metainfo::Info& info) {
    return static_cast<std::size_t>(
        std::ranges::count(info.layout().files(), false, &metainfo::File::padding));
}

object describe(const metainfo::Metainfo& torrent) {
    const metainfo::Info& info = *torrent.info;
    object all{{"name", info.name()},
               {"format", metainfo::format_name(info.format())},
               {"folder", info.is_folder()},
               {"private", info.is_private()},
               {"size", info.layout().content_size()},
               {"piece_length", info.layout().piece_length()},
               {"pieces", info.layout().piece_count()},
               {"file_count", content_file_count(info)},
               {"info_hash", info.info_hash().hex()}};
    if (info.has_v1()) all["info_hash_v1"] = info.hash_v1().hex();
    if (info.has_v2()) all["info_hash_v2"] = info.hash_v2().hex();
    array tiers;
    for (const auto& tier : torrent.trackers) tiers.push_back(array(tier.begin(), tier.end()));
    all["trackers"] = std::move(tiers);
    if (!torrent.comment.empty()) all["comment"] = printable(torrent.comment);
    if (!torrent.created_by.empty()) all["created_by"] = printable(torrent.created_by);
    if (torrent.creation_date) all["creation_date"] = *torrent.creation_date;
    return all;
}

object describe(const metainfo::Magnet& magnet) {
    object all{{"name", printable(magnet.name)}, {"info_hash", magnet.info_hash().hex()}};
    if (magnet.hash_v1) all["info_hash_v1"] = magnet.hash_v1->hex();
    if (magnet.hash_v2) all["info_hash_v2"] = magnet.hash_v2->hex();
    array tiers;
    for (const auto& tracker : magnet.trackers) tiers.push_back(array{tracker});
    all["trackers"] = std::move(tiers);
    all["peers"] = array(magnet.peers.begin(), magnet.peers.end());
    array selected;
    for (const auto& [first, last] : magnet.selected) selected.push_back(array{first, last});
    if (!selected.empty()) all["selected"] = std::move(selected);
    return all;
}

}  // namespace shoal::cli

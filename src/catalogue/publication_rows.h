// Rows of peers and torrents as the parts of Publications read and write them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "catalogue/publications.h"
#include "catalogue/sql.h"

namespace shoal::catalogue {

/// For a query in which peers are called r and their users u.
inline constexpr std::string_view peer_columns =
    "r.id, r.daemon, r.user_id, u.name, r.address, r.port, r.created, r.last_seen";
using PeerRow = std::tuple<std::int64_t, std::string, std::int64_t, std::string, std::string,
                           std::int64_t, std::int64_t, std::int64_t>;

/// For a query in which torrents are called t.
inline constexpr std::string_view torrent_columns =
    "t.id, t.info_hash, t.hash_v1, t.hash_v2, t.name, t.size, t.piece_length, t.pieces, t.private, "
    "t.created";
using TorrentRow = std::tuple<std::int64_t, std::string, std::string, std::string, std::string,
                              std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

Peer peer_of(const PeerRow& row);
Torrent torrent_of(const TorrentRow& row);

std::vector<Peer> select_peers(Sql& sql, std::string_view condition, Sql::Values values);
std::optional<Peer> find_peer(Sql& sql, std::int64_t id);

/// A torrent as it is to be stored: made before the transaction, because it takes time.
struct EncodedTorrent {
    Torrent torrent;
    std::string info;    ///< base64url
    std::string layers;  ///< base64url; empty for v1
};
/// usage: too large, or its layers are missing.
Result<EncodedTorrent> encode_torrent(const metainfo::Info& info, std::int64_t now);
/// The row that has this info hash, made when there is none.
Torrent keep_torrent(Sql& sql, const EncodedTorrent& encoded);

/// Ids of the torrents that a hash stands for: v1, v2, or v2 cut short.
std::vector<std::int64_t> torrents_with_hash(Sql& sql, Bytes hash);

}  // namespace shoal::catalogue

// The store of torrents: info dictionaries and piece layers, kept as text on every backend.
#include "base/base64.h"
#include "base/text.h"
#include "catalogue/account_rows.h"
#include "catalogue/publication_rows.h"
#include "catalogue/publications.h"

namespace shoal::catalogue {
namespace {

std::unexpected<Error> no_such_torrent() {
    return fail(ErrorCode::not_found, "there is no such torrent");
}

template <class DigestType>
std::optional<DigestType> digest_of(const std::string& hex) {
    const auto bytes = from_hex(hex);
    if (!bytes || bytes->size() != DigestType::size) return std::nullopt;
    return DigestType::from(*bytes);
}

std::vector<Torrent> select_torrents(Sql& sql, std::string_view condition, Sql::Values values) {
    std::vector<Torrent> torrents;
    for (const auto& row :
         sql.rows<std::int64_t, std::string, std::string, std::string, std::string, std::int64_t,
                  std::int64_t, std::int64_t, std::int64_t, std::int64_t>(
             fmt::format("SELECT {} FROM torrents t {}", torrent_columns, condition),
             std::move(values))) {
        torrents.push_back(torrent_of(row));
    }
    return torrents;
}

}  // namespace

Torrent torrent_of(const TorrentRow& row) {
    const auto& [id, info_hash, hash_v1, hash_v2, name, size, piece_length, pieces, is_private,
                 created] = row;
    return {id,
            digest_of<InfoHash>(info_hash).value_or(InfoHash{}),
            digest_of<Sha1Digest>(hash_v1),
            digest_of<Sha256Digest>(hash_v2),
            name,
            size,
            static_cast<std::uint32_t>(piece_length),
            static_cast<std::uint32_t>(pieces),
            is_private != 0,
            time_of(created)};
}

Result<EncodedTorrent> encode_torrent(const metainfo::Info& info, std::int64_t now) {
    if (!info.has_layers()) {
        return fail(ErrorCode::usage, "the torrent lacks its piece layers; give the .torrent file");
    }
    const std::string layers = info.has_v2() ? info.encode_layers() : std::string();
    if (info.encoded().size() + layers.size() > Publications::max_torrent_bytes) {
        return fail(ErrorCode::usage,
                    "the torrent is larger than {}; make it anew with larger pieces",
                    format_size(Publications::max_torrent_bytes));
    }
    const metainfo::Layout& layout = info.layout();
    return EncodedTorrent{{.info_hash = info.info_hash(),
                           .hash_v1 = info.has_v1() ? std::optional(info.hash_v1()) : std::nullopt,
                           .hash_v2 = info.has_v2() ? std::optional(info.hash_v2()) : std::nullopt,
                           .name = info.name(),
                           .size = layout.content_size(),
                           .piece_length = layout.piece_length(),
                           .pieces = layout.piece_count(),
                           .is_private = info.is_private(),
                           .created = time_of(now)},
                          to_base64url(info.encoded()),
                          layers.empty() ? std::string() : to_base64url(bytes_of(layers))};
}

Torrent keep_torrent(Sql& sql, const EncodedTorrent& encoded) {
    Torrent torrent = encoded.torrent;
    const std::string info_hash = torrent.info_hash.hex();
    auto known = select_torrents(sql, "WHERE t.info_hash = :a", {info_hash});
    if (!known.empty()) return std::move(known.front());
    torrent.id = sql.number(
        "INSERT INTO torrents (info_hash, hash_v1, hash_v2, name, size, piece_length, pieces, "
        "private, created) VALUES (:a, :b, :c, :d, :e, :f, :g, :h, :i) RETURNING id",
        {info_hash, torrent.hash_v1 ? torrent.hash_v1->hex() : std::string(),
         torrent.hash_v2 ? torrent.hash_v2->hex() : std::string(), torrent.name, torrent.size,
         torrent.piece_length, torrent.pieces, torrent.is_private ? 1 : 0,
         seconds_of(torrent.created)});
    sql.execute("INSERT INTO torrent_contents (torrent_id, info, layers) VALUES (:a, :b, :c)",
                {torrent.id, encoded.info, encoded.layers});
    return torrent;
}

std::vector<std::int64_t> torrents_with_hash(Sql& sql, Bytes hash) {
    std::vector<std::int64_t> ids;
    const std::string hex = to_hex(hash);
    if (hash.size() != Sha1Digest::size && hash.size() != Sha256Digest::size) return ids;
    // The v2 hash cut short is the beginning of the whole: a range that an index answers.
    for (const auto& [id] :
         sql.rows<std::int64_t>("SELECT id FROM torrents WHERE info_hash = :a OR hash_v1 = :b "
                                "OR (hash_v2 >= :c AND hash_v2 < :d)",
                                {hex, hex, hex, hex + "g"})) {
        ids.push_back(id);
    }
    return ids;
}

Result<Torrent> Publications::store_torrent(const metainfo::Info& info) {
    const auto encoded = encode_torrent(info, now());
    if (!encoded) return std::unexpected(encoded.error());
    return database_.write(
        [&](Sql& sql) -> Result<Torrent> { return keep_torrent(sql, *encoded); });
}

Result<Torrent> Publications::torrent(Bytes hash) {
    return database_.read([&](Sql& sql) -> Result<Torrent> {
        const auto ids = torrents_with_hash(sql, hash);
        if (ids.empty()) return no_such_torrent();
        auto found = select_torrents(sql, "WHERE t.id = :a", {ids.front()});
        return std::move(found.front());
    });
}

Result<std::shared_ptr<const metainfo::Info>> Publications::info_of(std::int64_t torrent) {
    using Contents = std::pair<std::string, std::string>;
    const auto stored = database_.read([&](Sql& sql) -> Result<Contents> {
        const auto row = sql.row<std::string, std::string>(
            "SELECT info, layers FROM torrent_contents WHERE torrent_id = :a", {torrent});
        if (!row) return no_such_torrent();
        return Contents(std::get<0>(*row), std::get<1>(*row));
    });
    if (!stored) return std::unexpected(stored.error());
    auto encoded = from_base64url(stored->first);
    const auto layers = from_base64url(stored->second);
    if (!encoded || !layers) {
        return fail(ErrorCode::bad_data, "a torrent in the database is damaged");
    }
    auto info = metainfo::Info::parse(std::move(*encoded));
    if (!info) return prefix("a torrent in the database is damaged", info.error());
    if (!layers->empty()) {
        if (auto added = info->add_layers(*layers); !added) {
            return prefix("a torrent in the database is damaged", added.error());
        }
    }
    return std::make_shared<const metainfo::Info>(std::move(*info));
}

Result<Page<Torrent>> Publications::torrents(const PageRequest& page) {
    const auto after = page.after.empty() ? Result<Cursor>(Cursor{}) : Cursor::decode(page.after);
    if (!after) return std::unexpected(after.error());
    return database_.read([&](Sql& sql) -> Result<Page<Torrent>> {
        return page_of(select_torrents(sql, "WHERE t.id > :a ORDER BY t.id LIMIT :b",
                                       {after->id, page.bounded_limit() + 1}),
                       page, [](const Torrent& last) { return Cursor{{}, last.id}; });
    });
}

Result<void> Publications::remove_torrent(std::int64_t id) {
    return database_.write([&](Sql& sql) -> Result<void> {
        if (sql.number("SELECT COUNT(*) FROM publications WHERE torrent_id = :a", {id}) > 0) {
            return fail(ErrorCode::refused, "the torrent is published; unpublish it first");
        }
        if (sql.execute("DELETE FROM torrents WHERE id = :a", {id}) == 0) return no_such_torrent();
        return {};
    });
}

}  // namespace shoal::catalogue

#include "node/item_store.h"

#include <algorithm>
#include <set>
#include <spdlog/spdlog.h>

#include "base/text.h"
#include "disk/files.h"
#include "disk/private_file.h"

namespace shoal::node {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_record = 1 << 20;

/// What lies in a folder.
Result<std::vector<fs::path>> list_folder(const fs::path& folder) {
    std::vector<fs::path> paths;
    std::error_code error;
    for (auto at = fs::directory_iterator(folder, error); !error && at != fs::directory_iterator();
         at.increment(error)) {
        paths.push_back(at->path());
    }
    if (!error) return paths;
    return fail(ErrorCode::failed, "cannot read '{}': {}", printable(folder.native()),
                error.message());
}

}  // namespace

fs::path ItemStore::record_of(std::int64_t id) const {
    return home_.items() / fmt::format("{}.json", id);
}

Result<ItemStore::Records> ItemStore::load() const {
    Records records;
    const auto paths = list_folder(home_.items());
    if (!paths) return std::unexpected(paths.error());
    for (const fs::path& path : *paths) {
        const auto id = parse_number(path.stem().native());
        if (path.extension() != ".json" || !id) continue;  // left by a write that was cut short
        records.last_id = std::max(records.last_id, *id);
        const auto document = disk::read_private_file(path, max_record);
        auto item = document ? decode_item(*document) : std::unexpected(document.error());
        if (!item || item->id != *id) {
            spdlog::warn("'{}' is left out: {}", printable(path.native()),
                         item ? "it is another item's record" : item.error().message);
            records.damaged = true;
            continue;
        }
        records.items.push_back(std::move(*item));
    }
    std::ranges::sort(records.items, {}, &Item::id);
    return records;
}

Result<void> ItemStore::save(const Item& item) const {
    return disk::write_private_file(record_of(item.id), encode_item(item));
}

void ItemStore::remove(std::int64_t id) const {
    std::error_code ignored;
    fs::remove(record_of(id), ignored);
}

Result<void> ItemStore::save_torrent(const metainfo::Info& info) const {
    const InfoHash hash = info.info_hash();
    if (torrent(hash)) return {};
    metainfo::Metainfo bare;
    // Shared without owning: it is encoded right here.
    bare.info = std::shared_ptr<const metainfo::Info>(std::shared_ptr<void>(), &info);
    return disk::write_private_file(home_.torrent_of(hash), bare.encode());
}

Result<std::shared_ptr<const metainfo::Info>> ItemStore::torrent(const InfoHash& info_hash) const {
    auto bytes = disk::read_file(home_.torrent_of(info_hash), metainfo::max_torrent_bytes);
    if (!bytes) return std::unexpected(bytes.error());
    auto torrent = metainfo::Metainfo::parse(std::move(*bytes));
    if (!torrent) return std::unexpected(torrent.error());
    if (torrent->info->info_hash() != info_hash) {
        return fail(ErrorCode::bad_data, "the torrent of {} is another one's", info_hash.hex());
    }
    return torrent->info;
}

void ItemStore::remove_torrent(const InfoHash& info_hash) const {
    std::error_code ignored;
    fs::remove(home_.torrent_of(info_hash), ignored);
}

void ItemStore::remove_torrents_but(const std::vector<Item>& items) const {
    std::set<fs::path> kept;
    for (const Item& item : items) {
        if (item.info_hash) kept.insert(home_.torrent_of(*item.info_hash));
    }
    const auto paths = list_folder(home_.torrents());
    if (!paths) return;
    std::error_code ignored;
    for (const fs::path& path : *paths) {
        const bool ours = path.extension() == ".torrent" &&
                          path.stem().native().size() == 2 * InfoHash::size &&
                          from_hex(path.stem().native());
        if (ours && !kept.contains(path)) fs::remove(path, ignored);
    }
}

}  // namespace shoal::node

#include "node/item_store.h"

#include <algorithm>
#include <spdlog/spdlog.h>

#include "base/text.h"
#include "disk/files.h"
#include "disk/private_file.h"

namespace shoal::node {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_record = 1 << 20;

}  // namespace

fs::path ItemStore::record_of(std::int64_t id) const {
    return home_.items() / fmt::format("{}.json", id);
}

Result<std::vector<Item>> ItemStore::load() const {
    std::vector<Item> items;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(home_.items(), error)) {
        const fs::path& path = entry.path();
        const auto id = parse_number(path.stem().native());
        if (path.extension() != ".json" || !id) continue;  // left by a write that was cut short
        const auto document = disk::read_private_file(path, max_record);
        auto item = document ? decode_item(*document) : std::unexpected(document.error());
        if (!item || item->id != *id) {
            spdlog::warn("'{}' is left out: {}", printable(path.native()),
                         item ? "it is another item's record" : item.error().message);
            continue;
        }
        items.push_back(std::move(*item));
    }
    if (error) {
        return fail(ErrorCode::failed, "cannot read '{}': {}", printable(home_.items().native()),
                    error.message());
    }
    std::ranges::sort(items, {}, &Item::id);
    return items;
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

}  // namespace shoal::node

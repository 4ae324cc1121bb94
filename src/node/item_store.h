// The records of items and their torrents on disk: items/ID.json and torrents/INFO_HASH.torrent.
#pragma once
#include <memory>
#include <vector>

#include "base/error.h"
#include "metainfo/metainfo.h"
#include "node/home.h"
#include "node/item.h"

namespace shoal::node {

/// Methods block on the disk. Thread-safe as long as one item is not written by two at once.
class ItemStore {
  public:
    /// The home must outlive it.
    explicit ItemStore(const Home& home) : home_(home) {}

    struct Records {
        std::vector<Item> items;   ///< by id
        std::int64_t last_id = 0;  ///< the highest, also of one that is damaged
        bool damaged = false;      ///< one was told of in the log, kept, and left out
    };
    [[nodiscard]] Result<Records> load() const;
    /// Once it returns, the record is safe from a power cut.
    [[nodiscard]] Result<void> save(const Item& item) const;
    /// What is not there is as good as removed.
    void remove(std::int64_t id) const;

    /// Without trackers: an address to announce to may hold a passkey. Kept when it is there.
    [[nodiscard]] Result<void> save_torrent(const metainfo::Info& info) const;
    /// not_found, bad_data: another torrent than that, or a damaged one.
    [[nodiscard]] Result<std::shared_ptr<const metainfo::Info>> torrent(
        const InfoHash& info_hash) const;
    void remove_torrent(const InfoHash& info_hash) const;
    /// Removes the torrents that none of the items has.
    void remove_torrents_but(const std::vector<Item>& items) const;

  private:
    [[nodiscard]] std::filesystem::path record_of(std::int64_t id) const;

    const Home& home_;
};

}  // namespace shoal::node

// The data folder of a peer:
//
//   shared/       what is put here is published by itself; unfinished uploads in shared/.uploads/
//   downloads/    what was fetched; unfinished downloads in downloads/.progress/
//   torrents/     the metainfo files of all that is shared and fetched, by info hash
//   items/        one record for each of these: item.h
//   account.json  the group: account.h
//   page.key      what lets browsers in again: page_entrance.h
//   daemon        the daemon's own random id, the same for its whole life
//   api.json      where the running daemon answers, and the token for it
//   lock          held by the daemon that works here
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/digest.h"
#include "base/error.h"
#include "disk/file_system.h"

namespace shoal::node {

/// Whether a path is the folder or lies in it; both absolute and normal.
bool is_within(const std::filesystem::path& path, const std::filesystem::path& folder);

class Home {
  public:
    /// Makes what does not exist yet, for its owner alone. Blocks for the disk.
    /// refused: another daemon works in the folder, or no permission.
    static Result<Home> open(const std::filesystem::path& folder);

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    /// These two are real places, where the user has put a symlink for one of them, too.
    [[nodiscard]] const std::filesystem::path& shared() const { return shared_; }
    [[nodiscard]] const std::filesystem::path& downloads() const { return downloads_; }
    [[nodiscard]] std::filesystem::path torrents() const { return folder_ / "torrents"; }
    [[nodiscard]] std::filesystem::path items() const { return folder_ / "items"; }
    [[nodiscard]] std::filesystem::path torrent_of(const InfoHash& info_hash) const {
        return torrents() / (info_hash.hex() + ".torrent");
    }
    [[nodiscard]] const std::string& daemon() const { return daemon_; }
    /// Whether a path is this peer's own affair, or holds what is: it is not to be shared.
    [[nodiscard]] bool is_private(const std::filesystem::path& path) const;

    /// A path as others are shown it: relative to this folder.
    [[nodiscard]] std::string shown(const std::filesystem::path& path) const;

  private:
    Home() = default;

    std::filesystem::path folder_;
    std::filesystem::path shared_;
    std::filesystem::path downloads_;
    std::shared_ptr<disk::File> lock_;
    std::string daemon_;
};

/// How programs of the same user reach the daemon that works in a data folder.
struct ApiAccess {
    std::string url;    ///< http://HOST:PORT
    std::string token;  ///< a secret

    /// not_found: no daemon runs there. bad_data: a damaged file.
    static Result<ApiAccess> load(const std::filesystem::path& folder);
    [[nodiscard]] Result<void> save(const std::filesystem::path& folder) const;
    static void remove(const std::filesystem::path& folder);
};

}  // namespace shoal::node

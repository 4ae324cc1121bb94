// The files that a user wants to share: found on disk, and hashed by several threads.
#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "metainfo/create.h"

namespace shoal::disk {

/// What a file was when it was found; another size or time later means that it has changed.
struct SharedFile {
    std::vector<std::string> path;  ///< below the folder; for a single file its name
    ByteCount length = 0;
    std::int64_t modified = 0;  ///< nanoseconds since 1970
    bool executable = false;
};

struct SharedTree {
    std::filesystem::path root;  ///< the file or folder on disk
    std::string name;
    bool folder = false;
    std::vector<SharedFile> files{};     ///< ascending by path, component by component
    std::vector<std::string> skipped{};  ///< what is not shared, one line for people each
};

/// Finds what there is to share. The path itself may be a symlink; inside a folder, symlinks and
/// special files are skipped, so that nothing from outside the folder is shared by accident.
/// not_found: no such path. usage: an empty folder. refused: something that may not be read.
Result<SharedTree> scan_tree(const std::filesystem::path& path);

/// Called with the bytes hashed so far, about ten times a second, by the calling thread.
using HashProgress = std::function<void(ByteCount done)>;

/// Hashes all pieces of a torrent planned from the tree. Each thread takes whole pieces and holds
/// 1 MiB. failed: a file changed or vanished meanwhile; cancelled: `stop` was set.
Result<void> hash_tree(const SharedTree& tree, metainfo::TorrentMaker& maker, unsigned threads,
                       const std::atomic<bool>& stop, const HashProgress& progress);

}  // namespace shoal::disk

// The user's content on disk as the daemon looks at it: made into a torrent, and seen to have
// changed. Everything here blocks on the disk.
#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/digest.h"
#include "base/error.h"
#include "disk/shared_tree.h"
#include "metainfo/create.h"
#include "metainfo/metainfo.h"

namespace shoal::node {

/// Content that is to become a torrent of the group; its size is known, its hash not yet.
struct TorrentPlan {
    disk::SharedTree tree;
    metainfo::TorrentMaker maker;
};

/// The torrent is private, v1, and called `name`, so that the same content under the same name is
/// one swarm whoever shares it. piece_length: bytes; 0: chosen by size.
/// not_found, refused, usage, bad_data: as scan_tree() and TorrentMaker::plan().
Result<TorrentPlan> plan_torrent(const std::filesystem::path& path, const std::string& name,
                                 std::uint32_t piece_length);

/// How far the hashing is; any thread may look and stop it.
struct HashProgress {
    std::atomic<ByteCount> done = 0;  ///< bytes
    std::atomic<bool> stop = false;
};

/// failed: a file changed meanwhile. cancelled: it was stopped.
Result<std::shared_ptr<const metainfo::Info>> hash_content(TorrentPlan& plan,
                                                           HashProgress& progress);

/// What the torrent's files look like from outside (sizes and times): another value later means
/// that some file was changed, moved or removed. not_found: nothing is there any more. Otherwise as
/// disk::open_content().
Result<Sha1Digest> content_stamp(std::shared_ptr<const metainfo::Info> info,
                                 const std::filesystem::path& path);

/// The same of a file or folder that is no torrent yet.
Sha1Digest tree_stamp(const disk::SharedTree& tree);

}  // namespace shoal::node

#include "node/content.h"

#include <algorithm>
#include <array>
#include <thread>

#include "base/hash.h"
#include "disk/content.h"

namespace shoal::node {
namespace {

void add(Sha1& hash, std::int64_t number) {
    std::array<std::byte, 8> bytes{};
    store_big_endian(static_cast<std::uint64_t>(number), bytes);
    hash.update(bytes);
}

}  // namespace

Result<TorrentPlan> plan_torrent(const std::filesystem::path& path, const std::string& name,
                                 std::uint32_t piece_length) {
    auto tree = disk::scan_tree(path);
    if (!tree) return std::unexpected(tree.error());
    metainfo::NewTorrent torrent{.name = name,
                                 .folder = tree->folder,
                                 .files = {},
                                 .format = metainfo::Format::v1,
                                 .piece_length = piece_length,
                                 .is_private = true};
    for (const disk::SharedFile& file : tree->files) {
        torrent.files.push_back({file.path, file.length, file.executable});
    }
    auto maker = metainfo::TorrentMaker::plan(std::move(torrent));
    if (!maker) return std::unexpected(maker.error());
    return TorrentPlan{std::move(*tree), std::move(*maker)};
}

Result<std::shared_ptr<const metainfo::Info>> hash_content(TorrentPlan& plan,
                                                           HashProgress& progress) {
    const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1u, 16u);
    const auto show = [&](ByteCount done) { progress.done = done; };
    if (auto ok = disk::hash_tree(plan.tree, plan.maker, threads, progress.stop, show); !ok) {
        return std::unexpected(ok.error());
    }
    auto info = plan.maker.finish();
    if (!info) return std::unexpected(info.error());
    return std::make_shared<const metainfo::Info>(std::move(*info));
}

Result<Sha1Digest> content_stamp(std::shared_ptr<const metainfo::Info> info,
                                 const std::filesystem::path& path) {
    const auto storage = disk::open_content(std::move(info), *disk::native_file_system(), path);
    if (!storage) return std::unexpected(storage.error());
    const auto stamps = (*storage)->look();
    if (!stamps) return std::unexpected(stamps.error());
    Sha1 hash;
    for (const disk::FileStamp& stamp : *stamps) {
        add(hash, stamp.size);
        add(hash, stamp.modified);
    }
    return hash.finish();
}

Sha1Digest tree_stamp(const disk::SharedTree& tree) {
    Sha1 hash;
    for (const disk::SharedFile& file : tree.files) {
        for (const std::string& part : file.path) hash.update(bytes_of(part + "/"));
        add(hash, file.length);
        add(hash, file.modified);
    }
    return hash.finish();
}

}  // namespace shoal::node

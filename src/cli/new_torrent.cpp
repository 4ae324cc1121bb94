#include "cli/new_torrent.h"

#include <algorithm>
#include <ctime>
#include <thread>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "disk/files.h"
#include "engine/source.h"

namespace shoal::cli {

namespace fs = std::filesystem;
using metainfo::Metainfo;
using metainfo::TorrentMaker;

namespace {

Result<metainfo::TrackerTiers> tiers_of(const std::vector<std::string>& urls) {
    metainfo::TrackerTiers tiers;
    for (const std::string& url : urls) {
        if (!metainfo::is_tracker_url(url)) {
            return fail(ErrorCode::usage, "'{}' is no tracker URL: write http://HOST:PORT/announce",
                        printable(url));
        }
        tiers.push_back({url});
    }
    return tiers;
}

std::unexpected<Error> occupied(const fs::path& path) {
    return fail(ErrorCode::refused, "'{}' exists already: remove it, or name another place",
                printable(path.native()));
}

}  // namespace

NewTorrent::NewTorrent(disk::SharedTree tree, TorrentMaker maker, metainfo::TrackerTiers trackers,
                       unsigned threads)
    : tree_(std::move(tree)),
      maker_(std::move(maker)),
      trackers_(std::move(trackers)),
      threads_(threads) {}

Result<NewTorrent> NewTorrent::plan(const NewTorrentOptions& options) {
    auto trackers = tiers_of(options.trackers);
    if (!trackers) return std::unexpected(trackers.error());
    auto tree = disk::scan_tree(options.path);
    if (!tree) return std::unexpected(tree.error());
    metainfo::NewTorrent torrent{.name = tree->name,
                                 .folder = tree->folder,
                                 .files = {},
                                 .format = options.format,
                                 .piece_length = options.piece_length,
                                 .is_private = options.is_private};
    for (const disk::SharedFile& file : tree->files) {
        torrent.files.push_back({file.path, file.length, file.executable});
    }
    auto maker = TorrentMaker::plan(std::move(torrent));
    if (!maker) return std::unexpected(maker.error());
    const unsigned threads = options.threads != 0
                                 ? options.threads
                                 : std::clamp(std::thread::hardware_concurrency(), 1u, 64u);
    return NewTorrent(std::move(*tree), std::move(*maker), std::move(*trackers), threads);
}

Result<Metainfo> NewTorrent::make(const std::atomic<bool>& stop,
                                  const disk::HashProgress& progress) {
    if (auto ok = disk::hash_tree(tree_, maker_, threads_, stop, progress); !ok) {
        return std::unexpected(ok.error());
    }
    auto info = maker_.finish();
    if (!info) return std::unexpected(info.error());
    Metainfo torrent;
    torrent.info = std::make_shared<const metainfo::Info>(std::move(*info));
    torrent.trackers = trackers_;
    torrent.created_by = "shoal";
    torrent.creation_date = std::time(nullptr);
    return torrent;
}

Result<std::optional<Metainfo>> torrent_in_place(const fs::path& path) {
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(path, ignored))) return std::nullopt;
    auto there = engine::read_torrent(path.native());
    if (!there) return occupied(path);
    return std::move(*there);
}

Result<bool> write_torrent(const fs::path& path, const std::optional<Metainfo>& there,
                           const Metainfo& torrent) {
    if (there) {
        const bool same = there->info->info_hash() == torrent.info->info_hash() &&
                          there->trackers == torrent.trackers;
        if (!same) return occupied(path);
        return false;
    }
    if (auto ok = disk::write_new_file(path, bytes_of(torrent.encode())); !ok) {
        return std::unexpected(ok.error());
    }
    return true;
}

HashingLine::HashingLine(ByteCount total)
    : total_(total), terminal_(::isatty(STDERR_FILENO) == 1) {}

HashingLine::~HashingLine() {
    if (shown_) fmt::print(stderr, "\r\033[K");
}

void HashingLine::show(ByteCount done) {
    if (!terminal_ || total_ == 0) return;
    const double elapsed = seconds(Clock::now() - start_);
    const auto rate = static_cast<ByteCount>(static_cast<double>(done) / std::max(elapsed, 0.001));
    fmt::print(stderr, "\r\033[Khashing {} of {} ({} %), {}/s", format_size(done),
               format_size(total_), done * 100 / total_, format_size(rate));
    shown_ = true;
}

Result<std::uint32_t> parse_piece_length(const std::string& text) {
    if (text.empty()) return 0;
    const auto bytes = parse_size(text);
    if (!bytes) return std::unexpected(bytes.error());
    if (*bytes < 1 || *bytes > metainfo::max_piece_length) {
        return fail(ErrorCode::usage, "'{}' is no piece length: choose a power of two from 16K",
                    printable(text));
    }
    return static_cast<std::uint32_t>(*bytes);
}

}  // namespace shoal::cli

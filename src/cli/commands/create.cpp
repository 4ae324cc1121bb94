// shoal create: makes a torrent of a file or folder.
#include <algorithm>
#include <csignal>
#include <ctime>
#include <memory>
#include <thread>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/commands/commands.h"
#include "cli/describe.h"
#include "cli/source.h"
#include "disk/files.h"
#include "disk/shared_tree.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;
using metainfo::Format;
using metainfo::Metainfo;
using metainfo::TorrentMaker;

struct Options {
    std::string path;
    std::string output;
    std::vector<std::string> trackers;
    std::string piece_length;
    std::string format = "v1";
    bool is_private = false;
    unsigned threads = 0;
    bool dry_run = false;
};

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

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

Format format_of(std::string_view name) {
    return name == "v1" ? Format::v1 : name == "v2" ? Format::v2 : Format::hybrid;
}

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

fs::path output_path(const Options& options, const std::string& name) {
    if (options.output.empty()) return name + ".torrent";
    std::error_code ignored;
    if (fs::is_directory(options.output, ignored)) {
        return fs::path(options.output) / (name + ".torrent");
    }
    return options.output;
}

/// A line on the terminal that says how far the hashing is.
class Progress {
  public:
    explicit Progress(ByteCount total) : total_(total) {}
    ~Progress() {
        if (shown_) fmt::print(stderr, "\r\033[K");
    }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void show(ByteCount done) {
        if (!terminal_ || total_ == 0) return;
        const double elapsed = seconds(Clock::now() - start_);
        const auto rate =
            static_cast<ByteCount>(static_cast<double>(done) / std::max(elapsed, 0.001));
        fmt::print(stderr, "\r\033[Khashing {} of {} ({} %), {}/s", format_size(done),
                   format_size(total_), done * 100 / total_, format_size(rate));
        shown_ = true;
    }

  private:
    ByteCount total_;
    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool shown_ = false;
    TimePoint start_ = Clock::now();
};

Result<TorrentMaker> plan(const Options& options, const disk::SharedTree& tree) {
    const auto piece_length = parse_piece_length(options.piece_length);
    if (!piece_length) return std::unexpected(piece_length.error());
    metainfo::NewTorrent torrent{.name = tree.name,
                                 .folder = tree.folder,
                                 .files = {},
                                 .format = format_of(options.format),
                                 .piece_length = *piece_length,
                                 .is_private = options.is_private};
    for (const disk::SharedFile& file : tree.files) {
        torrent.files.push_back({file.path, file.length, file.executable});
    }
    return TorrentMaker::plan(std::move(torrent));
}

std::unexpected<Error> occupied(const fs::path& path) {
    return fail(ErrorCode::refused, "'{}' exists already: remove it, or name another with -o",
                printable(path.native()));
}

/// The torrent that stands where ours is to go; nothing when the place is free. Found before the
/// hashing, so that a refusal costs no time. refused: something else is there.
Result<std::optional<Metainfo>> torrent_in_place(const fs::path& path) {
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(path, ignored))) return std::nullopt;
    auto there = read_torrent(path.native());
    if (!there) return occupied(path);
    return std::move(*there);
}

/// The same torrent made again is no reason to complain, and nothing to write.
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

void report(const Context& context, const Metainfo& torrent, const fs::path& path, bool dry_run,
            bool written) {
    const metainfo::Info& info = *torrent.info;
    if (context.json) {
        auto all = describe(torrent);
        if (!dry_run) all["file"] = printable(path.native());
        all["written"] = written;
        print_json(all);
        return;
    }
    if (info.has_v1()) print_line(fmt::format("info hash     {}", info.hash_v1().hex()));
    if (info.has_v2()) {
        print_line(fmt::format("{:<14}{}", info.has_v1() ? "info hash v2" : "info hash",
                               info.hash_v2().hex()));
    }
    if (!dry_run) {
        print_line(fmt::format("torrent       {}{}", printable(path.native()),
                               written ? "" : " (unchanged)"));
    }
}

Result<Metainfo> make(const Options& options, const disk::SharedTree& tree, TorrentMaker& maker) {
    const unsigned threads = options.threads != 0
                                 ? options.threads
                                 : std::clamp(std::thread::hardware_concurrency(), 1u, 64u);
    {
        Progress progress(maker.layout().content_size());
        const auto show = [&](ByteCount done) { progress.show(done); };
        if (auto ok = disk::hash_tree(tree, maker, threads, interrupted, show); !ok) {
            return std::unexpected(ok.error());
        }
    }
    auto info = maker.finish();
    if (!info) return std::unexpected(info.error());
    Metainfo torrent;
    torrent.info = std::make_shared<const metainfo::Info>(std::move(*info));
    torrent.created_by = "shoal";
    torrent.creation_date = std::time(nullptr);
    return torrent;
}

Result<void> run(const Context& context, const Options& options) {
    auto trackers = tiers_of(options.trackers);
    if (!trackers) return std::unexpected(trackers.error());
    const auto tree = disk::scan_tree(options.path);
    if (!tree) return std::unexpected(tree.error());
    auto maker = plan(options, *tree);
    if (!maker) return std::unexpected(maker.error());
    const fs::path path = output_path(options, tree->name);
    std::optional<Metainfo> there;
    if (!options.dry_run) {
        auto found = torrent_in_place(path);
        if (!found) return std::unexpected(found.error());
        there = std::move(*found);
    }
    for (const std::string& line : tree->skipped) fmt::print(stderr, "shoal: {}\n", line);

    std::signal(SIGINT, [](int) { interrupted = true; });
    std::signal(SIGTERM, [](int) { interrupted = true; });
    auto torrent = make(options, *tree, *maker);
    if (!torrent) return std::unexpected(torrent.error());
    torrent->trackers = std::move(*trackers);
    bool written = false;
    if (!options.dry_run) {
        const auto result = write_torrent(path, there, *torrent);
        if (!result) return std::unexpected(result.error());
        written = *result;
    }
    report(context, *torrent, path, options.dry_run, written);
    return {};
}

}  // namespace

void add_create(CLI::App& app, Context& context) {
    auto* command = app.add_subcommand("create", "Make a torrent of a file or folder");
    const auto options = std::make_shared<Options>();
    command->add_option("path", options->path, "The file or folder to share")->required();
    command->add_option("-o,--output", options->output, "Where to write it (NAME.torrent here)");
    command->add_option("--tracker", options->trackers, "Announce URL; may be given several times")
        ->allow_extra_args(false);
    command->add_option("--piece-length", options->piece_length,
                        "Such as 256K or 4M; chosen by size if not given");
    command->add_option("--format", options->format, "v1, v2 or hybrid")
        ->check(CLI::IsMember({"v1", "v2", "hybrid"}))
        ->capture_default_str();
    command->add_flag("--private", options->is_private,
                      "Peers come from the torrent's trackers alone");
    command->add_option("--threads", options->threads, "Threads that hash; one a core if not given")
        ->check(CLI::Range(1, 256));
    command->add_flag("--dry-run", options->dry_run, "Only print the info hash");
    command->callback([&context, options] {
        context.action = [&context, options] { return run(context, *options); };
    });
}

}  // namespace shoal::cli

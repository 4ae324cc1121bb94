// shoal create: makes a torrent of a file or folder.
#include <csignal>
#include <memory>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/describe.h"
#include "cli/new_torrent.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;
using metainfo::Format;
using metainfo::Metainfo;

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

Format format_of(std::string_view name) {
    return name == "v1" ? Format::v1 : name == "v2" ? Format::v2 : Format::hybrid;
}

fs::path output_path(const Options& options, const std::string& name) {
    if (options.output.empty()) return name + ".torrent";
    std::error_code ignored;
    if (fs::is_directory(options.output, ignored)) {
        return fs::path(options.output) / (name + ".torrent");
    }
    return options.output;
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

Result<NewTorrent> plan(const Options& options) {
    const auto piece_length = parse_piece_length(options.piece_length);
    if (!piece_length) return std::unexpected(piece_length.error());
    return NewTorrent::plan({.path = options.path,
                             .trackers = options.trackers,
                             .piece_length = *piece_length,
                             .format = format_of(options.format),
                             .is_private = options.is_private,
                             .threads = options.threads});
}

Result<Metainfo> make(NewTorrent& planned) {
    HashingLine line(planned.size());
    return planned.make(interrupted, [&](ByteCount done) { line.show(done); });
}

Result<void> run(const Context& context, const Options& options) {
    auto planned = plan(options);
    if (!planned) return std::unexpected(planned.error());
    const fs::path path = output_path(options, planned->tree().name);
    std::optional<Metainfo> there;
    if (!options.dry_run) {
        auto found = torrent_in_place(path);
        if (!found) return std::unexpected(found.error());
        there = std::move(*found);
    }
    for (const std::string& line : planned->tree().skipped) fmt::print(stderr, "shoal: {}\n", line);

    std::signal(SIGINT, [](int) { interrupted = true; });
    std::signal(SIGTERM, [](int) { interrupted = true; });
    const auto torrent = make(*planned);
    if (!torrent) return std::unexpected(torrent.error());
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

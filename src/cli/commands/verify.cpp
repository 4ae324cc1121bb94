// shoal verify: whether content on disk is what a torrent says.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <iterator>
#include <memory>
#include <thread>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/commands/commands.h"
#include "cli/describe.h"
#include "cli/signals.h"
#include "disk/content.h"
#include "disk/disk_service.h"
#include "engine/source.h"
#include "metainfo/path.h"

namespace shoal::cli {
namespace {

using disk::FileReport;
using disk::FileState;
using metainfo::Layout;

struct Options {
    std::string torrent;
    std::string path;
};

enum class Finding : std::uint8_t {
    good,
    damaged,
    /// All that is bad of it are pieces that it shares with files that are missing or damaged.
    unproven,
    missing,
    wrong_size,
    no_file,
    unreadable,
};

std::string_view name_of(Finding finding) {
    switch (finding) {
        case Finding::good:
            return "good";
        case Finding::damaged:
            return "damaged";
        case Finding::unproven:
            return "unproven";
        case Finding::missing:
            return "missing";
        case Finding::wrong_size:
            return "wrong_size";
        case Finding::no_file:
            return "no_file";
        case Finding::unreadable:
            return "unreadable";
    }
    return "";
}

Finding finding_of(FileState state) {
    switch (state) {
        case FileState::present:
            return Finding::good;
        case FileState::missing:
            return Finding::missing;
        case FileState::wrong_size:
            return Finding::wrong_size;
        case FileState::no_file:
            return Finding::no_file;
        case FileState::unreadable:
            return Finding::unreadable;
    }
    return Finding::unreadable;
}

/// A line on the terminal that says how far the check is.
class ProgressLine {
  public:
    explicit ProgressLine(const Layout& layout) : layout_(layout) {}
    ~ProgressLine() {
        if (shown_) fmt::print(stderr, "\r\033[K");
    }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void add(PieceIndex piece) {
        done_ += layout_.piece_size(piece);
        const TimePoint now = Clock::now();
        if (!terminal_ || now - last_ < 100ms) return;
        last_ = now;
        fmt::print(stderr, "\r\033[Kchecking {} of {} ({} %)", format_size(done_),
                   format_size(layout_.total_size()), done_ * 100 / layout_.total_size());
        shown_ = true;
    }

  private:
    const Layout& layout_;
    ByteCount done_ = 0;
    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool shown_ = false;
    TimePoint last_ = Clock::now();
};

/// The pieces that can be hashed at all: those without bytes of a file that cannot be opened.
std::vector<PieceIndex> readable_pieces(const Layout& layout,
                                        const std::vector<FileReport>& reports) {
    Bitfield readable(layout.piece_count(), true);
    for (std::uint32_t i = 0; i < reports.size(); ++i) {
        const FileState state = reports[i].state;
        if (state == FileState::present || state == FileState::wrong_size) continue;
        const auto [first, last] = layout.pieces_of(FileIndex(i));
        for (PieceIndex piece = first; piece < last; ++piece) readable.clear(piece);
    }
    std::vector<PieceIndex> pieces;
    pieces.reserve(readable.count());
    readable.for_each_set(
        [&](std::size_t piece) { pieces.emplace_back(static_cast<std::uint32_t>(piece)); });
    return pieces;
}

Result<Bitfield> hash_pieces(const std::shared_ptr<disk::Storage>& storage,
                             std::vector<PieceIndex> pieces) {
    boost::asio::io_context context;
    disk::DiskService service(context.get_executor(),
                              std::clamp(std::thread::hardware_concurrency(), 1u, 64u));
    std::stop_source stop;
    Signals signals(context.get_executor(), [&](int) { stop.request_stop(); });
    ProgressLine line(storage->layout());
    Result<Bitfield> good = fail(ErrorCode::failed, "the check did not end");
    service.check(storage, std::move(pieces),
                  {.progress = [&](PieceIndex piece, metainfo::Verdict) { line.add(piece); },
                   .stop = stop.get_token()},
                  [&](Result<Bitfield> result) {
                      good = std::move(result);
                      signals.cancel();
                  });
    context.run();
    return good;
}

/// What is to be said of each file, from what it looks like and from its pieces.
std::vector<Finding> judge(const Layout& layout, const std::vector<FileReport>& reports,
                           const Bitfield& good) {
    std::vector<Finding> findings(reports.size());
    std::vector<std::uint32_t> in_shared_pieces_only;
    for (std::uint32_t i = 0; i < reports.size(); ++i) {
        findings[i] = finding_of(reports[i].state);
        const metainfo::File& file = layout.files()[i];
        if (findings[i] != Finding::good || file.padding) continue;
        bool shared = false;
        const auto [first, last] = layout.pieces_of(FileIndex(i));
        for (PieceIndex piece = first; piece < last; ++piece) {
            if (good[piece]) continue;
            const ByteCount begin = layout.piece_offset(piece);
            const ByteCount end = begin + layout.piece_data_size(piece);
            if (file.offset <= begin && end <= file.offset + file.length) {
                findings[i] = Finding::damaged;
                break;
            }
            shared = true;
        }
        if (shared && findings[i] == Finding::good) in_shared_pieces_only.push_back(i);
    }
    const auto is_to_blame = [&](std::uint32_t self, PieceIndex piece) {
        const auto slices = layout.slices(layout.piece_offset(piece), layout.piece_size(piece));
        return std::ranges::any_of(slices, [&](const auto& slice) {
            const Finding other = findings[slice.file.value()];
            return slice.file.value() != self && other != Finding::good &&
                   other != Finding::unproven;
        });
    };
    std::vector<std::pair<std::uint32_t, Finding>> settled;
    for (const std::uint32_t i : in_shared_pieces_only) {
        const auto [first, last] = layout.pieces_of(FileIndex(i));
        bool blamed = true;
        for (PieceIndex piece = first; piece < last; ++piece) {
            if (!good[piece]) blamed = blamed && is_to_blame(i, piece);
        }
        settled.emplace_back(i, blamed ? Finding::unproven : Finding::damaged);
    }
    for (const auto& [file, finding] : settled) findings[file] = finding;
    return findings;
}

/// Text for standard output, written in large portions.
class Output {
  public:
    Output() = default;
    ~Output() { print_text(text_); }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    template <class... Args>
    void add(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
        if (text_.size() < (64 << 10)) return;
        print_text(text_);
        text_.clear();
    }

  private:
    std::string text_;
};

void show_json(const disk::Storage& storage, const std::vector<Finding>& findings,
               const std::vector<FileReport>& reports, const Bitfield& good, bool complete) {
    const Layout& layout = storage.layout();
    std::string head =
        boost::json::serialize(boost::json::object{{"name", printable(storage.info().name())},
                                                   {"info_hash", storage.info().info_hash().hex()},
                                                   {"complete", complete},
                                                   {"pieces", layout.piece_count()},
                                                   {"good_pieces", good.count()}});
    head.pop_back();
    Output out;
    out.add("{},\"files\":[", head);
    bool first = true;
    for (std::uint32_t i = 0; i < findings.size(); ++i) {
        const metainfo::File& file = layout.files()[i];
        if (file.padding) continue;
        boost::json::object entry{{"path", metainfo::join_path(file.path)},
                                  {"size", file.length},
                                  {"state", name_of(findings[i])}};
        if (!reports[i].problem.empty()) entry["problem"] = reports[i].problem;
        out.add("{}{}", first ? "" : ",", boost::json::serialize(entry));
        first = false;
    }
    out.add("]}}\n");
}

void show(const disk::Storage& storage, const std::vector<Finding>& findings,
          const std::vector<FileReport>& reports, const Bitfield& good) {
    const Layout& layout = storage.layout();
    Output out;
    for (std::uint32_t i = 0; i < findings.size(); ++i) {
        if (layout.files()[i].padding) continue;
        std::string word(name_of(findings[i]));
        std::ranges::replace(word, '_', ' ');
        out.add("{:<11} {}\n", word, printable(metainfo::join_path(layout.files()[i].path)));
        if (!reports[i].problem.empty()) out.add("{:<11} {}\n", "", reports[i].problem);
    }
    out.add("{} of {} pieces good, {} in all\n", good.count(), layout.piece_count(),
            format_size(layout.content_size()));
}

Result<void> run(Context& context, const Options& options) {
    const auto torrent = engine::read_torrent(options.torrent);
    if (!torrent) return std::unexpected(torrent.error());
    if (!torrent->info->has_layers()) {
        return fail(ErrorCode::bad_data, "'{}' lacks the hashes of its pieces (piece layers)",
                    printable(options.torrent));
    }
    const auto files = disk::native_file_system();
    const auto storage = disk::open_content(torrent->info, *files, options.path);
    if (!storage) return std::unexpected(storage.error());
    const auto reports = disk::inspect(**storage);
    const Layout& layout = torrent->info->layout();
    auto good = hash_pieces(*storage, readable_pieces(layout, reports));
    if (!good) return std::unexpected(good.error());

    const auto findings = judge(layout, reports, *good);
    const auto not_good =
        std::ranges::count_if(findings, [](Finding finding) { return finding != Finding::good; });
    const bool complete = not_good == 0 && good->all();
    if (context.json) {
        show_json(**storage, findings, reports, *good, complete);
        context.answered = true;
    } else {
        show(**storage, findings, reports, *good);
    }
    if (complete) return {};
    return fail(ErrorCode::bad_data,
                "{} of {} files in '{}' are not whole; remove or replace them and check again",
                not_good, content_file_count(*torrent->info), printable(options.path));
}

}  // namespace

void add_verify(CLI::App& app, Context& context) {
    auto* command = app.add_subcommand("verify", "Check content on disk against its torrent");
    const auto options = std::make_shared<Options>();
    command->add_option("torrent", options->torrent, "The .torrent file")->required();
    command->add_option("path", options->path, "The content, or the folder that holds it")
        ->required();
    command->callback([&context, options] {
        context.action = [&context, options] { return run(context, *options); };
    });
}

}  // namespace shoal::cli

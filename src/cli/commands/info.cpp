// shoal info: what a torrent or magnet link says.
#include <boost/json/serialize.hpp>
#include <chrono>
#include <iterator>
#include <memory>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/describe.h"
#include "engine/source.h"
#include "metainfo/path.h"

namespace shoal::cli {
namespace {

using metainfo::File;
using metainfo::Info;
using metainfo::Magnet;
using metainfo::Metainfo;

/// Gathers text and writes it in large portions, so that a list of very many files costs neither
/// memory nor a system call each.
class Output {
  public:
    ~Output() { print_text(text_); }
    Output() = default;
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    template <class... Args>
    void add(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
        if (text_.size() < (64 << 10)) return;
        print_text(text_);
        text_.clear();
    }
    void field(std::string_view name, std::string_view value) {
        add("{:<14}{}\n", name, printable(value));
    }

  private:
    std::string text_;
};

std::string format_date(std::int64_t seconds) {
    // The years that the calendar of the C library can name in four digits.
    if (seconds < 0 || seconds > 253'402'300'799) return fmt::format("{}", seconds);
    const auto when = static_cast<std::time_t>(seconds);
    std::tm parts{};
    ::gmtime_r(&when, &parts);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
    return {text.data(), size};
}

void show_hashes(Output& out, const std::optional<Sha1Digest>& v1,
                 const std::optional<Sha256Digest>& v2) {
    if (v1) out.field("info hash", v1->hex());
    if (v2) out.field(v1 ? "info hash v2" : "info hash", v2->hex());
}

void show(const Metainfo& torrent) {
    const Info& info = *torrent.info;
    const metainfo::Layout& layout = info.layout();
    Output out;
    out.field("name", info.name());
    out.field("format", metainfo::format_name(info.format()));
    show_hashes(out, info.has_v1() ? std::optional(info.hash_v1()) : std::nullopt,
                info.has_v2() ? std::optional(info.hash_v2()) : std::nullopt);
    const std::size_t count = content_file_count(info);
    out.field("size", fmt::format("{} ({} bytes) in {} file{}", format_size(layout.content_size()),
                                  layout.content_size(), count, count == 1 ? "" : "s"));
    out.field("pieces",
              fmt::format("{} of {}", layout.piece_count(), format_size(layout.piece_length())));
    out.field("private", info.is_private() ? "yes" : "no");
    for (std::size_t tier = 0; tier < torrent.trackers.size(); ++tier) {
        for (const std::string& url : torrent.trackers[tier]) {
            out.field(fmt::format("tracker {}", tier + 1), url);
        }
    }
    if (!torrent.comment.empty()) out.field("comment", torrent.comment);
    if (!torrent.created_by.empty()) out.field("created by", torrent.created_by);
    if (torrent.creation_date) out.field("created", format_date(*torrent.creation_date));
    out.add("files\n");
    for (const File& file : layout.files()) {
        if (file.padding) continue;
        out.add("{:>14}  {}\n", file.length, printable(metainfo::join_path(file.path)));
    }
}

void show_json(const Metainfo& torrent) {
    std::string head = boost::json::serialize(describe(torrent));
    head.pop_back();
    Output out;
    out.add("{},\"files\":[", head);
    bool first = true;
    for (const File& file : torrent.info->layout().files()) {
        if (file.padding) continue;
        const boost::json::object entry{{"path", metainfo::join_path(file.path)},
                                        {"size", file.length}};
        out.add("{}{}", first ? "" : ",", boost::json::serialize(entry));
        first = false;
    }
    out.add("]}}\n");
}

void show(const Magnet& magnet) {
    Output out;
    out.field("magnet", "the torrent comes from peers");
    if (!magnet.name.empty()) out.field("name", magnet.name);
    show_hashes(out, magnet.hash_v1, magnet.hash_v2);
    for (const std::string& url : magnet.trackers) out.field("tracker", url);
    for (const std::string& peer : magnet.peers) out.field("peer", peer);
    for (const auto& [first, last] : magnet.selected) {
        out.field("selected", fmt::format("files {} to {}", first, last));
    }
}

Result<void> run(const Context& context, const std::string& name) {
    const auto source = engine::read_source(name);
    if (!source) return std::unexpected(source.error());
    if (const auto* torrent = std::get_if<Metainfo>(&*source)) {
        context.json ? show_json(*torrent) : show(*torrent);
    } else {
        const auto& magnet = std::get<Magnet>(*source);
        context.json ? print_json(describe(magnet)) : show(magnet);
    }
    return {};
}

}  // namespace

void add_info(CLI::App& app, Context& context) {
    auto* command = app.add_subcommand("info", "Show what a torrent or magnet link says");
    const auto source = std::make_shared<std::string>();
    command->add_option("source", *source, "A .torrent, a magnet link, or a text file with one")
        ->required();
    command->callback([&context, source] {
        context.action = [&context, source] { return run(context, *source); };
    });
}

}  // namespace shoal::cli

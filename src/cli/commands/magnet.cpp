// shoal magnet: a torrent's magnet link.
#include <memory>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/describe.h"
#include "engine/source.h"

namespace shoal::cli {
namespace {

using metainfo::Info;
using metainfo::Magnet;

Result<void> run(const Context& context, const std::string& path, bool force) {
    const auto torrent = engine::read_torrent(path);
    if (!torrent) return std::unexpected(torrent.error());
    const Info& info = *torrent->info;
    if (info.is_private() && !force) {
        return fail(ErrorCode::refused,
                    "'{}' is private, and clients may ask strangers before they learn that from a "
                    "magnet link: share the .torrent, or use --force",
                    printable(info.name()));
    }
    Magnet magnet;
    if (info.has_v1()) magnet.hash_v1 = info.hash_v1();
    if (info.has_v2()) magnet.hash_v2 = info.hash_v2();
    magnet.name = info.name();
    for (const auto& tier : torrent->trackers) {
        magnet.trackers.insert(magnet.trackers.end(), tier.begin(), tier.end());
    }
    if (context.json) {
        auto all = describe(magnet);
        all["magnet"] = magnet.to_string();
        print_json(all);
    } else {
        print_line(magnet.to_string());
    }
    return {};
}

}  // namespace

void add_magnet(CLI::App& app, Context& context) {
    struct Options {
        std::string torrent;
        bool force = false;
    };
    auto* command = app.add_subcommand("magnet", "Print the magnet link of a torrent");
    const auto options = std::make_shared<Options>();
    command->add_option("torrent", options->torrent, "The .torrent file")->required();
    command->add_flag("--force", options->force, "Also for a private torrent");
    command->callback([&context, options] {
        context.action = [&context, options] {
            return run(context, options->torrent, options->force);
        };
    });
}

}  // namespace shoal::cli

// shoal list, discover, ping: what the group has, and who is there.
#include <memory>

#include "cli/commands/commands.h"
#include "cli/group_words.h"
#include "cli/item_words.h"

namespace shoal::cli {
namespace {

struct Options {
    ApiOptions api;
    std::string what;    ///< of `list`
    std::string search;  ///< of `list files`; of `list pieces` a name
    std::string where;   ///< HOST[:PORT]
};

Result<void> list(const Context& context, const Options& options) {
    const bool of_peer = options.what == "downloads";
    const auto api = of_peer ? options.api.peer() : options.api.peer_or_tracker();
    if (!api) return std::unexpected(api.error());
    if (of_peer) return list_downloads(context, *api);
    if (options.what == "peers") return list_peers(context, *api);
    if (options.what == "pieces") return list_pieces(context, *api, options.search);
    return list_files(context, *api, options.search);
}

/// A subcommand that takes a peer's address.
void add_peer_command(CLI::App& app, Context& context, const char* name, const char* description,
                      Result<void> (*run)(const Context&, const Api&, const net::HostPort&)) {
    const auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand(name, description);
    options->api.add_to(*command);
    command->add_option("peer", options->where, "HOST[:PORT] of the peer")->required();
    command->callback([options, &context, run] {
        context.action = [options, &context, run]() -> Result<void> {
            const auto api = options->api.peer_or_tracker();
            if (!api) return std::unexpected(api.error());
            const auto where = read_host_port({options->where}, default_peer_port);
            if (!where) return std::unexpected(where.error());
            return run(context, *api, *where);
        };
    });
}

}  // namespace

void add_group(CLI::App& app, Context& context) {
    const auto options = std::make_shared<Options>();
    CLI::App* lists = app.add_subcommand("list", "What the group has, and who has it");
    options->api.add_to(*lists);
    lists->add_option("what", options->what, "files, peers, pieces, or this peer's downloads")
        ->required()
        ->check(CLI::IsMember({"files", "peers", "pieces", "downloads"}));
    lists->add_option("words", options->search,
                      "Of files: words of the name; case and tone marks make no difference. Of "
                      "pieces: the name of a file");
    lists->callback([options, &context] {
        context.action = [options, &context] { return list(context, *options); };
    });
    add_peer_command(app, context, "discover", "The files that a peer shares", discover);
    add_peer_command(app, context, "ping", "Whether a peer is alive, as the tracker sees it", ping);
}

}  // namespace shoal::cli

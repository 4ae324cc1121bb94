// shoal publish, unpublish, fetch: files by name, through this machine's peer.
#include <memory>

#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/following.h"
#include "cli/item_words.h"
#include "cli/new_torrent.h"

namespace shoal::cli {
namespace {

struct Options {
    ApiOptions api;
    PublishWish publication;
    FetchWish fetch;
    std::string piece_length;
    std::string name;
};

Result<void> publish(const Context& context, Options& options) {
    const auto piece_length = parse_piece_length(options.piece_length);
    if (!piece_length) return std::unexpected(piece_length.error());
    options.publication.piece_length = *piece_length;
    const auto api = options.api.peer();
    if (!api) return std::unexpected(api.error());
    const auto begun = begin_publish(*api, options.publication);
    if (!begun) return std::unexpected(begun.error());
    return follow_publication(context, *api, *begun);
}

Result<void> fetch(Context& context, const Options& options) {
    const auto api = options.api.peer();
    if (!api) return std::unexpected(api.error());
    const auto begun = begin_fetch(context, *api, options.fetch);
    if (!begun) return std::unexpected(begun.error());
    return follow_fetch(context, *api, *begun);
}

void add_publish(CLI::App& app, Context& context, const std::shared_ptr<Options>& options) {
    CLI::App* command = app.add_subcommand("publish", "Share a file or folder with the group");
    options->api.add_to(*command);
    command->add_option("path", options->publication.path, "The file or folder")->required();
    command->add_option("name", options->publication.name,
                        "What others fetch it by (the path's last part)");
    command
        ->add_option("--piece-length", options->piece_length,
                     "Such as 256K or 4M; chosen by size if not given")
        ->type_name("SIZE");
    command->add_flag("--replace", options->publication.replace,
                      "It is a new version of what you published under this name");
    command->callback([options, &context] {
        context.action = [options, &context] { return publish(context, *options); };
    });
}

void add_fetch(CLI::App& app, Context& context, const std::shared_ptr<Options>& options) {
    FetchWish& wish = options->fetch;
    CLI::App* command = app.add_subcommand("fetch", "Get a file or folder from the group");
    options->api.add_to(*command);
    command->add_option("name", wish.what, "Its name, or its info hash")->required();
    command->add_option("destination", wish.destination,
                        "The file or folder to be made (NAME in the peer's downloads)");
    command->add_option("--from", wish.from, "Only from this peer; repeatable")
        ->type_name("HOST:PORT")
        ->allow_extra_args(false);
    command->add_option("--sources", wish.sources, "Fetch from one peer at a time or many")
        ->type_name("one|many")
        ->check(CLI::IsMember({"one", "many"}));
    command->callback([options, &context] {
        context.action = [options, &context] { return fetch(context, *options); };
    });
}

}  // namespace

void add_transfers(CLI::App& app, Context& context) {
    const auto options = std::make_shared<Options>();
    add_publish(app, context, options);
    CLI::App* command =
        app.add_subcommand("unpublish", "Share it no longer, and take it out of the group's list");
    options->api.add_to(*command);
    command->add_option("name", options->name, "Its name")->required();
    command->callback([options, &context] {
        context.action = [options, &context]() -> Result<void> {
            const auto api = options->api.peer();
            if (!api) return std::unexpected(api.error());
            return unpublish(context, *api, options->name);
        };
    });
    add_fetch(app, context, options);
}

}  // namespace shoal::cli

// shoal open: the peer's page in a browser.
#include <memory>

#include "cli/commands/commands.h"
#include "cli/page_link.h"

namespace shoal::cli {
namespace {

struct Options {
    ApiOptions api;
    bool only_print = false;
};

Result<void> open(const Context& context, const Options& options) {
    const auto api = options.api.peer();
    if (!api) return std::unexpected(api.error());
    const auto link = new_page_link(*api);
    if (!link) return std::unexpected(link.error());
    if (context.json) {
        print_json({{"url", *link}});
        return {};
    }
    print_line(*link);
    if (!options.only_print) show_in_browser(*link);
    return {};
}

}  // namespace

void add_open(CLI::App& app, Context& context) {
    const auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand(
        "open", "Print a link to this peer's page, good once, and open it on a desktop");
    options->api.add_to(*command);
    command->add_flag("--no-browser", options->only_print, "Only print it");
    command->callback([options, &context] {
        context.action = [options, &context] { return open(context, *options); };
    });
}

}  // namespace shoal::cli

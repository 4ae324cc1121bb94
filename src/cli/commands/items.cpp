// shoal status, pause, resume, stop, remove: what this machine's peer shares and fetches.
#include <memory>

#include "cli/commands/commands.h"
#include "cli/item_words.h"

namespace shoal::cli {
namespace {

struct Options {
    ApiOptions api;
    std::string name;
    bool data = false;
};

using Run = Result<void> (*)(const Context&, const Api&, const Options&);

/// A subcommand that speaks to the peer and takes a name.
CLI::App* add_item_command(CLI::App& app, Context& context, const std::shared_ptr<Options>& options,
                           const char* name, const char* description, Run run) {
    CLI::App* command = app.add_subcommand(name, description);
    options->api.add_to(*command);
    command->add_option("name", options->name, "What is meant, by its name or number");
    command->callback([options, &context, run] {
        context.action = [options, &context, run]() -> Result<void> {
            const auto api = options->api.peer();
            if (!api) return std::unexpected(api.error());
            return run(context, *api, *options);
        };
    });
    return command;
}

}  // namespace

void add_items(CLI::App& app, Context& context) {
    const auto options = std::make_shared<Options>();
    const auto add = [&](const char* name, const char* description, Run run) {
        return add_item_command(app, context, options, name, description, run);
    };
    add("status", "How this machine's peer does, or one of the things that it shares",
        [](const Context& told, const Api& api, const Options& given) {
            return show_status(told, api, given.name);
        });
    for (CLI::App* command :
         {add("pause", "Neither send nor fetch it until it is resumed",
              [](const Context& told, const Api& api, const Options& given) {
                  return set_state(told, api, given.name, "paused");
              }),
          add("resume", "Go on with what is paused or stopped",
              [](const Context& told, const Api& api, const Options& given) {
                  return set_state(told, api, given.name, "running");
              }),
          add("stop", "Share it no longer; says how many bytes were sent",
              [](const Context& told, const Api& api, const Options& given) {
                  return stop_sharing(told, api, given.name);
              }),
          add("remove", "Forget it", [](const Context& told, const Api& api, const Options& given) {
              return remove_item(told, api, given.name, given.data);
          })}) {
        command->get_option("name")->required();
        if (command->get_name() != "remove") continue;
        command->add_flag("--with-data", options->data, "Delete the content, too");
    }
}

}  // namespace shoal::cli

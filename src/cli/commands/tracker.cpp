// shoal tracker: the group's server, in the foreground.
#include <boost/asio/io_context.hpp>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/descriptors.h"
#include "cli/signals.h"
#include "net/endpoint.h"
#include "tracker/tracker_server.h"

namespace shoal::cli {
namespace {

constexpr std::uint16_t default_port = 5000;
constexpr std::int64_t longest_interval = 24 * 3600;

struct TrackerArguments {
    std::string listen = ":5000";
    std::string access = "open";
    std::int64_t interval = 300;
    std::vector<std::string> trust_ip_from;
    bool no_shell = false;
};

Result<tracker::TrackerServerOptions> server_options(const TrackerArguments& arguments) {
    if (arguments.access == "group") {
        return fail(ErrorCode::usage,
                    "--access group needs accounts, which this version does not have: "
                    "use --access open");
    }
    if (arguments.access != "open") {
        return fail(ErrorCode::usage, "--access is 'open', not '{}'", arguments.access);
    }
    if (arguments.interval < 1 || arguments.interval > longest_interval) {
        return fail(ErrorCode::usage, "--interval must be between 1 and {} seconds",
                    longest_interval);
    }
    tracker::TrackerServerOptions options;
    options.tracker.interval = std::chrono::seconds(arguments.interval);
    for (const auto& text : arguments.trust_ip_from) {
        const auto range = net::AddressRange::parse(text);
        if (!range) return prefix("--trust-ip-from", range.error());
        options.tracker.trust_ip_from.push_back(*range);
    }
    return options;
}

Result<void> run(const TrackerArguments& arguments, const Context& context) {
    auto options = server_options(arguments);
    if (!options) return std::unexpected(options.error());
    const auto where = net::parse_host_port(arguments.listen, default_port);
    if (!where) return prefix("--listen", where.error());
    const auto endpoints = net::listen_endpoints(*where);
    if (!endpoints) return prefix("--listen", endpoints.error());

    raise_descriptor_limit();
    boost::asio::io_context io(1);
    tracker::TrackerServer server(io.get_executor(), std::move(*options));
    const Signals signals(io.get_executor(), [&](int) { server.stop(); });
    if (auto listening = server.listen(*endpoints); !listening) return listening;
    const std::string url = server.url();
    if (context.json) {
        print_json({{"event", "ready"}, {"url", url}});
    } else {
        print_line("ready " + url);
    }
    io.run();
    return {};
}

}  // namespace

void add_tracker(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<TrackerArguments>();
    CLI::App* command = app.add_subcommand("tracker", "Run the tracker that brings peers together");
    command->add_option(
        "--listen", arguments->listen,
        "HOST:PORT to accept on (port 5000 on all addresses; port 0: any free one)");
    command->add_option("--access", arguments->access,
                        "Who may announce: open, the default, means every client");
    command->add_option("--interval", arguments->interval,
                        "Seconds between two announces of a peer (300); one that misses two is "
                        "forgotten");
    command
        ->add_option("--trust-ip-from", arguments->trust_ip_from,
                     "Range of addresses (CIDR) whose peers may name another address by ip=")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_flag("--no-shell", arguments->no_shell, "Do not open a shell");
    command->callback([arguments, &context] {
        context.action = [arguments, &context] { return run(*arguments, context); };
    });
}

}  // namespace shoal::cli

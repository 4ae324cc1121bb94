// shoal tracker: the group's server, in the foreground.
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <unistd.h>

#include "cli/account.h"
#include "cli/commands/commands.h"
#include "cli/descriptors.h"
#include "cli/shell/line_editor.h"
#include "cli/shell/tracker_shell.h"
#include "cli/signals.h"
#include "cli/terminal_qr.h"
#include "discovery/lan_beacon.h"
#include "net/endpoint.h"
#include "tracker/group_home.h"
#include "tracker/tracker_server.h"

namespace shoal::cli {
namespace {

constexpr std::uint16_t default_port = 5000;
constexpr std::int64_t longest_interval = 24 * 3600;

struct TrackerArguments {
    std::string listen = ":5000";
    std::string access = "group";
    std::string registration = "invite";
    std::string data;
    std::string database;
    std::int64_t least_password = catalogue::default_least_password;
    bool allow_plain_login = false;
    std::int64_t interval = 300;
    std::vector<std::string> trust_ip_from;
    bool no_shell = false;
};

Result<tracker::TrackerServerOptions> server_options(const TrackerArguments& arguments) {
    if (arguments.access != "open" && arguments.access != "group") {
        return fail(ErrorCode::usage, "--access is 'group' or 'open', not '{}'", arguments.access);
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

Result<tracker::GroupHomeOptions> home_options(const TrackerArguments& arguments) {
    tracker::GroupHomeOptions options;
    options.folder =
        arguments.data.empty() ? default_data_folder() : std::filesystem::path(arguments.data);
    if (options.folder.empty()) {
        return fail(ErrorCode::usage, "there is no home folder: name a data folder by --data");
    }
    options.database = arguments.database;
    options.least_password = static_cast<std::size_t>(arguments.least_password);
    using tracker::Registration;
    if (arguments.registration == "open") {
        options.group.registration = Registration::open;
    } else if (arguments.registration == "closed") {
        options.group.registration = Registration::closed;
    } else if (arguments.registration != "invite") {
        return fail(ErrorCode::usage, "--registration is 'invite', 'open' or 'closed', not '{}'",
                    arguments.registration);
    }
    options.group.allow_plain_login = arguments.allow_plain_login;
    options.group.peer_lifetime = 2 * std::chrono::seconds(arguments.interval);
    return options;
}

/// Makes a group's tracker known on the local network, for as long as this lives.
std::unique_ptr<discovery::LanBeacon> make_beacon(boost::asio::io_context& io,
                                                  const tracker::TrackerServer& server,
                                                  const tracker::GroupHome& home) {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    discovery::LanBeacon::Tracker tracker{
        .name = host.data(), .port = server.address().port(), .fingerprint = home.fingerprint()};
    for (const auto& endpoint : server.endpoints()) {
        tracker.listening.push_back(endpoint.address());
    }
    return std::make_unique<discovery::LanBeacon>(io.get_executor(), std::move(tracker));
}

/// What an operator reads at the start: how to get in, and that the tracker takes connections.
Result<void> report_ready(const Context& context, const tracker::TrackerServer& server,
                          const std::optional<tracker::GroupHome>& home) {
    const std::string url = server.url();
    boost::json::object event{{"event", "ready"}, {"url", url}};
    if (home) {
        const auto links = home->links(server.address());
        if (!links) return std::unexpected(links.error());
        event["join"] = links->join;
        if (links->admin) event["admin"] = *links->admin;
        if (!context.json) {
            if (links->admin) print_line("admin " + *links->admin);
            print_line("join " + links->join);
            print_qr(links->join);
        }
    }
    if (context.json) {
        print_json(event);
    } else {
        print_line("ready " + url);
    }
    return {};
}

/// Where a shell's lines are kept: with the group, or where there is none nowhere.
std::filesystem::path history_file(const TrackerArguments& arguments) {
    if (arguments.access != "group") return {};
    const auto options = home_options(arguments);
    return options ? options->folder / "tracker-history" : std::filesystem::path();
}

bool wants_shell(const TrackerArguments& arguments, const Context& context) {
    return !arguments.no_shell && !context.json && terminal_is_ours();
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
    std::optional<tracker::GroupHome> home;
    if (arguments.access == "group") {
        const auto wanted = home_options(arguments);
        if (!wanted) return std::unexpected(wanted.error());
        auto opened = tracker::GroupHome::open(io.get_executor(), *wanted);
        if (!opened) return std::unexpected(opened.error());
        home.emplace(std::move(*opened));
        options->group = home->group();
        options->tls = home->tls();
        options->http.body_bytes = catalogue::Publications::max_torrent_bytes;
    }
    tracker::TrackerServer server(io.get_executor(), std::move(*options));
    std::unique_ptr<discovery::LanBeacon> beacon;
    std::optional<TrackerShell> shell;
    const auto stop = [&] {
        if (shell) shell->close();
        beacon.reset();
        server.stop();
    };
    Signals signals(io.get_executor(), [&](int) { stop(); });
    if (auto listening = server.listen(*endpoints); !listening) return listening;
    if (auto told = report_ready(context, server, home); !told) return told;
    const auto show_on_lan = [&] {
        beacon.reset();  // before the next: it says that the tracker goes
        if (home) beacon = make_beacon(io, server, *home);
    };
    show_on_lan();
    if (wants_shell(arguments, context)) {
        shell.emplace(TrackerShellOptions{.executor = io.get_executor(),
                                          .server = &server,
                                          .home = home ? &*home : nullptr,
                                          .history = history_file(arguments),
                                          .on_moved = show_on_lan,
                                          .on_exit = [&] {
                                              boost::asio::post(io, [&] {
                                                  signals.cancel();
                                                  stop();
                                              });
                                          }});
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
                        "Who may take part: group (members, by their passkeys; the default), or "
                        "open (every client)");
    command->add_option("--registration", arguments->registration,
                        "Who may become a member: invite (who has a join link; the default), open "
                        "(everybody) or closed");
    command->add_option("--data", arguments->data,
                        "Folder for accounts and keys (default: $XDG_DATA_HOME/shoal/tracker)");
    command->add_option(
        "--db", arguments->database,
        "Database instead of the data folder's own: postgresql://… or sqlite3:///…");
    command
        ->add_option("--least-password", arguments->least_password,
                     "Least length of a password, in characters (8)")
        ->check(CLI::Range(1, 256));
    command->add_flag("--allow-plain-login", arguments->allow_plain_login,
                      "Take passwords and tokens from other machines without TLS");
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

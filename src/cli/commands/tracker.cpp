// shoal tracker: the group's server, in the foreground.
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <fmt/ranges.h>
#include <memory>
#include <optional>
#include <unistd.h>

#include "base/heap.h"
#include "cli/account.h"
#include "cli/commands/commands.h"
#include "cli/config.h"
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
constexpr std::int64_t most_least_password = 256;

struct TrackerArguments {
    std::string config;
    std::string listen = ":5000";
    // Without these, what administrators have set last holds.
    std::optional<std::string> access;
    std::optional<std::string> registration;
    std::optional<std::int64_t> interval;
    std::string data;
    std::string database;
    std::int64_t least_password = catalogue::default_least_password;
    bool allow_plain_login = false;
    std::vector<std::string> trust_ip_from;
    std::string tls_certificate;
    std::string tls_key;
    bool no_shell = false;
};

/// Takes over a value of the file, if there is one; `read` takes it out.
template <class Value, class Read>
void take(std::optional<Value>& given, Read read) {
    const Value none{};
    Value value = given.value_or(none);
    read(value);
    if (value != none) given = value;
}

/// What was given, with the values of the configuration file where the command line has none.
Result<TrackerArguments> with_config(TrackerArguments given, const CLI::App& command) {
    if (given.config.empty()) return given;
    auto file = ConfigFile::read(given.config, command);
    if (!file) return prefix("--config", file.error());
    const auto is_range = [](const std::string& text) -> Result<void> {
        const auto range = net::AddressRange::parse(text);
        if (!range) return std::unexpected(range.error());
        return {};
    };
    const auto is_address = [](const std::string& text) -> Result<void> {
        const auto where = net::parse_host_port(text, default_port);
        if (!where) return std::unexpected(where.error());
        return {};
    };
    file->text("listen", given.listen, is_address);
    take(given.access,
         [&](std::string& value) { file->choice("access", value, {"group", "open"}); });
    take(given.registration, [&](std::string& value) {
        file->choice("registration", value, {"invite", "open", "closed"});
    });
    take(given.interval, [&](std::int64_t& value) {
        file->number("interval", value, tracker::shortest_interval.count(),
                     tracker::longest_interval.count());
    });
    file->text("data", given.data);
    file->text("db", given.database);
    file->texts("trust_ip_from", given.trust_ip_from, is_range);
    file->flag("allow_plain_login", given.allow_plain_login);
    file->number("least_password", given.least_password, 1, most_least_password);
    file->text("tls_certificate", given.tls_certificate);
    file->text("tls_key", given.tls_key);
    if (const auto good = file->finish(); !good) return std::unexpected(good.error());
    return given;
}

/// Whoever opens a tracker from its start wants no accounts. Administrators may open it to others
/// beside its group.
bool has_group(const TrackerArguments& arguments) {
    return arguments.access != "open";
}

/// Of what the tracker's administrators may change, what is given.
Result<tracker::Settings> given_settings(const TrackerArguments& arguments) {
    tracker::Settings settings;
    if (arguments.access) {
        settings.access = tracker::parse_access(*arguments.access);
        if (!settings.access) {
            return fail(ErrorCode::usage, "--access is 'group' or 'open', not '{}'",
                        *arguments.access);
        }
    }
    if (arguments.registration) {
        settings.registration = tracker::parse_registration(*arguments.registration);
        if (!settings.registration) {
            return fail(ErrorCode::usage,
                        "--registration is 'invite', 'open' or 'closed', not '{}'",
                        *arguments.registration);
        }
    }
    if (arguments.interval) {
        settings.interval = std::chrono::seconds(*arguments.interval);
        if (*settings.interval < tracker::shortest_interval ||
            *settings.interval > tracker::longest_interval) {
            return fail(ErrorCode::usage, "--interval must be between 1 and {} seconds",
                        tracker::longest_interval.count());
        }
    }
    return settings;
}

Result<tracker::TrackerServerOptions> server_options(const TrackerArguments& arguments) {
    const auto settings = given_settings(arguments);
    if (!settings) return std::unexpected(settings.error());
    tracker::TrackerServerOptions options;
    if (settings->interval) options.tracker.interval = *settings->interval;
    for (const auto& text : arguments.trust_ip_from) {
        const auto range = net::AddressRange::parse(text);
        if (!range) return prefix("--trust-ip-from", range.error());
        options.tracker.trust_ip_from.push_back(*range);
    }
    return options;
}

/// The operator's own key and certificate, if there are.
Result<std::optional<http::TlsIdentity>> own_identity(const TrackerArguments& arguments) {
    if (arguments.tls_certificate.empty() && arguments.tls_key.empty()) return std::nullopt;
    if (arguments.tls_certificate.empty() || arguments.tls_key.empty()) {
        return fail(ErrorCode::usage,
                    "--tls-certificate and --tls-key go together (they may be the same file)");
    }
    auto identity = http::load_tls_identity(arguments.tls_certificate, arguments.tls_key);
    if (!identity) return std::unexpected(identity.error());
    return std::move(*identity);
}

Result<tracker::GroupHomeOptions> home_options(const TrackerArguments& arguments) {
    tracker::GroupHomeOptions options;
    options.folder =
        arguments.data.empty() ? default_data_folder() : std::filesystem::path(arguments.data);
    // A peer of this machine has the folder itself.
    if (arguments.data.empty() && !options.folder.empty()) options.folder /= "tracker";
    if (options.folder.empty()) {
        return fail(ErrorCode::usage, "there is no home folder: name a data folder by --data");
    }
    options.database = arguments.database;
    options.least_password = static_cast<std::size_t>(arguments.least_password);
    auto settings = given_settings(arguments);
    if (!settings) return std::unexpected(settings.error());
    options.settings = *settings;
    auto identity = own_identity(arguments);
    if (!identity) return std::unexpected(identity.error());
    options.tls = std::move(*identity);
    options.allow_plain_login = arguments.allow_plain_login;
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

/// What of a configuration that was read again needs a restart: it stays as it was.
std::vector<std::string> keep_what_cannot_change(TrackerArguments& next,
                                                 const TrackerArguments& now) {
    std::vector<std::string> kept;
    const auto keep = [&](const char* key, std::string TrackerArguments::* value) {
        if (next.*value == now.*value) return;
        next.*value = now.*value;
        kept.emplace_back(key);
    };
    keep("listen", &TrackerArguments::listen);
    if (has_group(next) != has_group(now)) {
        next.access = now.access;
        kept.emplace_back("access");
    }
    keep("data", &TrackerArguments::data);
    keep("db", &TrackerArguments::database);
    return kept;
}

/// Has a tracker that runs go by other arguments; nothing has changed when it fails.
Result<void> apply(const TrackerArguments& arguments, tracker::TrackerServer& server,
                   tracker::GroupHome* home) {
    auto options = server_options(arguments);
    if (!options) return std::unexpected(options.error());
    if (home != nullptr) {
        const auto wanted = home_options(arguments);
        if (!wanted) return std::unexpected(wanted.error());
        if (auto changed = home->change(*wanted); !changed) return changed;
        options->tracker.interval = home->group()->options().interval();
        server.use_tls(home->tls());
    } else {
        const auto identity = own_identity(arguments);
        if (!identity) return std::unexpected(identity.error());
        server.use_tls(*identity ? (*identity)->context : nullptr);
    }
    server.set_options(std::move(options->tracker));
    return {};
}

/// Reads the configuration file and the certificate again. What was given is the command line's.
Result<void> reload(TrackerArguments& now, const TrackerArguments& given, const CLI::App& command,
                    tracker::TrackerServer& server, tracker::GroupHome* home) {
    auto next = with_config(given, command);
    if (!next) return std::unexpected(next.error());
    const auto kept = keep_what_cannot_change(*next, now);
    if (auto applied = apply(*next, server, home); !applied) return applied;
    now = std::move(*next);
    fmt::print(stderr, "shoal: the configuration is read again\n");
    if (!kept.empty()) {
        fmt::print(stderr, "shoal: other values of {} need a restart\n", fmt::join(kept, ", "));
    }
    return {};
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
    if (!has_group(arguments)) return {};
    const auto options = home_options(arguments);
    return options ? options->folder / "tracker-history" : std::filesystem::path();
}

bool wants_shell(const TrackerArguments& arguments, const Context& context) {
    return !arguments.no_shell && !context.json && terminal_is_ours();
}

Result<void> run(const TrackerArguments& given, const CLI::App& command, const Context& context) {
    auto read = with_config(given, command);
    if (!read) return std::unexpected(read.error());
    TrackerArguments& arguments = *read;
    auto options = server_options(arguments);
    if (!options) return std::unexpected(options.error());
    const auto where = net::parse_host_port(arguments.listen, default_port);
    if (!where) return prefix("--listen", where.error());
    const auto endpoints = net::listen_endpoints(*where);
    if (!endpoints) return prefix("--listen", endpoints.error());

    raise_descriptor_limit();
    keep_freed_memory();  // or a swarm that is forgotten would hold up announces
    // A service manager may ask for a reload before there is anything to reload.
    std::signal(SIGHUP, SIG_IGN);
    boost::asio::io_context io(1);
    std::optional<tracker::GroupHome> home;
    if (has_group(arguments)) {
        const auto wanted = home_options(arguments);
        if (!wanted) return std::unexpected(wanted.error());
        auto opened = tracker::GroupHome::open(io.get_executor(), *wanted);
        if (!opened) return std::unexpected(opened.error());
        home.emplace(std::move(*opened));
        options->group = home->group();
        options->tracker.interval = home->group()->options().interval();
        options->tls = home->tls();
        options->http.body_bytes = catalogue::Publications::max_torrent_bytes;
    } else {
        const auto identity = own_identity(arguments);
        if (!identity) return std::unexpected(identity.error());
        if (*identity) options->tls = (*identity)->context;
    }
    tracker::TrackerServer server(io.get_executor(), std::move(*options));
    std::unique_ptr<discovery::LanBeacon> beacon;
    std::optional<TrackerShell> shell;
    const auto show_on_lan = [&] {
        beacon.reset();  // before the next: it says that the tracker goes
        if (home) beacon = make_beacon(io, server, *home);
    };
    Hangups hangups(io.get_executor(), [&] {
        tracker::GroupHome* group = home ? &*home : nullptr;
        const auto key = group ? std::optional(group->fingerprint()) : std::nullopt;
        const auto done = reload(arguments, given, command, server, group);
        if (!done) report_error(context, done.error());
        if (key && group->fingerprint() != *key) {
            fmt::print(stderr,
                       "shoal: the key is another one: join links are new, and who has "
                       "joined has to join again\n");
            show_on_lan();
        }
    });
    const auto stop = [&] {
        if (shell) shell->close();
        hangups.cancel();
        beacon.reset();
        server.stop();
    };
    Signals signals(io.get_executor(), [&](int) { stop(); });
    if (auto listening = server.listen(*endpoints); !listening) return listening;
    if (auto told = report_ready(context, server, home); !told) return told;
    show_on_lan();
    server.on_moved(show_on_lan);
    // Not at once: whoever asks for it is answered, or waited for.
    const auto end_soon = [&] {
        boost::asio::post(io, [&] {
            signals.cancel();
            stop();
        });
    };
    if (home) home->group()->on_end(end_soon);
    if (wants_shell(arguments, context)) {
        shell.emplace(TrackerShellOptions{.executor = io.get_executor(),
                                          .server = &server,
                                          .home = home ? &*home : nullptr,
                                          .history = history_file(arguments),
                                          .on_exit = end_soon});
    }
    io.run();
    if (home) home->group()->on_end({});
    return {};
}

}  // namespace

void add_tracker(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<TrackerArguments>();
    CLI::App* command = app.add_subcommand("tracker", "Run the tracker that brings peers together");
    command->add_option("--config", arguments->config,
                        "File in TOML with values for these options, named with _ for -; what "
                        "stands here goes before it, and SIGHUP has it read again");
    command->add_option(
        "--listen", arguments->listen,
        "HOST:PORT to accept on (port 5000 on all addresses; port 0: any free one)");
    command->add_option("--access", arguments->access,
                        "Who may take part: group (members, by their passkeys; the default), or "
                        "open (every client, and no accounts)");
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
        ->check(CLI::Range(std::int64_t{1}, most_least_password));
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
    command->add_option("--tls-certificate", arguments->tls_certificate,
                        "File in PEM with a certificate of your own, and those of its issuers");
    command->add_option("--tls-key", arguments->tls_key, "File in PEM with its key");
    command->add_flag("--no-shell", arguments->no_shell, "Do not open a shell");
    command->callback([arguments, command, &context] {
        context.action = [arguments, command, &context] {
            return run(*arguments, *command, context);
        };
    });
}

}  // namespace shoal::cli

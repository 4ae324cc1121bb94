// shoal peer: shares and fetches in a group, in the foreground.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <optional>

#include "base/text.h"
#include "cli/account.h"
#include "cli/commands/commands.h"
#include "cli/config.h"
#include "cli/entrance.h"
#include "cli/shell/line_editor.h"
#include "cli/shell/peer_shell.h"
#include "cli/signals.h"
#include "cli/swarm_options.h"
#include "node/daemon.h"

namespace shoal::cli {
namespace {

constexpr std::uint16_t default_web_port = 8080;
constexpr std::uint16_t web_ports_to_try = 100;

struct PeerArguments {
    SwarmOptions swarm;
    std::string config;
    std::string data;
    std::string join;
    std::string tracker;
    std::string user;
    std::string password_file;
    std::string web;
    bool no_watch = false;
    std::int64_t downloads_at_once = 5;
    bool no_shell = false;
};

constexpr std::int64_t most_downloads = 1000;

/// What was given, with the values of the configuration file where the command line has none.
Result<PeerArguments> with_config(PeerArguments given, const CLI::App& command) {
    if (given.config.empty()) return given;
    auto file = ConfigFile::read(given.config, command);
    if (!file) return prefix("--config", file.error());
    const auto is_address = [](const std::string& text) -> Result<void> {
        const auto where = net::parse_host_port(text, default_web_port);
        if (!where) return std::unexpected(where.error());
        return {};
    };
    const auto is_rate = [](const std::string& text) -> Result<void> {
        const auto rate = parse_size(text);
        if (!rate) return std::unexpected(rate.error());
        return {};
    };
    file->text("listen", given.swarm.listen, is_address);
    file->text("max_down", given.swarm.max_down, is_rate);
    file->text("max_up", given.swarm.max_up, is_rate);
    file->text("data", given.data);
    file->text("tracker", given.tracker);
    file->text("user", given.user);
    file->text("password_file", given.password_file);
    file->text("web", given.web, is_address);
    file->flag("no_watch", given.no_watch);
    file->number("downloads_at_once", given.downloads_at_once, 1, most_downloads);
    if (const auto good = file->finish(); !good) return std::unexpected(good.error());
    return given;
}

class PeerRun {
  public:
    PeerRun(const PeerArguments& arguments, const Context& context)
        : arguments_(arguments), context_(context) {}

    Result<void> run() {
        if (folder().empty()) {
            return fail(ErrorCode::usage, "there is no home folder: name a data folder by --data");
        }
        const auto entrance = find_entrance(
            {.folder = folder(),
             .join = arguments_.join,
             .tracker = arguments_.tracker,
             .user = arguments_.user,
             .password_file = arguments_.password_file,
             .may_ask = terminal_is_ours() && !arguments_.no_shell && !context_.json});
        if (!entrance) return std::unexpected(entrance.error());
        if (auto ok = open(); !ok) return ok;
        Signals signals(io_.get_executor(), [this](int) { stop({}); });
        signals_ = &signals;
        if (*entrance) {
            enter(**entrance);
        } else {
            report_ready();
        }
        io_.run();
        shell_.reset();
        // What was cancelled ends here, before what it refers to.
        io_.restart();
        io_.poll();
        node_.reset();
        return result_;
    }

  private:
    [[nodiscard]] std::filesystem::path folder() const {
        return arguments_.data.empty() ? default_data_folder()
                                       : std::filesystem::path(arguments_.data);
    }

    Result<void> open() {
        auto home = node::Home::open(folder());
        if (!home) return std::unexpected(home.error());
        auto entrance = node::PageEntrance::open(*home);
        if (!entrance) return std::unexpected(entrance.error());
        const auto admission = std::make_shared<node::GroupAdmission>();
        auto session = arguments_.swarm.open_session(io_, admission);
        if (!session) return std::unexpected(session.error());
        node::DaemonOptions options{
            .watch = !arguments_.no_watch,
            .downloads_at_once = static_cast<std::size_t>(arguments_.downloads_at_once)};
        auto web = web_endpoints(io_);
        if (!web) return std::unexpected(web.error());
        options.web = std::move(*web);
        node_ = std::make_shared<node::Daemon>(std::move(*home), std::move(*entrance),
                                               std::move(*session), admission, std::move(options));
        return node_->start();
    }

    /// Where REST listens: as the user said, or on the first port from 8080 that is free.
    [[nodiscard]] Result<std::vector<net::TcpEndpoint>> web_endpoints(
        boost::asio::io_context& io) const {
        if (!arguments_.web.empty()) {
            const auto where = net::parse_host_port(arguments_.web, default_web_port);
            if (!where) return prefix("--web", where.error());
            return net::listen_endpoints(*where);
        }
        const auto loopback = boost::asio::ip::address_v4::loopback();
        for (std::uint16_t i = 0; i < web_ports_to_try; ++i) {
            const net::TcpEndpoint endpoint(loopback,
                                            static_cast<std::uint16_t>(default_web_port + i));
            if (net::Listener::open(io.get_executor(), {endpoint})) return std::vector{endpoint};
        }
        return fail(ErrorCode::failed, "no free port from {} to {}: name one with --web",
                    default_web_port, default_web_port + web_ports_to_try - 1);
    }

    void enter(node::Entrance entrance) {
        boost::asio::co_spawn(io_, node_->enter(std::move(entrance)),
                              [this](const std::exception_ptr& bug, Result<void> entered) {
                                  if (bug) std::rethrow_exception(bug);
                                  if (stopping_) return;
                                  if (!entered) return stop(std::move(entered));
                                  report_ready();
                              });
    }

    void report_ready() {
        const std::string peer = net::to_text(node_->address());
        if (context_.json) {
            print_json({{"event", "ready"}, {"url", node_->url()}, {"peer", peer}});
        } else {
            print_line("peer " + peer);
            print_line("ready " + node_->url());
        }
        if (wants_shell()) return open_shell();
        if (node_->membership().status().tracker.empty()) {
            fmt::print(stderr,
                       "shoal: this peer is in no group yet: give it a join link by --join\n");
        }
    }

    [[nodiscard]] bool wants_shell() const {
        return !arguments_.no_shell && !context_.json && terminal_is_ours();
    }

    void open_shell() {
        shell_ = std::make_unique<PeerShell>(
            PeerShellOptions{.url = node_->url(),
                             .token = node_->token(),
                             .data = node_->home().folder(),
                             .on_exit = [this] { boost::asio::post(io_, [this] { stop({}); }); }});
    }

    void stop(Result<void> result) {
        if (std::exchange(stopping_, true)) return;
        if (shell_) shell_->close();
        result_ = std::move(result);
        signals_->cancel();
        node_->stop([this] { io_.stop(); });
    }

    const PeerArguments& arguments_;
    const Context& context_;
    boost::asio::io_context io_{1};
    std::shared_ptr<node::Daemon> node_;
    std::unique_ptr<PeerShell> shell_;
    Signals* signals_ = nullptr;
    bool stopping_ = false;
    Result<void> result_;
};

}  // namespace

void add_peer(CLI::App& app, Context& context) {
    auto* command = app.add_subcommand("peer", "Share and fetch by name in a group");
    const auto arguments = std::make_shared<PeerArguments>();
    arguments->swarm.add_session_options(*command);
    command->add_option("--config", arguments->config,
                        "TOML file with these options (names with _ for -)");
    command->add_option("--data", arguments->data,
                        "Folder for what is shared and fetched (default: $XDG_DATA_HOME/shoal)");
    command->add_option("--join", arguments->join, "The link that the group's tracker prints")
        ->type_name("LINK");
    command
        ->add_option("--tracker", arguments->tracker,
                     "A tracker of the local network, or the one known here, without a link")
        ->type_name("URL");
    command->add_option("--user", arguments->user, "Your name in the group")->type_name("NAME");
    command->add_option("--password-file", arguments->password_file,
                        "File that holds the password; also: SHOAL_PASSWORD");
    command
        ->add_option("--web", arguments->web,
                     "HOST:PORT of the local interface (127.0.0.1, port 8080 or the next free one)")
        ->type_name("HOST:PORT");
    command->add_flag("--no-watch", arguments->no_watch,
                      "Do not publish what is put into the shared folder");
    command
        ->add_option("--downloads-at-once", arguments->downloads_at_once,
                     "How many downloads go on at the same time (5)")
        ->check(CLI::Range(std::int64_t{1}, most_downloads));
    command->add_flag("--no-shell", arguments->no_shell, "Do not open a shell");
    command->callback([arguments, command, &context] {
        context.action = [arguments, command, &context]() -> Result<void> {
            const auto all = with_config(*arguments, *command);
            if (!all) return std::unexpected(all.error());
            return PeerRun(*all, context).run();
        };
    });
}

}  // namespace shoal::cli

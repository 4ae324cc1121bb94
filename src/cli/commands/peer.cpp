// shoal peer: shares and fetches in a group, in the foreground.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <unistd.h>

#include "base/text.h"
#include "cli/account.h"
#include "cli/commands/commands.h"
#include "cli/signals.h"
#include "cli/swarm_options.h"
#include "node/account.h"
#include "node/node.h"

namespace shoal::cli {
namespace {

constexpr std::uint16_t default_web_port = 8080;
constexpr std::uint16_t web_ports_to_try = 100;

struct PeerArguments {
    SwarmOptions swarm;
    std::string data;
    std::string join;
    std::string user;
    std::string password_file;
    std::string web;
    bool no_watch = false;
    std::size_t downloads_at_once = 5;
    bool no_shell = false;
};

class PeerRun {
  public:
    PeerRun(const PeerArguments& arguments, const Context& context)
        : arguments_(arguments), context_(context) {}

    Result<void> run() {
        auto entrance = find_entrance();
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

    /// How the user gets in, where that is not known from before.
    Result<std::optional<node::Entrance>> find_entrance() {
        if (folder().empty()) {
            return fail(ErrorCode::usage, "there is no home folder: name a data folder by --data");
        }
        const auto known = node::Account::load(folder());
        if (!known && known.error().code != ErrorCode::not_found) {
            return std::unexpected(known.error());
        }
        node::Entrance entrance{.user = arguments_.user};
        if (!arguments_.join.empty()) {
            auto link = discovery::parse_join_link(arguments_.join);
            if (!link) return fail(ErrorCode::usage, "--join: {}", link.error().message);
            entrance.link = std::move(*link);
        }
        const bool same_group =
            known && (!entrance.link || known->fingerprint == entrance.link->fingerprint);
        const bool same_user =
            known && (entrance.user.empty() || known->user.value_or("") == entrance.user);
        if (same_group && same_user && known->token) return std::nullopt;
        if (!entrance.link && !known) {
            if (entrance.user.empty()) return std::nullopt;
            return fail(ErrorCode::usage, "--user needs --join LINK: no group is known here");
        }
        if (entrance.user.empty()) {
            return fail(ErrorCode::usage, "name the user by --user (new members choose a name)");
        }
        auto password = read_password(arguments_.password_file, "Password", false);
        if (!password) return std::unexpected(password.error());
        entrance.password = std::move(*password);
        return entrance;
    }

    Result<void> open() {
        auto home = node::Home::open(folder());
        if (!home) return std::unexpected(home.error());
        const auto admission = std::make_shared<node::GroupAdmission>();
        auto session = arguments_.swarm.open_session(io_, admission);
        if (!session) return std::unexpected(session.error());
        node::NodeOptions options{.watch = !arguments_.no_watch,
                                  .downloads_at_once = arguments_.downloads_at_once};
        auto web = web_endpoints(io_);
        if (!web) return std::unexpected(web.error());
        options.web = std::move(*web);
        node_ = std::make_shared<node::Node>(std::move(*home), std::move(*session), admission,
                                             std::move(options));
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

    /// As a new member if the link invites and the name is free, otherwise as one who was here
    /// before.
    void enter(node::Entrance entrance) {
        const auto asked = [](std::shared_ptr<node::Node> node,
                              node::Entrance wanted) -> boost::asio::awaitable<Result<void>> {
            const bool invited = wanted.link && (wanted.link->invitation || wanted.link->setup);
            Result<void> entered = fail(ErrorCode::refused, "nobody was asked");
            if (invited) {
                wanted.new_member = true;
                entered = co_await node->enter(wanted);
                if (entered || entered.error().code != ErrorCode::refused) co_return entered;
            }
            const Result<void> not_new = entered;
            wanted.new_member = false;
            entered = co_await node->enter(wanted);
            // Who is refused at both doors is told of the one that strangers come to first.
            co_return entered || !invited ? entered : not_new;
        };
        boost::asio::co_spawn(io_, asked(node_, std::move(entrance)),
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
        if (node_->membership().status().tracker.empty()) {
            fmt::print(stderr,
                       "shoal: this peer is in no group yet: give it a join link by --join\n");
        }
    }

    void stop(Result<void> result) {
        if (std::exchange(stopping_, true)) return;
        result_ = std::move(result);
        signals_->cancel();
        node_->stop([this] { io_.stop(); });
    }

    const PeerArguments& arguments_;
    const Context& context_;
    boost::asio::io_context io_{1};
    std::shared_ptr<node::Node> node_;
    Signals* signals_ = nullptr;
    bool stopping_ = false;
    Result<void> result_;
};

}  // namespace

void add_peer(CLI::App& app, Context& context) {
    auto* command = app.add_subcommand("peer", "Share and fetch by name in a group");
    const auto arguments = std::make_shared<PeerArguments>();
    arguments->swarm.add_session_options(*command);
    command->add_option("--data", arguments->data,
                        "Folder for what is shared and fetched (default: $XDG_DATA_HOME/shoal)");
    command->add_option("--join", arguments->join, "The link that the group's tracker prints")
        ->type_name("LINK");
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
        ->check(CLI::Range(1, 1000));
    command->add_flag("--no-shell", arguments->no_shell, "Do not open a shell");
    command->callback([arguments, &context] {
        context.action = [arguments, &context] { return PeerRun(*arguments, context).run(); };
    });
}

}  // namespace shoal::cli

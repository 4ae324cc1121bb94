#include "cli/shell/tracker_shell.h"

#include <boost/asio/post.hpp>
#include <future>

#include "base/text.h"
#include "cli/group_words.h"
#include "cli/members.h"
#include "cli/shell/offers.h"
#include "cli/shell/shell.h"
#include "cli/terminal_qr.h"

namespace shoal::cli {
namespace {

constexpr std::uint16_t default_tracker_port = 5000;

/// What an address that stands for all addresses is called by on this machine.
net::TcpEndpoint own_end(net::TcpEndpoint endpoint) {
    if (!endpoint.address().is_unspecified()) return endpoint;
    if (endpoint.address().is_v4()) {
        endpoint.address(boost::asio::ip::address_v4::loopback());
    } else {
        endpoint.address(boost::asio::ip::address_v6::loopback());
    }
    return endpoint;
}

std::string joined(const Words& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
    return all;
}

}  // namespace

class TrackerShell::Impl {
  public:
    explicit Impl(TrackerShellOptions options)
        : options_(std::move(options)),
          shell_(
              {.prompt = "tracker> ", .history = options_.history, .on_exit = options_.on_exit}) {
        look_at_server();
        add_listening();
        add_lists();
        add_members();
        shell_.start();
    }

    void close() { shell_.close(); }

  private:
    using Run = Result<void> (Impl::*)(const Words&);

    void add(std::string word, std::string arguments, std::string help, std::size_t least,
             std::size_t most, Run run, std::vector<Offer> offers = {}) {
        shell_.add({.word = std::move(word),
                    .arguments = std::move(arguments),
                    .help = std::move(help),
                    .least = least,
                    .most = most,
                    .run = [this, run](const Words& words) { return (this->*run)(words); },
                    .complete = complete_each(std::move(offers))});
    }

    void add_listening() {
        add("start", "IP PORT", "listens there instead; nothing else changes", 1, 2, &Impl::start);
    }

    void add_lists() {
        const Offer files = [this](std::string_view part) { return offer_files(api_, part); };
        const Offer peers = [this](std::string_view) {
            return names_in(api_, "/api/v1/peers?limit=200", "address");
        };
        add("list_peers", "", "who is there", 0, 0, &Impl::peers);
        add("list_files", "[WORD]...", "what the group has; only names with all words", 0, 16,
            &Impl::files);
        add("list_chunkinfo", "[NAME]", "which peer holds which pieces, and pieces at risk", 0, 1,
            &Impl::pieces, {files});
        add("discover", "IP PORT", "what a peer shares; also HOST:PORT", 1, 2, &Impl::discovered,
            {peers});
        add("ping", "IP PORT", "whether a peer is alive; also HOST:PORT", 1, 2, &Impl::pinged,
            {peers});
    }

    void add_members() {
        const Offer users = [this](std::string_view) {
            return names_in(api_, "/api/v1/users?limit=200", "name");
        };
        add("access", "group|open", "whether others may announce torrents of their own here", 1, 1,
            &Impl::access, {offer_words({"group", "open"})});
        add("registration", "invite|open|closed", "who may become a member", 1, 1,
            &Impl::registration, {offer_words({"invite", "open", "closed"})});
        add("join", "", "the link by which people join", 0, 0, &Impl::join);
        add("invite", "[USES]", "a join link for one person, or for so many; good for 7 days", 0, 1,
            &Impl::invited);
        add("users", "", "all members", 0, 0, &Impl::users);
        add("disable", "NAME", "shuts a member out", 1, 1, &Impl::disable, {users});
        add("enable", "NAME", "lets a member in again", 1, 1, &Impl::enable, {users});
        add("role", "NAME admin|member", "makes a member an administrator, or the reverse", 2, 2,
            &Impl::role, {users, offer_words({"admin", "member"})});
    }

    /// What the work returns on the server's executor; cancelled if that ends before.
    template <class T>
    Result<T> on_server(std::function<Result<T>()> work) {
        const auto promise = std::make_shared<std::promise<Result<T>>>();
        auto answer = promise->get_future();
        boost::asio::post(options_.executor, [promise, work] { promise->set_value(work()); });
        while (answer.wait_for(50ms) != std::future_status::ready) {
            if (shell_.closing()) return fail(ErrorCode::cancelled, "the tracker is ending");
        }
        return answer.get();
    }

    /// Where the server listens, for calls from here and for links. On the server's executor, or
    /// before that runs.
    void look_at_server() {
        address_ = options_.server->address();
        api_.url = "http://" + net::to_text(own_end(options_.server->endpoints().front()));
        if (options_.home == nullptr) return;
        api_.token = options_.home->group()->operator_token();
        api_.pin = options_.home->fingerprint();
    }

    Result<void> start(const Words& words) {
        const auto where = read_host_port(words, default_tracker_port);
        if (!where) return std::unexpected(where.error());
        const auto endpoints = net::listen_endpoints(*where);
        if (!endpoints) return std::unexpected(endpoints.error());
        auto moved = on_server<void>([this, endpoints = *endpoints]() -> Result<void> {
            if (auto done = options_.server->move_to(endpoints); !done) return done;
            look_at_server();
            return {};
        });
        if (moved) print_line("listening on http://" + net::to_text(address_));
        return moved;
    }

    /// Before anything that is about the group, because the key may have been changed meanwhile.
    /// refused: there is no group.
    Result<void> need_group() {
        if (options_.home != nullptr) {
            return on_server<void>([this]() -> Result<void> {
                look_at_server();
                return {};
            });
        }
        return fail(ErrorCode::refused,
                    "an open tracker keeps no list of members, peers and files: start it with "
                    "--access group for that");
    }

    Result<void> peers(const Words&) {
        if (auto group = need_group(); !group) return group;
        return list_peers(context_, api_);
    }

    Result<void> files(const Words& words) {
        if (auto group = need_group(); !group) return group;
        return list_files(context_, api_, joined(words));
    }

    Result<void> pieces(const Words& words) {
        if (auto group = need_group(); !group) return group;
        return list_pieces(context_, api_, joined(words));
    }

    Result<void> discovered(const Words& words) {
        if (auto group = need_group(); !group) return group;
        const auto where = read_host_port(words, default_peer_port);
        if (!where) return std::unexpected(where.error());
        return discover(context_, api_, *where);
    }

    Result<void> pinged(const Words& words) {
        if (auto group = need_group(); !group) return group;
        const auto where = read_host_port(words, default_peer_port);
        if (!where) return std::unexpected(where.error());
        return ping(context_, api_, *where);
    }

    void show_link(const discovery::JoinLink& link) { show_link(link.to_string()); }
    void show_link(const std::string& link) {
        print_line("join " + link);
        print_qr(link);
    }

    Result<void> join(const Words&) {
        if (auto group = need_group(); !group) return group;
        // A copy, because asking for links blocks, and the server's executor changes the original.
        const auto home = on_server<tracker::GroupHome>(
            [this]() -> Result<tracker::GroupHome> { return *options_.home; });
        if (!home) return std::unexpected(home.error());
        const auto links = home->links(address_);
        if (!links) return std::unexpected(links.error());
        if (links->admin) print_line("admin " + *links->admin);
        show_link(links->join);
        return {};
    }

    Result<void> invited(const Words& words) {
        if (auto group = need_group(); !group) return group;
        const auto uses = words.empty() ? 1 : parse_number(words.front());
        if (!uses || *uses < 0) {
            return fail(ErrorCode::usage,
                        "'{}' is no number of people: write invite 30, or "
                        "invite 0 for any number",
                        printable(words.front()));
        }
        const auto made = invite(api_, {{"uses", *uses}, {"days", 7}},
                                 {.host = address_.address().to_string(),
                                  .port = address_.port(),
                                  .fingerprint = *api_.pin});
        if (!made) return std::unexpected(made.error());
        show_link(made->link);
        return {};
    }

    Result<void> users(const Words&) {
        if (auto group = need_group(); !group) return group;
        return list_users(context_, api_);
    }

    Result<void> change(const std::string& name, const boost::json::object& change,
                        std::string_view done) {
        if (auto group = need_group(); !group) return group;
        if (auto changed = change_user(api_, name, change); !changed) return changed;
        print_line(fmt::format("{} {}", printable(name), done));
        return {};
    }

    Result<void> disable(const Words& words) {
        return change(words[0], {{"disabled", true}}, "is shut out");
    }

    Result<void> enable(const Words& words) {
        return change(words[0], {{"disabled", false}}, "may take part again");
    }

    Result<void> role(const Words& words) {
        return change(words[0], {{"role", words[1]}},
                      words[1] == "admin" ? "is an administrator now" : "is a member now");
    }

    Result<void> set(std::string_view name, const std::string& value) {
        if (auto group = need_group(); !group) return group;
        const auto changed =
            api_.call(http::Method::patch, "/api/v1/settings", boost::json::object{{name, value}});
        if (!changed) return std::unexpected(changed.error());
        print_line(fmt::format("{} is {} now", name, value));
        return {};
    }

    Result<void> access(const Words& words) { return set("access", words[0]); }
    Result<void> registration(const Words& words) { return set("registration", words[0]); }

    TrackerShellOptions options_;
    const Context context_{.shell = true};
    /// Of the server's executor while the shell's thread waits for it; otherwise of that thread.
    Api api_;
    net::TcpEndpoint address_;
    Shell shell_;  ///< last: its thread uses all of the above
};

TrackerShell::TrackerShell(TrackerShellOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

TrackerShell::~TrackerShell() = default;

void TrackerShell::close() {
    impl_->close();
}

}  // namespace shoal::cli

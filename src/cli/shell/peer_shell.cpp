#include "cli/shell/peer_shell.h"

#include "base/text.h"
#include "cli/group_words.h"
#include "cli/page_link.h"
#include "cli/shell/offers.h"
#include "cli/shell/peer_sharing.h"
#include "cli/shell/shell.h"
#include "discovery/join_link.h"

namespace shoal::cli {
namespace {

using boost::json::object;
using http::Method;

constexpr std::uint16_t default_tracker_port = 5000;

std::string joined(const Words& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
    return all;
}

std::string first_of(const Words& words) {
    return words.empty() ? std::string() : words.front();
}

}  // namespace

Result<FetchWish> read_fetch(const Words& words) {
    FetchWish wish{.what = words.at(0)};
    Words peer;
    const bool has_port = words.size() >= 3 && parse_number(words.back()).has_value();
    if (words.size() == 4 || (words.size() == 3 && has_port)) {
        peer.assign(words.end() - 2, words.end());
    } else if (words.size() == 3) {
        peer.assign(words.end() - 1, words.end());
    }
    if (words.size() - peer.size() == 2) wish.destination = words[1];
    if (peer.empty()) return wish;
    const auto where = read_host_port(peer, default_peer_port);
    if (!where) return std::unexpected(where.error());
    const bool v6 = where->host.find(':') != std::string::npos;
    wish.from.push_back(
        fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), where->host, where->port));
    return wish;
}

class PeerShell::Impl {
  public:
    explicit Impl(PeerShellOptions options)
        : data_(std::move(options.data)),
          api_{.url = std::move(options.url),
               .token = std::move(options.token),
               .pin = {},
               .is_peer = true},
          sharing_(api_, shell_, data_),
          shell_({.prompt = "shoal> ",
                  .history = data_.empty() ? data_ : data_ / "peer-history",
                  .on_exit = std::move(options.on_exit)}) {
        add_connection();
        add_lists();
        add_sharing();
        add_items();
        shell_.start();
    }

    void close() { shell_.close(); }

  private:
    template <class Run>
    void add(std::string word, std::string arguments, std::string help, std::size_t least,
             std::size_t most, Run run, std::vector<Offer> offers = {}) {
        shell_.add({.word = std::move(word),
                    .arguments = std::move(arguments),
                    .help = std::move(help),
                    .least = least,
                    .most = most,
                    .run = std::move(run),
                    .complete = complete_each(std::move(offers))});
    }

    void add_connection() {
        add("connect", "IP PORT|LINK [register]", "joins the group of a tracker, or logs in to it",
            1, 3, [this](const Words& words) { return connect(words); });
        add("register", "NAME", "becomes a member, where the tracker is known", 1, 1,
            [this](const Words& words) { return open_session({}, words[0], true); });
        add("login", "NAME", "logs in, where the tracker is known", 1, 1,
            [this](const Words& words) { return open_session({}, words[0], false); });
        add("logout", "", "leaves the group until the next login", 0, 0,
            [this](const Words&) { return log_out(); });
        add("whoami", "", "who is logged in, and where", 0, 0,
            [this](const Words&) { return whoami(); });
        add("start", "IP PORT", "takes other peers' connections there instead", 1, 2,
            [this](const Words& words) { return start(words); });
        add("open", "", "a link to this peer's page, good once", 0, 0,
            [this](const Words&) { return open(); });
    }

    void add_lists() {
        const Offer files = [this](std::string_view part) { return offer_files(api_, part); };
        const Offer peers = [this](std::string_view) {
            return names_in(api_, "/api/v1/peers?limit=200", "address");
        };
        add("list_files", "[WORD]...", "what the group has; only names with all words", 0, 16,
            [this](const Words& words) { return list_files(context_, api_, joined(words)); });
        add("list_peers", "", "who is there", 0, 0,
            [this](const Words&) { return list_peers(context_, api_); });
        add("list_chunkinfo", "[NAME]", "which peer holds which pieces, and pieces at risk", 0, 1,
            [this](const Words& words) { return list_pieces(context_, api_, first_of(words)); },
            {files});
        add("discover", "IP PORT", "what a peer shares; also HOST:PORT", 1, 2,
            [this](const Words& words) { return with_peer(words, discover); }, {peers});
        add("ping", "IP PORT", "whether a peer is alive; also HOST:PORT", 1, 2,
            [this](const Words& words) { return with_peer(words, ping); }, {peers});
    }

    void add_sharing() {
        const Offer files = [this](std::string_view part) { return offer_files(api_, part); };
        const Offer peers = [this](std::string_view) {
            return names_in(api_, "/api/v1/peers?limit=200", "address");
        };
        add("publish", "PATH [NAME]", "shares a file or folder with the group", 1, 2,
            [this](const Words& words) { return sharing_.publish(words); }, {offer_paths});
        add("unpublish", "NAME", "shares it no longer", 1, 1,
            [this](const Words& words) { return unpublish(context_, api_, words[0]); }, {items()});
        add("fetch", "NAME [DESTINATION] [IP PORT]",
            "gets a file, from all who have it or from one", 1, 4,
            [this](const Words& words) { return sharing_.fetch(words); },
            {files, offer_paths, peers});
        add("create", "PATH FOLDER TRACKER", "makes a torrent in the folder", 3, 3,
            [this](const Words& words) { return sharing_.create(words); },
            {offer_paths, offer_paths});
        add("upload", "TORRENT|PATH TRACKER", "shares it by a tracker of that URL", 2, 2,
            [this](const Words& words) { return sharing_.upload(words); }, {offer_paths});
        add("download", "TORRENT|MAGNET FOLDER", "gets what a torrent names", 2, 2,
            [this](const Words& words) { return sharing_.download(words); },
            {offer_paths, offer_paths});
    }

    void add_items() {
        add("list_downloads", "", "what was fetched, and what is on its way", 0, 0,
            [this](const Words&) { return list_downloads(context_, api_); });
        add("status", "[NAME]", "how the peer does, or one of the things that it shares", 0, 1,
            [this](const Words& words) { return show_status(context_, api_, first_of(words)); },
            {items()});
        for (const auto& [word, help, state] :
             {std::tuple{"pause", "neither sends nor fetches it until it is resumed", "paused"},
              std::tuple{"resume", "goes on with what is paused or stopped", "running"}}) {
            add(word, "NAME", help, 1, 1,
                [this, wanted = std::string(state)](const Words& words) {
                    return set_state(context_, api_, words[0], wanted);
                },
                {items()});
        }
        add("stop", "[NAME]", "stops sharing it, or everything; says how much was sent", 0, 1,
            [this](const Words& words) { return stop_sharing(context_, api_, first_of(words)); },
            {items()});
        add("remove", "NAME [data]", "forgets it; with data, deletes its content too", 1, 2,
            [this](const Words& words) { return remove(words); }, {items(), offer_words({"data"})});
    }

    Offer items() {
        return
            [this](std::string_view) { return names_in(api_, "/api/v1/items?limit=200", "name"); };
    }

    Result<void> with_peer(const Words& words,
                           Result<void> (*run)(const Context&, const Api&, const net::HostPort&)) {
        const auto where = read_host_port(words, default_peer_port);
        if (!where) return std::unexpected(where.error());
        return run(context_, api_, *where);
    }

    Result<void> remove(const Words& words) {
        if (words.size() == 2 && words[1] != "data") {
            return fail(ErrorCode::usage, "write it as: remove NAME, or remove NAME data");
        }
        return remove_item(context_, api_, words[0], words.size() == 2);
    }

    Result<void> open() {
        const auto link = new_page_link(api_);
        if (!link) return std::unexpected(link.error());
        print_line(*link);
        return {};
    }

    Result<void> start(const Words& words) {
        const auto where = read_host_port(words, default_peer_port);
        if (!where) return std::unexpected(where.error());
        const bool v6 = where->host.find(':') != std::string::npos;
        const auto moved = api_.call(Method::patch, "/api/v1/listen",
                                     {{"listen", fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"),
                                                             where->host, where->port)}});
        if (!moved) return std::unexpected(moved.error());
        if (moved->is_object()) {
            print_line("listening on " + text_of(moved->get_object(), "listen"));
        }
        return {};
    }

    Result<void> connect(Words words) {
        const bool registers = words.size() > 1 && words.back() == "register";
        if (registers) words.pop_back();
        auto link = words.size() == 1 ? discovery::parse_join_link(words[0])
                                      : Result<discovery::JoinLink>(std::unexpected(Error{}));
        if (!link && words[0].find("/join#") != std::string::npos) {
            return std::unexpected(link.error());
        }
        if (!link) link = link_to(words);
        if (!link) return std::unexpected(link.error());
        const auto name = shell_.ask("User", false);
        if (!name) return std::unexpected(name.error());
        return open_session(link->to_string(), *name, registers || link->setup.has_value());
    }

    /// A link to a tracker that is named by its address alone: by the key that is known of it, or
    /// that the user confirms.
    Result<discovery::JoinLink> link_to(const Words& words) {
        const auto where = read_host_port(words, default_tracker_port);
        if (!where) return std::unexpected(where.error());
        discovery::JoinLink link{.host = where->host, .port = where->port, .fingerprint = {}};
        const auto known = Account::load(data_);
        if (known && known->tracker == link.server()) {
            link.fingerprint = known->fingerprint;
            return link;
        }
        const auto key = http::shown_key_and_wait(link.server());
        if (!key) return std::unexpected(key.error());
        shell_.say("This tracker is not known here yet. Its key is " + net::to_text(*key));
        shell_.say("It must be the one behind k= in the tracker's join link.");
        const auto answer = shell_.ask("Is it (yes or no)", false);
        if (!answer) return std::unexpected(answer.error());
        if (*answer != "yes") {
            return fail(ErrorCode::cancelled, "not connected: use the tracker's join link instead");
        }
        link.fingerprint = *key;
        return link;
    }

    Result<void> open_session(const std::string& join, const std::string& name, bool registers) {
        const auto password = shell_.ask(registers ? "New password" : "Password", true);
        if (!password) return std::unexpected(password.error());
        if (registers) {
            const auto again = shell_.ask("The same again", true);
            if (!again) return std::unexpected(again.error());
            if (*again != *password) return fail(ErrorCode::usage, "the two passwords differ");
        }
        object body{{"username", name}, {"password", *password}};
        if (!join.empty()) body["join"] = join;
        if (registers) body["register"] = true;
        const auto session = api_.call(Method::post, "/api/v1/sessions", body);
        if (!session) return std::unexpected(session.error());
        const object said = session->is_object() ? session->get_object() : object{};
        print_line(
            fmt::format("{} is logged in at {}", text_of(said, "user"), text_of(said, "tracker")));
        return {};
    }

    Result<void> log_out() {
        const auto ended = api_.call(Method::delete_, "/api/v1/sessions/current");
        if (!ended) return std::unexpected(ended.error());
        return {};
    }

    Result<void> whoami() {
        const auto me = api_.get("/api/v1/me");
        if (!me) return std::unexpected(me.error());
        const auto status = api_.get("/api/v1/status");
        const auto* peer = status ? status->if_object() : nullptr;
        const auto* tracker = peer == nullptr ? nullptr : peer->if_contains("tracker");
        const bool named = tracker != nullptr && tracker->is_object();
        const object said = me->is_object() ? me->get_object() : object{};
        print_line(fmt::format("{} ({}){}", text_of(said, "name"), text_of(said, "role"),
                               named ? " at " + text_of(tracker->get_object(), "url") : ""));
        return {};
    }

    const std::filesystem::path data_;
    const Context context_{.shell = true};
    const Api api_;
    PeerSharing sharing_;
    Shell shell_;  ///< last: its thread uses all of the above
};

PeerShell::PeerShell(PeerShellOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

PeerShell::~PeerShell() = default;

void PeerShell::close() {
    impl_->close();
}

}  // namespace shoal::cli

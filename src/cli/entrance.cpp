#include "cli/entrance.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <iostream>

#include "base/text.h"
#include "cli/account.h"
#include "discovery/lan_finder.h"
#include "discovery/tracker_url.h"
#include "node/account.h"

namespace shoal::cli {
namespace {

using discovery::FoundTracker;
using discovery::JoinLink;

/// A line of the user's; nothing at the end of the input.
std::optional<std::string> ask(std::string_view question) {
    fmt::print(stderr, "{} ", question);
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
}

bool says_yes(const std::optional<std::string>& answer) {
    return answer && !answer->empty() && std::string_view("yYcC").contains(answer->front());
}

std::vector<FoundTracker> look_around() {
    boost::asio::io_context io(1);
    std::vector<FoundTracker> found;
    boost::asio::co_spawn(io, discovery::find_trackers(),
                          [&](const std::exception_ptr& bug, std::vector<FoundTracker> trackers) {
                              if (bug) std::rethrow_exception(bug);
                              found = std::move(trackers);
                          });
    io.run();
    return found;
}

std::string address_of(const FoundTracker& tracker) {
    return net::to_text({tracker.addresses.front(), tracker.port});
}

JoinLink link_of(const FoundTracker& tracker) {
    return {.host = tracker.addresses.front().to_string(),
            .port = tracker.port,
            .fingerprint = tracker.fingerprint};
}

/// One of the trackers around, which the user has chosen and whose key he has seen; nothing: none.
/// address: HOST:PORT of the only one that will do, or empty.
std::optional<JoinLink> choose_tracker(const std::string& address) {
    fmt::print(stderr, "Looking for trackers on the local network …\n");
    auto found = look_around();
    std::erase_if(found, [&](const FoundTracker& tracker) {
        return !address.empty() && address_of(tracker) != address;
    });
    if (found.empty()) {
        fmt::print(stderr, "There is none; ask its operator for the join link.\n");
        return std::nullopt;
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
        fmt::print(stderr, "  {}  {}  {}\n     key {}\n", i + 1, address_of(found[i]),
                   found[i].name, net::to_text(found[i].fingerprint));
    }
    fmt::print(stderr,
               "Anybody can call a machine so: compare the key with the k= of the join "
               "link.\n");
    const auto answer = ask("Which one (its number, or Enter for none)?");
    const auto number = parse_number(answer.value_or("")).value_or(0);
    if (number < 1 || number > static_cast<std::int64_t>(found.size())) return std::nullopt;
    return link_of(found[static_cast<std::size_t>(number - 1)]);
}

/// HOST:PORT of http://HOST:PORT.
Result<std::string> authority_of(const std::string& url) {
    const auto tracker = discovery::parse_tracker_url(url + "/announce");
    if (!tracker) return fail(ErrorCode::usage, "--tracker: {}", tracker.error().message);
    return tracker->authority();
}

/// The group that the options name, or the user on the terminal; nothing: that of before, or none.
Result<std::optional<JoinLink>> find_group(const EntranceOptions& options,
                                           const Result<node::Account>& known) {
    if (!options.join.empty()) {
        auto link = discovery::parse_join_link(options.join);
        if (!link) return fail(ErrorCode::usage, "--join: {}", link.error().message);
        return std::move(*link);
    }
    if (options.tracker.empty()) {
        if (known || !options.may_ask) return std::nullopt;
        return choose_tracker("");
    }
    const auto authority = authority_of(options.tracker);
    if (!authority) return std::unexpected(authority.error());
    if (known && known->tracker == "http://" + *authority) return std::nullopt;
    auto link = options.may_ask ? choose_tracker(*authority) : std::nullopt;
    if (link) return link;
    return fail(ErrorCode::usage, "--tracker: the key of {} is not known here; use its join link",
                printable(*authority));
}

/// The group that is known is where the link says now; its key is the same.
Result<void> follow(node::Account account, const std::optional<JoinLink>& link,
                    const std::filesystem::path& folder) {
    if (!link || link->server() == account.tracker) return {};
    account.tracker = link->server();
    return account.save(folder);
}

}  // namespace

Result<std::optional<node::Entrance>> find_entrance(const EntranceOptions& options) {
    const auto known = node::Account::load(options.folder);
    if (!known && known.error().code != ErrorCode::not_found) {
        return std::unexpected(known.error());
    }
    auto link = find_group(options, known);
    if (!link) return std::unexpected(link.error());
    node::Entrance entrance{.link = std::move(*link), .user = options.user};
    const bool same_group =
        known && (!entrance.link || known->fingerprint == entrance.link->fingerprint);
    const bool same_user =
        known && (entrance.user.empty() || known->user.value_or("") == entrance.user);
    if (same_group && same_user && known->token) {
        if (const auto moved = follow(*known, entrance.link, options.folder); !moved) {
            return std::unexpected(moved.error());
        }
        return std::nullopt;
    }
    if (!entrance.link && !known) {
        if (entrance.user.empty()) return std::nullopt;
        return fail(ErrorCode::usage, "--user needs --join LINK: no group is known here");
    }
    if (entrance.user.empty() && options.may_ask) {
        entrance.user = ask("Your name in the group:").value_or("");
    }
    if (entrance.user.empty()) {
        return fail(ErrorCode::usage, "name the user by --user (new members choose a name)");
    }
    const bool invited = entrance.link && (entrance.link->invitation || entrance.link->setup);
    if (invited) entrance.visitor = node::Visitor::either;
    if (entrance.link && options.may_ask) {
        const bool is_new = says_yes(ask("Are you new there? [y/N]"));
        entrance.visitor = is_new ? node::Visitor::newcomer : node::Visitor::member;
    }
    auto password = read_password(options.password_file, "Password",
                                  entrance.visitor == node::Visitor::newcomer);
    if (!password) return std::unexpected(password.error());
    entrance.password = std::move(*password);
    return entrance;
}

}  // namespace shoal::cli

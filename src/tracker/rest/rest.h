// The tracker's REST interface; docs/api/tracker.yaml describes it. Each file adds one kind of
// resource to the router. Inside src/tracker only.
//
// Handlers are free coroutines that share the group, because they may end after the server.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalogue/catalogue.h"
#include "discovery/join_link.h"
#include "http/json_body.h"
#include "http/metrics.h"
#include "http/page.h"
#include "http/problem.h"
#include "http/router.h"
#include "tracker/group.h"
#include "tracker/statistics.h"

namespace shoal::tracker::rest {

class LiveLists;
using GroupPtr = std::shared_ptr<Group>;
using StatisticsPtr = std::shared_ptr<const Statistics>;
using EventsPtr = std::shared_ptr<http::EventHub>;
using Answer = boost::asio::awaitable<void>;

void add_accounts(http::Router& router, const GroupPtr& group);
void add_users(http::Router& router, const GroupPtr& group);
void add_files(http::Router& router, const GroupPtr& group);
void add_torrents(http::Router& router, const GroupPtr& group);
void add_peers(http::Router& router, const GroupPtr& group);
void add_page(http::Router& router, const GroupPtr& group);
void add_preparing(http::Router& router, const GroupPtr& group);
void add_swarms(http::Router& router, const GroupPtr& group);
void add_listen(http::Router& router, const GroupPtr& group);
/// The group may be null: then only this machine is answered.
void add_metrics(http::Router& router, const GroupPtr& group,
                 const std::shared_ptr<const http::Metrics>& metrics);
/// The same.
void add_statistics(http::Router& router, const GroupPtr& group, const StatisticsPtr& statistics);

/// The same; of an open tracker they cannot be changed.
void add_settings(http::Router& router, const GroupPtr& group,
                  const std::shared_ptr<const Tracker>& tracker);

/// The same.
void add_swarm_list(http::Router& router, const GroupPtr& group,
                    const std::shared_ptr<Tracker>& tracker);

/// The same.
void add_events(http::Router& router, const GroupPtr& group, const EventsPtr& events,
                const std::shared_ptr<LiveLists>& lists);

/// Tells them to the administrators who listen, or of an open tracker to all, if there are any.
void tell_statistics(const boost::asio::any_io_executor& executor, const GroupPtr& group,
                     const StatisticsPtr& statistics, const EventsPtr& events);
inline constexpr std::string_view statistics_event = "statistics";

/// Whether this machine itself asks. A page of a stranger that a browser on this machine shows is
/// not of this machine.
bool is_local(const http::Request& request);

/// What a request may bring along beside its body.
struct Caller {
    catalogue::Session session;
    [[nodiscard]] const catalogue::User& user() const { return session.user; }
    [[nodiscard]] bool is_admin() const { return user().role == catalogue::Role::admin; }
};

/// Whose token the request carries. Nothing: the response says 401 or 403.
boost::asio::awaitable<std::optional<Caller>> log_in(GroupPtr group, const http::Request& request,
                                                     http::Response& response);
/// The same for what administrators alone may do.
boost::asio::awaitable<std::optional<Caller>> log_in_admin(GroupPtr group,
                                                           const http::Request& request,
                                                           http::Response& response);

/// Tells administrators of a new member, and of the invitation whose code was used, if it is one.
Answer tell_registered(GroupPtr group, const catalogue::User& user,
                       const std::optional<std::string>& code);

/// Where the caller's own daemon of the path's `{peer}` is. Nothing: it is not there, and the
/// response says so.
std::optional<net::TcpEndpoint> own_daemon(Group& group, const Caller& caller,
                                           const http::Request& request, http::Response& response);

/// A link that leads to this tracker, without a code: by the name or address that the request went
/// to, or where that means this machine alone, by the one at which others reach it. Nothing when
/// the request names no host.
std::optional<discovery::JoinLink> link_for(const Group& group, const http::Request& request);

/// False, and the response says why: names, passwords and tokens from another machine need TLS.
bool secrets_are_safe(const Group& group, const http::Request& request, http::Response& response);

/// Work of the catalogue on its threads: `co_await on_catalogue<User>(group, [&] { … })`. What the
/// work refers to stands in the waiting coroutine's frame.
template <class T, class Work>
boost::asio::awaitable<Result<T>> on_catalogue(GroupPtr group, Work work) {
    co_return co_await group->catalogue().run<T>(std::move(work), boost::asio::use_awaitable);
}

/// A torrent of the group by its info hash as text. usage: it is none. not_found: another's.
Result<InfoHash> torrent_of(Group& group, std::string_view text);

/// A page of the catalogue as the query asks for it; nothing: the response says what is wrong.
std::optional<catalogue::PageRequest> page_request(const http::Request& request,
                                                   http::Response& response);

/// A page of the catalogue's, with `next` as it gave it.
void send_page(http::Response& response, boost::json::array items, const std::string& next);

/// Makes a handler of a function that takes the group, too, or what else it shares.
template <class Shared, class Function>
auto with(Shared shared, Function function) {
    return [shared = std::move(shared), function](const http::Request& request,
                                                  http::Response& response) {
        return function(shared, request, response);
    };
}

/// The token of the request: of its header, or of the cookie of a page that may do what it asks
/// for.
std::string_view token_of(const Group& group, const http::Request& request);

boost::json::object to_json(const catalogue::User& user);
boost::json::object to_json(const catalogue::Torrent& torrent);

/// What the group calls its torrents; others have no name here.
using SwarmNames = std::map<InfoHash, std::string>;
/// On a thread of the catalogue.
Result<SwarmNames> names_of(catalogue::Publications& publications,
                            const std::vector<SwarmEntry>& swarms);
boost::json::object to_json(const SwarmEntry& swarm, const SwarmNames& names);

/// The names of those whose peers they are; of a user who is gone the empty one. On a thread of the
/// catalogue.
using MemberNames = std::map<std::int64_t, std::string>;
MemberNames names_of(catalogue::Accounts& accounts, const std::vector<PresentPeer>& peers);

/// Where it takes connections, and the first address as others reach it.
boost::json::object listen_json(const std::vector<net::TcpEndpoint>& endpoints);

std::string to_text(catalogue::Time time);  ///< RFC 3339, UTC

}  // namespace shoal::tracker::rest

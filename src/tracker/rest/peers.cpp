// Peers: the daemons that register and report, who is there, what somebody shares, and whether an
// address answers.
#include "base/random.h"
#include "base/text.h"
#include "net/dialer.h"
#include "tracker/peer_probe.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

constexpr std::size_t most_changes = 10'000;  ///< torrents in one report
constexpr std::size_t most_ranges = 100'000;  ///< in one report

/// A peer of ours tells where it is; from then on it counts as there.
Answer register_peer(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    const auto daemon = fields.text("daemon");
    const auto port = static_cast<std::uint16_t>(fields.number("port", 1, UINT16_MAX));
    if (fields.error()) co_return http::send_error(response, *fields.error());
    const net::TcpEndpoint endpoint(request.remote.address(), port);
    const auto peer = co_await on_catalogue<catalogue::Peer>(group, [&] {
        return group->catalogue().publications().register_peer(
            caller->user().id, daemon, endpoint.address().to_string(), port);
    });
    if (!peer) co_return http::send_error(response, peer.error());
    const PresentPeer* before = group->presence().find(endpoint);
    const bool is_new = before == nullptr || before->daemon != peer->id;
    const auto former =
        group->presence().registered(endpoint, caller->user().id, peer->id, Clock::now());
    if (former) group->pieces().remove_peer(*former);
    if (is_new || former) {
        group->events().publish(
            "peer_joined", {{"address", net::to_text(endpoint)}, {"user", caller->user().name}});
    }
    http::send_json(response, 200, {{"id", peer->id}, {"address", net::to_text(endpoint)}});
}

Answer peer_leaves(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto where = own_daemon(*group, *caller, request, response);
    if (!where) co_return;
    group->leave(*where);
    http::send_nothing(response);
}

/// [[0, 17], [20, 20]]; false when it is no such list.
bool read_ranges(const boost::json::object& change, std::string_view name,
                 std::vector<PieceRange>& ranges, std::size_t& budget) {
    const boost::json::value* list = change.if_contains(name);
    if (list == nullptr) return true;
    if (!list->is_array()) return false;
    for (const auto& item : list->get_array()) {
        if (!item.is_array() || item.get_array().size() != 2 || budget-- == 0) return false;
        boost::system::error_code error;
        PieceRange range;
        range.first = item.get_array()[0].to_number<std::uint32_t>(error);
        if (!error) range.last = item.get_array()[1].to_number<std::uint32_t>(error);
        if (error) return false;
        ranges.push_back(range);
    }
    return true;
}

bool read_change(const boost::json::value& item, PieceChange& change, std::size_t& budget) {
    const boost::json::object* object = item.if_object();
    if (object == nullptr) return false;
    const boost::json::value* hash = object->if_contains("info_hash");
    if (hash == nullptr || !hash->is_string()) return false;
    const auto bytes = from_hex(std::string_view(hash->get_string()));
    if (!bytes || bytes->size() != InfoHash::size) return false;
    change.info_hash = InfoHash::from(*bytes);
    const boost::json::value* gone = object->if_contains("gone");
    if (gone != nullptr && !gone->is_bool()) return false;
    change.gone = gone != nullptr && gone->get_bool();
    return read_ranges(*object, "gained", change.gained, budget) &&
           read_ranges(*object, "lost", change.lost, budget);
}

Result<PieceReport> read_report(const boost::json::object& body) {
    http::JsonFields fields(body);
    PieceReport report;
    report.number = static_cast<std::uint64_t>(fields.number("number", 0, INT64_MAX));
    report.whole = fields.optional_boolean("whole").value_or(false);
    const boost::json::array* changes = fields.array("changes", most_changes);
    if (fields.error()) return std::unexpected(*fields.error());
    if (changes == nullptr) return fail(ErrorCode::usage, "'changes' is missing");
    std::size_t budget = most_ranges;
    for (const auto& item : *changes) {
        if (!read_change(item, report.changes.emplace_back(), budget)) {
            return fail(ErrorCode::usage,
                        "'changes' must hold objects with info_hash, gained, lost and gone");
        }
    }
    return report;
}

Answer report_pieces(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto body = http::read_json(request, response, {.bytes = 1 << 20});
    if (!body) co_return;
    const auto where = own_daemon(*group, *caller, request, response);
    if (!where) co_return;
    const auto report = read_report(*body);
    if (!report) co_return http::send_error(response, report.error());
    const auto done = group->pieces().report(*where, *report);
    if (!done) co_return http::send_conflict(response, done.error());
    group->presence().announced(*where, caller->user().id, Clock::now());
    http::send_nothing(response);
}

Answer list_peers(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto page = http::read_page(request);
    if (!page) co_return http::send_error(response, page.error());
    const TimePoint now = Clock::now();
    const auto& peers = group->presence().peers();
    auto at = peers.begin();
    if (!page->after.empty()) {
        const auto last = net::parse_endpoint(page->after);
        if (!last) co_return http::send_error(response, last.error());
        at = peers.upper_bound(*last);
    }
    std::vector<PresentPeer> shown;
    for (; at != peers.end() && shown.size() < page->limit; ++at) shown.push_back(at->second);
    const bool more = at != peers.end();
    const auto names = co_await on_catalogue<MemberNames>(group, [&]() -> Result<MemberNames> {
        return names_of(group->catalogue().accounts(), shown);
    });
    if (!names) co_return http::send_error(response, names.error());
    boost::json::array items;
    for (const auto& peer : shown) {
        items.push_back(boost::json::object{
            {"address", net::to_text(peer.endpoint)},
            {"user", names->at(peer.member)},
            {"daemon", peer.daemon.has_value()},
            {"seen_seconds_ago", static_cast<std::int64_t>(seconds(now - peer.last_seen))}});
    }
    const std::string last = more ? net::to_text(shown.back().endpoint) : std::string();
    send_page(response, std::move(items), last);
}

/// HOST:PORT of the path, resolved; nothing: the response says why.
boost::asio::awaitable<std::optional<std::vector<net::TcpEndpoint>>> resolve(
    const http::Request& request, http::Response& response) {
    const auto where = net::parse_host_port(request.parameter("address"), std::nullopt);
    if (!where) {
        http::send_error(response, where.error());
        co_return std::nullopt;
    }
    const auto dialer = std::make_shared<net::Dialer>(co_await boost::asio::this_coro::executor);
    auto found = co_await dialer->resolve(where->host, where->port);
    if (!found) {
        http::send_error(response, {ErrorCode::not_found, found.error().message});
        co_return std::nullopt;
    }
    for (auto& endpoint : *found) endpoint = net::normalised(endpoint);
    co_return std::move(*found);
}

/// Whether the address is one where the tracker may knock: members' peers, for administrators any.
bool may_knock(Group& group, const Caller& caller, const net::TcpEndpoint& endpoint) {
    return caller.is_admin() || group.presence().find(endpoint) != nullptr;
}

boost::asio::awaitable<Result<ProbeAnswer>> probe(ProbeQuestion question) {
    auto executor = co_await boost::asio::this_coro::executor;
    std::unique_ptr<PeerProbe> running;
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                                   void(Result<ProbeAnswer>)>(
        [&](auto handler) {
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            running = std::make_unique<PeerProbe>(executor, question,
                                                  [shared](Result<ProbeAnswer> answer) mutable {
                                                      std::move (*shared)(std::move(answer));
                                                  });
        },
        boost::asio::use_awaitable);
}

Answer ping(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto endpoints = co_await resolve(request, response);
    if (!endpoints) co_return;
    const net::TcpEndpoint peer = endpoints->front();
    if (group->is_tracker(peer)) {
        co_return http::send_error(
            response, {ErrorCode::usage, "that is the tracker itself: it cannot ping itself"});
    }
    if (!may_knock(*group, *caller, peer)) {
        co_return http::send_error(
            response,
            {ErrorCode::not_found, "no peer of the group is registered at " + net::to_text(peer)});
    }
    ProbeQuestion question{.peer = peer};
    secure_random(question.info_hash.bytes);
    secure_random(question.our_id.bytes);
    const auto answer = co_await probe(question);
    boost::json::object document{{"address", net::to_text(peer)}, {"alive", answer.has_value()}};
    if (answer) document["round_trip_ms"] = seconds(answer->round_trip) * 1000;
    if (!answer) document["reason"] = printable(answer.error().message);
    http::send_json(response, 200, document);
}

/// Whom the tracker knows at an address: what our peers ask before they let a caller in.
Answer show_address(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(request.parameter("address"), error);
    if (error) {
        co_return http::send_error(response, {ErrorCode::usage, "that is no IP address"});
    }
    http::send_json(response, 200, {{"known", group->presence().knows(net::normalised(address))}});
}

}  // namespace

MemberNames names_of(catalogue::Accounts& accounts, const std::vector<PresentPeer>& peers) {
    MemberNames names;
    for (const auto& peer : peers) names[peer.member];
    for (auto& [id, name] : names) {
        if (const auto user = accounts.user(id)) name = user->name;
    }
    return names;
}

std::optional<net::TcpEndpoint> own_daemon(Group& group, const Caller& caller,
                                           const http::Request& request, http::Response& response) {
    const auto id = parse_number(request.parameter("peer")).value_or(0);
    auto where = group.presence().daemon_at(id);
    const PresentPeer* peer = where ? group.presence().find(*where) : nullptr;
    if (peer != nullptr && peer->member == caller.user().id) return where;
    http::send_error(response, {ErrorCode::not_found, "the peer is not registered: register it"});
    return std::nullopt;
}

void add_peers(http::Router& router, const GroupPtr& group) {
    using http::Method;
    router.add(Method::post, "/api/v1/peers", with(group, register_peer));
    router.add(Method::get, "/api/v1/peers", with(group, list_peers));
    router.add(Method::delete_, "/api/v1/peers/{peer}", with(group, peer_leaves));
    router.add(Method::put, "/api/v1/peers/{peer}/pieces", with(group, report_pieces));
    router.add(Method::post, "/api/v1/peers/{address}/ping", with(group, ping));
    router.add(Method::get, "/api/v1/addresses/{address}", with(group, show_address));
}

}  // namespace shoal::tracker::rest

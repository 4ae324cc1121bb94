// Who has which piece.
#include "base/text.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

boost::json::array to_json(const std::vector<PieceRange>& ranges) {
    boost::json::array items;
    for (const PieceRange& range : ranges) {
        items.push_back(boost::json::array{range.first, range.last});
    }
    return items;
}

boost::json::object to_json(const SwarmPieces& swarm) {
    boost::json::array holders;
    for (const HolderPieces& holder : swarm.holders) {
        holders.push_back(boost::json::object{{"address", net::to_text(holder.peer)},
                                              {"count", holder.count},
                                              {"pieces", to_json(holder.pieces)}});
    }
    return {{"pieces", swarm.piece_count},
            {"holders", std::move(holders)},
            {"held_once", to_json(swarm.held_once)},
            {"held_never", to_json(swarm.held_never)}};
}

Answer show_pieces(GroupPtr group, const http::Request& request, http::Response& response) {
    if (!co_await log_in(group, request, response)) co_return;
    const auto hash = from_hex(request.parameter("info_hash"));
    if (!hash || hash->size() != InfoHash::size) {
        co_return http::send_error(
            response, {ErrorCode::usage, "the info hash must have 40 hexadecimal digits"});
    }
    const auto swarm = group->pieces().swarm(InfoHash::from(*hash));
    if (!swarm) {
        co_return http::send_error(response,
                                   {ErrorCode::not_found, "the group has no such torrent"});
    }
    http::send_json(response, 200, to_json(*swarm));
}

/// Whether the listener is told of it.
bool may_see(const http::Event& event, bool is_admin) {
    return event.audience.empty() || (is_admin && event.audience == administrators);
}

Answer listen_to_events(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const bool is_admin = caller->is_admin();
    group->events().serve(
        request, response,
        {.owner = std::to_string(caller->user().id),
         .may_see = [is_admin](const http::Event& event) { return may_see(event, is_admin); }});
}

}  // namespace

void add_swarms(http::Router& router, const GroupPtr& group) {
    using http::Method;
    router.add(Method::get, "/api/v1/swarms/{info_hash}/pieces", with(group, show_pieces));
    router.add(Method::get, "/api/v1/events", with(group, listen_to_events));
}

}  // namespace shoal::tracker::rest

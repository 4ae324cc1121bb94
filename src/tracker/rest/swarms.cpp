// Who has which piece.
#include <algorithm>

#include "base/text.h"
#include "http/query.h"
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

/// A torrent of the group by its info hash.
Result<InfoHash> torrent_of(Group& group, std::string_view text) {
    const auto hash = from_hex(text);
    if (!hash || hash->size() != InfoHash::size) {
        return fail(ErrorCode::usage, "the info hash must have 40 hexadecimal digits");
    }
    const auto info_hash = InfoHash::from(*hash);
    if (!group.pieces().piece_count(info_hash)) {
        return fail(ErrorCode::not_found, "the group has no such torrent");
    }
    return info_hash;
}

Answer show_pieces(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto info_hash = torrent_of(*group, request.parameter("info_hash"));
    if (!info_hash) co_return http::send_error(response, info_hash.error());
    http::send_json(response, 200, to_json(*group->pieces().swarm(*info_hash)));
}

/// The swarm whose pieces a listener wants to hear of, if any.
Result<std::optional<InfoHash>> swarm_to_watch(Group& group, const http::Request& request) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) {
        return fail(ErrorCode::usage, "{}", ok.error().message);
    }
    const auto text = query.find("swarm");
    if (!text) return std::nullopt;
    const auto info_hash = torrent_of(group, *text);
    if (!info_hash) return std::unexpected(info_hash.error());
    return *info_hash;
}

Answer listen_to_events(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto swarm = swarm_to_watch(*group, request);
    if (!swarm) co_return http::send_error(response, swarm.error());
    std::vector<std::string> audiences = {""};
    if (caller->is_admin()) audiences.emplace_back(administrators);
    if (*swarm) audiences.push_back(Group::watch_audience(**swarm));
    const auto may_see = [audiences](const http::Event& event) {
        return std::ranges::find(audiences, event.audience) != audiences.end();
    };
    group->events().serve(request, response,
                          {.owner = std::to_string(caller->user().id), .may_see = may_see});
    if (*swarm) group->watch(**swarm);
}

}  // namespace

void add_swarms(http::Router& router, const GroupPtr& group) {
    using http::Method;
    router.add(Method::get, "/api/v1/swarms/{info_hash}/pieces", with(group, show_pieces));
    router.add(Method::get, "/api/v1/events", with(group, listen_to_events));
}

}  // namespace shoal::tracker::rest

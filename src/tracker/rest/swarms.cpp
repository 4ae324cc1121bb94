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
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto info_hash = torrent_of(*group, request.parameter("info_hash"));
    if (!info_hash) co_return http::send_error(response, info_hash.error());
    http::send_json(response, 200, to_json(*group->pieces().swarm(*info_hash)));
}

}  // namespace

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

void add_swarms(http::Router& router, const GroupPtr& group) {
    using http::Method;
    router.add(Method::get, "/api/v1/swarms/{info_hash}/pieces", with(group, show_pieces));
}

}  // namespace shoal::tracker::rest

// An item looked at closely: its peers, its pieces and its files.
#include "node/rest/rest.h"
#include "node/runs.h"

namespace shoal::node::rest {
namespace {

namespace json = boost::json;
using http::Method;

json::object to_json(const engine::PeerView& peer, const Members& members) {
    const std::string* user = members.user_at(peer.address);
    return {{"address", net::to_text(peer.address)},
            {"user", user ? json::value(*user) : json::value(nullptr)},
            {"client", peer.client},
            {"down", static_cast<std::int64_t>(peer.down)},
            {"up", static_cast<std::int64_t>(peer.up)},
            {"downloaded", peer.downloaded},
            {"uploaded", peer.uploaded},
            {"progress", peer.progress},
            {"outgoing", peer.outgoing}};
}

json::array peers_of(const Daemon& node, const Share& share) {
    json::array peers;
    if (const engine::Transfer* transfer = share.transfer()) {
        for (const auto& peer : transfer->peers()) {
            peers.push_back(to_json(peer, *node.members()));
        }
    }
    return peers;
}

json::array availability_of(std::uint32_t size, const swarm::PieceTable* pieces) {
    json::array runs;
    const auto holders = [&](std::uint32_t piece) {
        return pieces ? pieces->holders(PieceIndex(piece)) : 0U;
    };
    for (const PieceRun& run : runs_of(size, GroupValue::least, holders)) {
        runs.push_back(json::array{run.first, run.last, run.value});
    }
    return runs;
}

json::object pieces_of(const Share& share) {
    using swarm::PieceState;
    const auto& info = share.info();
    const std::uint32_t size = info ? info->layout().piece_count() : 0;
    const engine::Transfer* transfer = share.transfer();
    const swarm::PieceTable* pieces = transfer ? transfer->pieces() : nullptr;
    const Bitfield* have = share.have();
    const auto is_here = [&](std::uint32_t piece) { return have ? (*have)[piece] : false; };
    const auto is_in_flight = [&](std::uint32_t piece) {
        if (!pieces) return false;
        const PieceState state = pieces->state(PieceIndex(piece));
        return state == PieceState::in_flight || state == PieceState::verifying;
    };
    const auto is_unwanted = [&](std::uint32_t piece) {
        return pieces && pieces->state(PieceIndex(piece)) == PieceState::not_wanted;
    };
    const bool whole = share.item().complete && !have;
    return {{"pieces", size},
            {"piece_length", info ? info->layout().piece_length() : 0},
            {"have", whole ? ranges_of(size, GroupValue::least, [](std::uint32_t) { return true; })
                           : ranges_of(size, GroupValue::least, is_here)},
            {"in_flight", ranges_of(size, GroupValue::most, is_in_flight)},
            {"unwanted", ranges_of(size, GroupValue::least, is_unwanted)},
            {"availability", availability_of(size, pieces)},
            {"connected", transfer ? transfer->peers().size() : 0}};
}

Answer list_peers(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto share = find_share(*node, request, response);
    if (!share) co_return;
    co_await node->members()->refresh(node->membership().client());
    http::send_page(response, peers_of(*node, *share));
}

Answer show_pieces(DaemonPtr node, const http::Request& request, http::Response& response) {
    if (const auto share = find_share(*node, request, response)) {
        http::send_json(response, 200, pieces_of(*share));
    }
    co_return;
}

}  // namespace

void add_details(http::Router& router, const DaemonPtr& node) {
    router.add(Method::get, "/api/v1/items/{item}/peers", with(node, list_peers));
    router.add(Method::get, "/api/v1/items/{item}/pieces", with(node, show_pieces));
}

}  // namespace shoal::node::rest

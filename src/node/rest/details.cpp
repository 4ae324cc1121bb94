// An item looked at closely: its peers, its pieces and its files.
#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "metainfo/path.h"
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

/// Bytes of a file that are verified.
ByteCount have_of(const Share& share, const metainfo::Layout& layout, FileIndex index) {
    const metainfo::File& file = layout.file(index);
    const Bitfield* have = share.have();
    if (share.item().complete) return file.length;
    if (!have) return 0;
    ByteCount bytes = 0;
    const auto [first, end] = layout.pieces_of(index);
    for (PieceIndex piece = first; piece < end; ++piece) {
        if (!(*have)[piece]) continue;
        const ByteCount begin = layout.piece_offset(piece);
        bytes += std::min(file.offset + file.length, begin + layout.piece_size(piece)) -
                 std::max(file.offset, begin);
    }
    return bytes;
}

struct FilePage {
    json::array items;
    std::uint32_t next = 0;  ///< where the files that are left begin; 0: none are
};

/// Up to `limit` files from a number on; padding, which is no file of the user's, is left out.
FilePage files_of(const Share& share, std::uint32_t from, std::size_t limit) {
    FilePage page;
    if (!share.info()) return page;
    const metainfo::Layout& layout = share.info()->layout();
    for (std::uint32_t i = from; i < layout.files().size(); ++i) {
        const metainfo::File& file = layout.files()[i];
        if (file.padding) continue;
        if (page.items.size() == limit) {
            page.next = i;
            break;
        }
        page.items.push_back({{"index", i},
                              {"path", metainfo::join_path(file.path)},
                              {"size", file.length},
                              {"have", have_of(share, layout, FileIndex(i))},
                              {"wanted", true}});
    }
    return page;
}

void send_files(const Share& share, const http::Page& page, http::Response& response) {
    const auto from = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(parse_number(page.after).value_or(0), 0, UINT32_MAX));
    FilePage files = files_of(share, from, page.limit);
    const std::string next = std::to_string(files.next);
    http::send_page(response, std::move(files.items),
                    files.next > 0 ? std::optional<std::string_view>(next) : std::nullopt);
}

Answer list_files(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto share = find_share(*node, request, response);
    if (!share) co_return;
    const auto page = http::read_page(request);
    if (!page) co_return tell_error(response, page.error());
    send_files(*share, *page, response);
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

std::string details_of(const Daemon& node, const Share& share) {
    json::object details{{"id", share.item().id}, {"peers", peers_of(node, share)}};
    details["pieces"] = pieces_of(share);
    details["files"] = files_of(share, 0, http::Page::max_limit).items;
    return json::serialize(details);
}

void add_details(http::Router& router, const DaemonPtr& node) {
    router.add(Method::get, "/api/v1/items/{item}/files", with(node, list_files));
    router.add(Method::get, "/api/v1/items/{item}/peers", with(node, list_peers));
    router.add(Method::get, "/api/v1/items/{item}/pieces", with(node, show_pieces));
}

}  // namespace shoal::node::rest

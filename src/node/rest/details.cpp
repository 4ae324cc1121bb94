// An item looked at closely: its peers, its pieces and its files.
#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "engine/file_choice.h"
#include "metainfo/path.h"
#include "node/rest/rest.h"
#include "node/runs.h"

namespace shoal::node::rest {
namespace {

namespace json = boost::json;
using http::Method;

constexpr std::size_t most_choices = 100'000;  ///< in one request

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
    const Bitfield have = share.pieces_here();
    const auto is_here = [&](std::uint32_t piece) { return have[piece]; };
    const Bitfield wanted =
        info ? engine::pieces_of_files(info->layout(), share.wanted_files()) : Bitfield();
    const auto is_in_flight = [&](std::uint32_t piece) {
        if (!pieces) return false;
        const PieceState state = pieces->state(PieceIndex(piece));
        return state == PieceState::in_flight || state == PieceState::verifying;
    };
    const auto is_unwanted = [&](std::uint32_t piece) { return !wanted[piece]; };
    return {{"pieces", size},
            {"piece_length", info ? info->layout().piece_length() : 0},
            {"have", ranges_of(size, GroupValue::least, is_here)},
            {"in_flight", ranges_of(size, GroupValue::most, is_in_flight)},
            {"unwanted", ranges_of(size, GroupValue::least, is_unwanted)},
            {"availability", availability_of(size, pieces)},
            {"connected", transfer ? transfer->peers().size() : 0}};
}

/// Bytes of a file that lie in these pieces.
ByteCount bytes_in(const Bitfield& pieces, const metainfo::Layout& layout, FileIndex index) {
    const metainfo::File& file = layout.file(index);
    ByteCount bytes = 0;
    const auto [first, end] = layout.pieces_of(index);
    for (PieceIndex piece = first; piece < end; ++piece) {
        if (!pieces[piece]) continue;
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
    const std::vector<bool> wanted = share.wanted_files();
    const Bitfield pieces = share.pieces_here();
    for (std::uint32_t i = from; i < layout.files().size(); ++i) {
        const metainfo::File& file = layout.files()[i];
        if (file.padding) continue;
        if (page.items.size() == limit) {
            page.next = i;
            break;
        }
        const FileIndex index(i);
        // Its pieces may also have parts of files that are not wanted, and not be here as a whole.
        const bool is_whole = share.item().complete && wanted[i];
        page.items.push_back({{"index", i},
                              {"path", metainfo::join_path(file.path)},
                              {"size", file.length},
                              {"have", is_whole ? file.length : bytes_in(pieces, layout, index)},
                              {"wanted", bool(wanted[i])}});
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

/// The files that are wanted after the changes that a body asks for.
Result<std::vector<bool>> read_choice(const json::object& body, std::vector<bool> wanted) {
    http::JsonFields fields(body);
    const json::array* changes = fields.array("files", most_choices);
    if (fields.error()) return std::unexpected(*fields.error());
    if (!changes) return fail(ErrorCode::usage, "'files' is missing");
    for (const json::value& change : *changes) {
        const json::object* object = change.if_object();
        if (!object) return fail(ErrorCode::usage, "'files' must hold objects");
        http::JsonFields parts(*object);
        const std::int64_t index = parts.number("index", 0, UINT32_MAX);
        const bool is_wanted = parts.boolean("wanted");
        if (parts.error()) return std::unexpected(*parts.error());
        if (static_cast<std::size_t>(index) >= wanted.size()) {
            return fail(ErrorCode::usage, "there is no file {}", index);
        }
        wanted[static_cast<std::size_t>(index)] = is_wanted;
    }
    return wanted;
}

Answer choose_files(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto share = find_share(*node, request, response);
    if (!share) co_return;
    const auto body = http::read_json(request, response, {.bytes = 4 << 20});
    if (!body) co_return;
    if (!share->info()) {
        const Result<void> known = share->check_choice({});
        co_return tell_conflict(response, known.error());
    }
    auto wanted = read_choice(*body, share->wanted_files());
    if (!wanted) co_return tell_error(response, wanted.error());
    const auto chosen = co_await node->library().choose_files(share, std::move(*wanted));
    if (!chosen) co_return tell_conflict(response, chosen.error());
    send_files(*share, http::Page(), response);
}

Answer list_peers(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto share = find_share(*node, request, response);
    if (!share) co_return;
    co_await node->members()->refresh(node->membership().client());
    http::send_page(response, peers_of(*node, *share));
}

json::object to_json(const SpeedHistory& speeds) {
    json::array samples;
    for (const auto& sample : speeds.samples()) {
        samples.push_back(json::array{sample.down, sample.up});
    }
    return {{"interval_seconds", 1}, {"samples", std::move(samples)}};
}

Answer show_speeds(DaemonPtr node, const http::Request& /*request*/, http::Response& response) {
    http::send_json(response, 200, to_json(node->speeds()));
    co_return;
}

Answer show_item_speeds(DaemonPtr node, const http::Request& request, http::Response& response) {
    if (const auto share = find_share(*node, request, response)) {
        http::send_json(response, 200, to_json(share->speeds()));
    }
    co_return;
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
    router.add(Method::patch, "/api/v1/items/{item}/files", with(node, choose_files));
    router.add(Method::get, "/api/v1/items/{item}/peers", with(node, list_peers));
    router.add(Method::get, "/api/v1/items/{item}/pieces", with(node, show_pieces));
    router.add(Method::get, "/api/v1/items/{item}/speeds", with(node, show_item_speeds));
    router.add(Method::get, "/api/v1/speeds", with(node, show_speeds));
}

}  // namespace shoal::node::rest

// Files by name: publishing, finding, taking back.
#include <algorithm>

#include "base/text.h"
#include "http/query.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

using catalogue::Publication;

boost::json::object to_json(Group& group, const Publication& publication) {
    const net::TcpEndpoint peer(boost::asio::ip::make_address(publication.peer.address),
                                publication.peer.port);
    const auto held = group.pieces().counts(publication.torrent.info_hash);
    return {{"id", publication.id},
            {"name", publication.name},
            {"path", publication.path},
            {"version", publication.version},
            {"created", to_text(publication.created)},
            {"size", publication.torrent.size},
            {"pieces", publication.torrent.pieces},
            {"piece_length", publication.torrent.piece_length},
            {"info_hash", publication.torrent.info_hash.hex()},
            {"user", publication.peer.user},
            {"peer", publication.peer.id},
            {"address", net::to_text(peer)},
            {"online", group.presence().daemon_at(publication.peer.id).has_value()},
            {"seeds", held.seeds},
            {"holders", held.holders}};
}

boost::json::array to_json(Group& group, const std::vector<Publication>& publications) {
    boost::json::array items;
    for (const auto& publication : publications) items.push_back(to_json(group, publication));
    return items;
}

/// What a list is asked for besides its page: everything, one name, or one torrent.
struct Wanted {
    catalogue::PublicationQuery query;
    std::optional<std::string> name;
    std::optional<ByteVector> info_hash;
    std::optional<net::TcpEndpoint> address;  ///< of the peer that shares
};

Result<Wanted> read_wanted(const http::Request& request) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) {
        return fail(ErrorCode::usage, "{}", ok.error().message);
    }
    Wanted wanted;
    wanted.query.search = query.find("q").value_or("");
    if (const auto order = query.find("order")) {
        if (*order != "newest" && *order != "name" && *order != "size") {
            return fail(ErrorCode::usage, "'order' must be newest, name or size");
        }
        if (*order == "name") wanted.query.order = catalogue::Order::name;
        if (*order == "size") wanted.query.order = catalogue::Order::size;
    }
    if (const auto peer = query.find("peer")) {
        wanted.query.peer = parse_number(*peer);
        if (!wanted.query.peer) return fail(ErrorCode::usage, "'peer' must be a peer's number");
    }
    if (const auto address = query.find("address")) {
        const auto endpoint = net::parse_endpoint(*address);
        if (!endpoint) return std::unexpected(endpoint.error());
        wanted.address = net::normalised(*endpoint);
    }
    if (const auto name = query.find("name")) wanted.name = std::string(*name);
    if (const auto hash = query.find("info_hash")) {
        wanted.info_hash = from_hex(*hash);
        if (!wanted.info_hash) return fail(ErrorCode::usage, "'info_hash' must be hexadecimal");
    }
    return wanted;
}

/// On a thread of the catalogue.
Result<catalogue::Page<Publication>> find(catalogue::Publications& publications, Wanted wanted) {
    if (wanted.address) {
        const auto peers =
            publications.peers_at(wanted.address->address().to_string(), wanted.address->port());
        if (!peers) return std::unexpected(peers.error());
        if (peers->empty()) {
            return fail(ErrorCode::not_found, "no peer of the group is registered at {}",
                        net::to_text(*wanted.address));
        }
        wanted.query.peer = std::ranges::max_element(*peers, {}, &catalogue::Peer::last_seen)->id;
    }
    if (!wanted.name && !wanted.info_hash) return publications.list(wanted.query);
    auto found = wanted.name ? publications.named(*wanted.name)
                             : publications.with_info_hash(*wanted.info_hash);
    if (!found) return std::unexpected(found.error());
    return catalogue::Page<Publication>{std::move(*found), {}};
}

Answer list_files(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto page = page_request(request, response);
    if (!page) co_return;
    auto wanted = read_wanted(request);
    if (!wanted) co_return http::send_error(response, wanted.error());
    wanted->query.page = *page;
    const auto found = co_await on_catalogue<catalogue::Page<Publication>>(
        group, [&] { return find(group->catalogue().publications(), *wanted); });
    if (!found) co_return http::send_error(response, found.error());
    send_page(response, to_json(*group, found->items), found->next);
}

Answer show_file(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto id = parse_number(request.parameter("file")).value_or(0);
    const auto found = co_await on_catalogue<Publication>(
        group, [&] { return group->catalogue().publications().publication(id); });
    if (!found) co_return http::send_error(response, found.error());
    http::send_json(response, 200, to_json(*group, *found));
}

/// A publication as it is asked for.
struct Asked {
    std::int64_t peer = 0;
    ByteVector info_hash;
    catalogue::NewPublication publication;
};

/// On a thread of the catalogue.
Result<Publication> publish(catalogue::Publications& publications, const catalogue::User& user,
                            Asked asked) {
    const auto peer = publications.peer(asked.peer);
    if (!peer) return std::unexpected(peer.error());
    if (peer->user_id != user.id) return fail(ErrorCode::not_found, "there is no such peer");
    const auto torrent = publications.torrent(asked.info_hash);
    if (!torrent) return std::unexpected(torrent.error());
    auto info = publications.info_of(torrent->id);
    if (!info) return std::unexpected(info.error());
    asked.publication.info = std::move(*info);
    return publications.publish(asked.peer, asked.publication);
}

Answer publish_file(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    Asked asked{.peer = fields.number("peer", 1, INT64_MAX)};
    asked.publication.name = fields.text("name");
    asked.publication.path = fields.text("path", {.max_bytes = 4096});
    asked.publication.replace = fields.optional_boolean("replace").value_or(false);
    const auto hash = from_hex(fields.text("info_hash"));
    if (fields.error()) co_return http::send_error(response, *fields.error());
    if (!hash) {
        co_return http::send_error(response, {ErrorCode::usage, "'info_hash' must be hexadecimal"});
    }
    asked.info_hash = *hash;
    const auto made = co_await on_catalogue<Publication>(group, [&] {
        return publish(group->catalogue().publications(), caller->user(), std::move(asked));
    });
    if (!made) co_return http::send_conflict(response, made.error());
    auto document = to_json(*group, *made);
    group->events().publish("published", document);
    http::send_json(response, 201, document);
}

Answer unpublish_file(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto id = parse_number(request.parameter("file")).value_or(0);
    const auto gone = co_await on_catalogue<Publication>(group, [&]() -> Result<Publication> {
        auto& publications = group->catalogue().publications();
        auto found = publications.publication(id);
        if (!found) return found;
        if (found->peer.user_id != caller->user().id && !caller->is_admin()) {
            return fail(ErrorCode::refused, "only its publisher or an administrator may do this");
        }
        const auto done = publications.unpublish(found->peer.id, found->name);
        if (!done) return std::unexpected(done.error());
        return found;
    });
    if (!gone) co_return http::send_error(response, gone.error());
    group->events().publish("unpublished", to_json(*group, *gone));
    http::send_nothing(response);
}

}  // namespace

void add_files(http::Router& router, const GroupPtr& group) {
    using http::Method;
    router.add(Method::get, "/api/v1/files", with(group, list_files));
    router.add(Method::post, "/api/v1/files", with(group, publish_file));
    router.add(Method::get, "/api/v1/files/{file}", with(group, show_file));
    router.add(Method::delete_, "/api/v1/files/{file}", with(group, unpublish_file));
}

}  // namespace shoal::tracker::rest

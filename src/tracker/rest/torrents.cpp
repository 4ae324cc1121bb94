// The store of torrents: kept for the group, and handed out with the asking member's own passkey.
#include "base/text.h"
#include "http/query.h"
#include "metainfo/metainfo.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

constexpr std::string_view torrent_type = "application/x-bittorrent";

/// On a thread of the catalogue, because a large one takes time.
Result<catalogue::Torrent> keep(catalogue::Publications& publications, std::string_view bytes) {
    const auto torrent = metainfo::Metainfo::parse(bytes_of(bytes));
    if (!torrent) return std::unexpected(torrent.error());
    if (!torrent->info->is_private()) {
        return fail(ErrorCode::usage,
                    "the torrent is not private, so that other clients would spread its peers' "
                    "addresses: make it with --private");
    }
    return publications.store_torrent(*torrent->info);
}

Answer upload_torrent(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto kept = co_await on_catalogue<catalogue::Torrent>(
        group, [&] { return keep(group->catalogue().publications(), request.body); });
    if (!kept) co_return http::send_error(response, kept.error());
    group->add_torrent(*kept);
    http::send_json(response, 201, to_json(*kept));
}

/// The address of this server as the client knows it, without a path; other clients do not know the
/// server's own certificate, so that their torrents name it without TLS.
std::string announce_url(const http::Request& request, std::string_view passkey) {
    return fmt::format("http://{}/announce?passkey={}", request.header("Host"), passkey);
}

/// The .torrent file's bytes; on a thread of the catalogue.
Result<std::string> personal_torrent(catalogue::Publications& publications, Bytes info_hash,
                                     std::string announce) {
    const auto torrent = publications.torrent(info_hash);
    if (!torrent) return std::unexpected(torrent.error());
    auto info = publications.info_of(torrent->id);
    if (!info) return std::unexpected(info.error());
    const metainfo::Metainfo personal{.info = std::move(*info),
                                      .trackers = {{std::move(announce)}}};
    return personal.encode();
}

Answer send_torrent(GroupPtr group, const http::Request& request, http::Response& response,
                    std::string hex) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto hash = from_hex(hex);
    if (!hash) {
        co_return http::send_error(response, {ErrorCode::usage, "'info_hash' must be hexadecimal"});
    }
    const auto passkey = group->catalogue().passkeys().of_user(caller->user().id);
    auto torrent = co_await on_catalogue<std::string>(group, [&] {
        return personal_torrent(group->catalogue().publications(), *hash,
                                announce_url(request, passkey.value_or("")));
    });
    if (!torrent) co_return http::send_error(response, torrent.error());
    response.content_type = torrent_type;
    response.add_header("Content-Disposition",
                        fmt::format("attachment; filename=\"{}.torrent\"", to_hex(*hash)));
    response.body = std::move(*torrent);
}

Answer download_torrent(GroupPtr group, const http::Request& request, http::Response& response) {
    return send_torrent(std::move(group), request, response, request.parameter("info_hash"));
}

Answer download_by_query(GroupPtr group, const http::Request& request, http::Response& response) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) {
        co_return http::send_error(response, {ErrorCode::usage, ok.error().message});
    }
    co_await send_torrent(std::move(group), request, response,
                          std::string(query.find("info_hash").value_or("")));
}

}  // namespace

void add_torrents(http::Router& router, const GroupPtr& group) {
    using http::Method;
    router.add(Method::post, "/api/v1/torrents", with(group, upload_torrent));
    router.add(Method::get, "/api/v1/torrents/{info_hash}", with(group, download_torrent));
    router.add(Method::post, "/announce/upload", with(group, upload_torrent));
    router.add(Method::get, "/announce/download", with(group, download_by_query));
}

}  // namespace shoal::tracker::rest

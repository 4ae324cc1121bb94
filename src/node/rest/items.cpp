// Items: what this peer shares and fetches, and how they come to be.
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/calendar.h"
#include "base/text.h"
#include "disk/content.h"
#include "engine/file_choice.h"
#include "engine/source.h"
#include "http/query.h"
#include "node/rest/rest.h"
#include "node/wait_while.h"

namespace shoal::node::rest {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using boost::asio::use_awaitable;
using http::Method;

constexpr http::TextRule path_rule{.max_bytes = 4096};
/// A publication that is ready within this time is answered as such.
constexpr Duration publish_patience = 1500ms;

/// Which items a list is asked for.
struct Filter {
    std::optional<std::string> name;
    std::optional<std::string> kind;
    bool from_peers = false;

    [[nodiscard]] bool takes(const Item& item) const {
        return (!name || *name == item.name ||
                (item.info_hash && *name == item.info_hash->hex())) &&
               (!kind || *kind == kind_name(item.kind)) && (!from_peers || item.from_peers());
    }
};

void send_items(Daemon& node, const http::Request& request, http::Response& response,
                const Filter& filter) {
    const auto page = http::read_page(request);
    if (!page) return tell_error(response, page.error());
    const auto after = parse_number(page->after).value_or(0);
    json::array items;
    std::int64_t last = 0;
    bool more = false;
    for (auto at = node.library().shares().upper_bound(after); at != node.library().shares().end();
         ++at) {
        if (!filter.takes(at->second->item())) continue;
        if (items.size() == page->limit) {
            more = true;
            break;
        }
        items.push_back(to_json(node, *at->second));
        last = at->first;
    }
    const std::string cursor = std::to_string(last);
    http::send_page(response, std::move(items),
                    more ? std::optional<std::string_view>(cursor) : std::nullopt);
}

/// How long a download will take at its speed; null where that says nothing.
json::value eta_of(const ShareStatus& status) {
    const auto& transfer = status.transfer;
    const ByteCount left = transfer.total - transfer.have;
    if (status.state != ShareState::fetching || transfer.down < 1 || left < 0) return nullptr;
    return static_cast<std::int64_t>(static_cast<double>(left) / transfer.down) + 1;
}

Answer list_items(DaemonPtr node, const http::Request& request, http::Response& response) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) co_return tell_error(response, ok.error());
    Filter filter;
    if (const auto name = query.find("name")) filter.name = std::string(*name);
    if (const auto kind = query.find("kind")) filter.kind = std::string(*kind);
    send_items(*node, request, response, filter);
}

Answer list_downloads(DaemonPtr node, const http::Request& request, http::Response& response) {
    send_items(*node, request, response, {.from_peers = true});
    co_return;
}

Answer show_item(DaemonPtr node, const http::Request& request, http::Response& response) {
    if (const auto share = find_share(*node, request, response)) {
        http::send_json(response, 200, to_json(*node, *share));
    }
    co_return;
}

/// Waits, for a while at most, until the catalogue has the item no more.
boost::asio::awaitable<void> settle_unlisted(DaemonPtr node, Item item) {
    auto listed = [&] { return node->membership().is_listed(item); };
    co_await wait_while(std::move(listed), publish_patience);
}

Answer change_item(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    const auto share = find_share(*node, request, response);
    if (!share) co_return;
    http::JsonFields fields(*body);
    const auto state = fields.optional_text("state");
    const Item& item = share->item();
    const auto down = fields.optional_number("max_down", 0, largest_rate).value_or(item.max_down);
    const auto up = fields.optional_number("max_up", 0, largest_rate).value_or(item.max_up);
    if (fields.error()) co_return tell_error(response, *fields.error());
    const auto intent = parse_intent(state.value_or(""));
    if (!state && !body->contains("max_down") && !body->contains("max_up")) {
        co_return tell_error(response, {ErrorCode::usage, "give 'state', 'max_down' or 'max_up'"});
    }
    if (state && !intent) {
        co_return tell_error(response,
                             {ErrorCode::usage, "'state' must be running, paused or stopped"});
    }
    if (down != item.max_down || up != item.max_up) {
        const auto set = co_await node->library().set_limits(share, down, up);
        if (!set) co_return tell_error(response, set.error());
    }
    if (intent) co_await node->library().set_intent(share, *intent);
    if (intent == Intent::stopped) co_await settle_unlisted(node, share->item());
    http::send_json(response, 200, to_json(*node, *share));
}

Answer remove_item(DaemonPtr node, const http::Request& request, http::Response& response) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) co_return tell_error(response, ok.error());
    const auto share = find_share(*node, request, response);
    if (!share) co_return;
    const bool with_content = query.find("data").value_or("false") == "true";
    auto removal =
        with_content ? node->library().forget(share, true) : node->library().remove(share);
    const auto removed = co_await std::move(removal);
    if (!removed) co_return tell_error(response, removed.error());
    co_await settle_unlisted(node, share->item());
    http::send_nothing(response);
}

Answer publish(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    NewPublication wanted{.path = fields.text("path", path_rule),
                          .name = fields.optional_text("name").value_or(""),
                          .piece_length = static_cast<std::uint32_t>(
                              fields.optional_number("piece_length", 0, UINT32_MAX).value_or(0)),
                          .replace = fields.optional_boolean("replace").value_or(false)};
    if (fields.error()) co_return tell_error(response, *fields.error());
    if (!wanted.path.is_absolute()) {
        co_return tell_error(response, {ErrorCode::usage, "'path' must be absolute"});
    }
    const bool fresh = !wanted.replace;
    const auto share = co_await node->library().publish(std::move(wanted));
    if (!share) co_return tell_conflict(response, share.error());
    co_await settle_publication(node, *share);
    std::optional<Error> error = (*share)->error();
    if (const Error* refusal = node->membership().refusal((*share)->item())) error = *refusal;
    if (error) {
        // What never was shared leaves nothing behind.
        if (fresh) co_await node->library().forget(*share, false);
        co_return tell_error(response, *error);
    }
    const bool ready = node->membership().is_listed((*share)->item());
    http::send_json(response, ready ? 201 : 202, to_json(*node, **share));
}

/// A refusal with what there is to choose from.
void send_refusal(http::Response& response, const FetchRefusal& refusal) {
    tell_conflict(response, refusal.error);
    if (refusal.candidates.empty()) return;
    json::array candidates;
    for (const GroupFile& file : refusal.candidates) candidates.push_back(file.document);
    json::value document = json::parse(response.body);
    document.as_object()["candidates"] = std::move(candidates);
    response.body = json::serialize(document);
}

/// What `downloads` is posted: by name from the group, or by a torrent or magnet link.
struct Wanted {
    std::optional<std::string> name;
    std::optional<std::string> source;
    std::optional<std::string> torrent{};  ///< the .torrent itself
    std::optional<fs::path> destination;
    std::vector<net::TcpEndpoint> from;
    std::vector<std::string> files;  ///< patterns; none: all
    bool single_source = false;
};

/// What comes with a torrent in the body.
Result<Wanted> read_wanted(const http::Request& request) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) return std::unexpected(ok.error());
    Wanted wanted;
    wanted.torrent = std::string(request.body);
    if (const auto destination = query.find("destination")) wanted.destination = *destination;
    if (wanted.destination && !is_good_path(*wanted.destination)) {
        return fail(ErrorCode::usage, "'destination' must be absolute");
    }
    const auto sources = query.find("sources").value_or("many");
    if (sources != "one" && sources != "many") {
        return fail(ErrorCode::usage, "'sources' must be one or many");
    }
    wanted.single_source = sources == "one";
    return wanted;
}

Result<Wanted> read_wanted(const json::object& body) {
    http::JsonFields fields(body);
    Wanted wanted{.name = fields.optional_text("name"),
                  .source = fields.optional_text("magnet", {.max_bytes = 32 * 1024})};
    if (!wanted.name) wanted.name = fields.optional_text("info_hash");
    if (!wanted.source) wanted.source = fields.optional_text("torrent", path_rule);
    const auto destination = fields.optional_text("destination", path_rule);
    const auto sources = fields.optional_text("sources").value_or("many");
    const auto from = fields.texts("from", 100);
    wanted.files = fields.texts("files", 1000);
    if (fields.error()) return std::unexpected(*fields.error());
    if (wanted.name.has_value() == wanted.source.has_value()) {
        return fail(ErrorCode::usage, "give either 'name', 'info_hash', 'magnet' or 'torrent'");
    }
    if (destination) wanted.destination = *destination;
    if (wanted.destination && !wanted.destination->is_absolute()) {
        return fail(ErrorCode::usage, "'destination' must be absolute");
    }
    if (sources != "one" && sources != "many") {
        return fail(ErrorCode::usage, "'sources' must be one or many");
    }
    wanted.single_source = sources == "one";
    for (const std::string& text : from) {
        const auto endpoint = net::parse_endpoint(text);
        if (!endpoint) return prefix("'from'", endpoint.error());
        wanted.from.push_back(net::normalised(*endpoint));
    }
    return wanted;
}

/// A download outside the group; the folder exists.
Result<NewDownload> download_of(const engine::Source& source, const fs::path& folder,
                                const Wanted& wanted) {
    NewDownload download;
    Item& item = download.item;
    item.kind = Kind::downloaded;
    item.single_source = wanted.single_source;
    for (const auto& peer : wanted.from) item.from.push_back(net::to_text(peer));
    if (const auto* torrent = std::get_if<metainfo::Metainfo>(&source)) {
        download.info = torrent->info;
        item.name = torrent->info->name();
        item.info_hash = torrent->info->info_hash();
        item.path = folder / item.name;
        if (!wanted.files.empty()) {
            const auto matching = engine::match_files(*torrent->info, wanted.files);
            if (!matching) return std::unexpected(matching.error());
            item.unwanted = unwanted_ranges(*matching);
        }
        for (const auto& tier : torrent->trackers) {
            item.trackers.insert(item.trackers.end(), tier.begin(), tier.end());
        }
        return download;
    }
    const auto& magnet = std::get<metainfo::Magnet>(source);
    item.name = magnet.name.empty() ? magnet.info_hash().hex() : printable(magnet.name);
    item.info_hash = magnet.info_hash();
    item.path = folder;
    item.magnet = magnet.to_string();
    item.files = wanted.files;
    return download;
}

/// The torrent that a body is.
Result<metainfo::Metainfo> parse_torrent(std::string_view body) {
    const Bytes bytes = bytes_of(body);
    return metainfo::Metainfo::parse(ByteVector(bytes.begin(), bytes.end()));
}

bool is_torrent(const http::Request& request) {
    return request.header("Content-Type") == "application/x-bittorrent";
}

/// Blocks on the disk.
Result<NewDownload> read_download(const fs::path& folder, const Wanted& wanted) {
    std::error_code error;
    fs::create_directories(folder, error);
    const fs::path real = fs::canonical(folder, error);
    if (error || !fs::is_directory(real, error)) {
        return fail(ErrorCode::refused, "cannot make the folder '{}': name another",
                    printable(folder.native()));
    }
    if (wanted.torrent) {
        auto torrent = parse_torrent(*wanted.torrent);
        if (!torrent) return std::unexpected(torrent.error());
        return download_of(engine::Source(std::move(*torrent)), real, wanted);
    }
    const auto source = engine::read_source(*wanted.source);
    if (!source) return std::unexpected(source.error());
    return download_of(*source, real, wanted);
}

/// Content that is here, with a torrent that describes it. Blocks on the disk.
Result<NewDownload> read_seed(const Result<metainfo::Metainfo>& torrent, const fs::path& path,
                              const std::vector<std::string>& trackers) {
    if (!torrent) return std::unexpected(torrent.error());
    const auto real = disk::content_path(*torrent->info, *disk::native_file_system(), path);
    if (!real) return std::unexpected(real.error());
    NewDownload seeding;
    seeding.info = torrent->info;
    seeding.item = {.kind = Kind::seeded,
                    .name = torrent->info->name(),
                    .path = *real,
                    .info_hash = torrent->info->info_hash(),
                    .complete = true,
                    .trackers = trackers};
    for (const auto& tier : torrent->trackers) {
        seeding.item.trackers.insert(seeding.item.trackers.end(), tier.begin(), tier.end());
    }
    return seeding;
}

/// Reads what is to be taken up, on a thread of the disk, and answers with the new item.
template <class Read>
Answer take_up(DaemonPtr node, Read read, http::Response& response) {
    const auto made =
        co_await node->session().disk().run<NewDownload>(std::move(read), use_awaitable);
    if (!made) co_return tell_error(response, made.error());
    const auto share = co_await node->library().add(*made);
    if (!share) co_return tell_conflict(response, share.error());
    http::send_json(response, 201, to_json(*node, **share));
}

Answer download(DaemonPtr node, Wanted wanted, http::Response& response) {
    const fs::path folder = wanted.destination.value_or(node->home().downloads());
    auto read = [folder, wanted] { return read_download(folder, wanted); };
    co_await take_up(node, std::move(read), response);
}

Answer begin_download(DaemonPtr node, const http::Request& request, http::Response& response) {
    if (is_torrent(request)) {
        auto with_torrent = read_wanted(request);
        if (!with_torrent) co_return tell_error(response, with_torrent.error());
        co_return co_await download(node, std::move(*with_torrent), response);
    }
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    auto wanted = read_wanted(*body);
    if (!wanted) co_return tell_error(response, wanted.error());
    if (wanted->source) co_return co_await download(node, std::move(*wanted), response);
    co_await node->settle_group();
    const auto client = node->membership().client();
    if (!client) {
        co_return tell_error(response, {ErrorCode::failed,
                                        "the tracker of the group is not reached: see `shoal "
                                        "status`"});
    }
    FetchRequest wish{.name = *wanted->name,
                      .destination = wanted->destination,
                      .from = wanted->from,
                      .single_source = wanted->single_source,
                      .files = wanted->files};
    const auto share =
        co_await fetch(node->session(), node->home(), node->library(), client, std::move(wish));
    if (!share) co_return send_refusal(response, share.error());
    http::send_json(response, 201, to_json(*node, **share));
}

Answer seed_torrent(DaemonPtr node, const http::Request& request, http::Response& response) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) co_return tell_error(response, ok.error());
    const fs::path path = query.find("path").value_or("");
    if (!is_good_path(path)) {
        co_return tell_error(response, {ErrorCode::usage, "'path' must be absolute"});
    }
    auto read = [body = std::string(request.body), path] {
        return read_seed(parse_torrent(body), path, {});
    };
    co_await take_up(node, std::move(read), response);
}

Answer seed(DaemonPtr node, const http::Request& request, http::Response& response) {
    if (is_torrent(request)) co_return co_await seed_torrent(node, request, response);
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    const std::string torrent_path = fields.text("torrent", path_rule);
    const fs::path path = fields.text("path", path_rule);
    const auto trackers = fields.texts("trackers", metainfo::max_trackers);
    if (fields.error()) co_return tell_error(response, *fields.error());
    auto read = [torrent_path, path, trackers] {
        return read_seed(engine::read_torrent(torrent_path), path, trackers);
    };
    co_await take_up(node, std::move(read), response);
}

}  // namespace

std::shared_ptr<Share> find_share(Daemon& node, const http::Request& request,
                                  http::Response& response) {
    auto share = node.library().find(parse_number(request.parameter("item")).value_or(0));
    if (!share) tell_no_item(response);
    return share;
}

boost::asio::awaitable<void> settle_publication(DaemonPtr node, std::shared_ptr<Share> share) {
    auto is_open = [&] {
        const Membership& membership = node->membership();
        if (share->error() || membership.refusal(share->item())) return false;
        if (!share->item().complete) return true;
        if (membership.status().tracker.empty()) return false;
        return share->state() != ShareState::sharing || !membership.is_listed(share->item());
    };
    co_await wait_while(std::move(is_open), publish_patience);
}

json::object to_json(const Daemon& node, const Share& share) {
    const Item& item = share.item();
    const ShareStatus status = share.status();
    const Membership& membership = node.membership();
    const Error* refusal = membership.refusal(item);
    json::object object{{"id", item.id},
                        {"name", item.name},
                        {"path", item.path.native()},
                        {"kind", kind_name(item.kind)},
                        {"state", state_name(status.state)},
                        {"size", status.size},
                        {"wanted", status.wanted},
                        {"pieces", status.pieces},
                        {"have", status.transfer.have},
                        {"total", status.transfer.total},
                        {"down", static_cast<std::int64_t>(status.transfer.down)},
                        {"up", static_cast<std::int64_t>(status.transfer.up)},
                        {"downloaded", status.downloaded},
                        {"uploaded", status.uploaded},
                        {"peers", status.transfer.peers},
                        {"unavailable", status.transfer.unavailable},
                        {"progress", status.progress},
                        {"listed", membership.is_listed(item)}};
    object["info_hash"] =
        item.info_hash ? json::value(item.info_hash->hex()) : json::value(nullptr);
    object["max_down"] = item.max_down;
    object["max_up"] = item.max_up;
    object["added"] =
        item.added > 0
            ? json::value(to_rfc3339(std::chrono::sys_seconds(std::chrono::seconds(item.added))))
            : json::value(nullptr);
    object["eta_seconds"] = eta_of(status);
    const std::string message = refusal ? refusal->message : status.message;
    object["message"] = message.empty() ? json::value(nullptr) : json::value(printable(message));
    return object;
}

void add_items(http::Router& router, const DaemonPtr& node) {
    router.add(Method::get, "/api/v1/items", with(node, list_items));
    router.add(Method::get, "/api/v1/items/{item}", with(node, show_item));
    router.add(Method::patch, "/api/v1/items/{item}", with(node, change_item));
    router.add(Method::delete_, "/api/v1/items/{item}", with(node, remove_item));
    router.add(Method::post, "/api/v1/publications", with(node, publish));
    router.add(Method::get, "/api/v1/downloads", with(node, list_downloads));
    router.add(Method::post, "/api/v1/downloads", with(node, begin_download));
    router.add(Method::post, "/api/v1/seeds", with(node, seed));
}

}  // namespace shoal::node::rest

// All swarms that the tracker knows, for administrators.
#include "base/text.h"
#include "http/guard.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

using TrackerPtr = std::shared_ptr<Tracker>;
/// What the group calls its torrents; others have no name here.
using Names = std::map<InfoHash, std::string>;

struct Listed {
    std::vector<SwarmEntry> swarms;
    bool more = false;
};

/// A page; nothing: the response says what is wrong with the request.
std::optional<Listed> list(Tracker& tracker, const http::Request& request,
                           http::Response& response) {
    const auto page = page_request(request, response);
    if (!page) return std::nullopt;
    std::optional<InfoHash> after;
    if (!page->after.empty()) {
        const auto hash = from_hex(page->after);
        if (!hash || hash->size() != InfoHash::size) {
            http::send_error(response,
                             {ErrorCode::usage, "'cursor' is none that this list has given"});
            return std::nullopt;
        }
        after = InfoHash::from(*hash);
    }
    Listed listed{.swarms = tracker.store().list(after, page->limit + 1)};
    listed.more = listed.swarms.size() > page->limit;
    if (listed.more) listed.swarms.pop_back();
    return listed;
}

void send(const Listed& listed, const Names& names, http::Response& response) {
    boost::json::array items;
    for (const SwarmEntry& swarm : listed.swarms) {
        boost::json::object item{{"info_hash", swarm.info_hash.hex()},
                                 {"name", nullptr},
                                 {"seeds", swarm.counts.seeds},
                                 {"leechers", swarm.counts.leechers},
                                 {"completed", swarm.counts.downloaded}};
        const auto name = names.find(swarm.info_hash);
        if (name != names.end()) item["name"] = name->second;
        items.push_back(std::move(item));
    }
    send_page(response, std::move(items),
              listed.more ? listed.swarms.back().info_hash.hex() : std::string());
}

/// On a thread of the catalogue.
Result<Names> names_of(catalogue::Publications& publications, const Listed& listed) {
    Names names;
    for (const SwarmEntry& swarm : listed.swarms) {
        const auto torrent = publications.torrent(swarm.info_hash.view());
        if (torrent) names[swarm.info_hash] = torrent->name;
        if (!torrent && torrent.error().code != ErrorCode::not_found) {
            return std::unexpected(torrent.error());
        }
    }
    return names;
}

/// The group is null where the tracker is open.
struct Known {
    GroupPtr group;
    TrackerPtr tracker;
};

Answer list_to_administrators(Known known, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(known.group, request, response);
    if (!caller) co_return;
    const auto listed = list(*known.tracker, request, response);
    if (!listed) co_return;
    const auto names = co_await on_catalogue<Names>(
        known.group, [&] { return names_of(known.group->catalogue().publications(), *listed); });
    if (!names) co_return http::send_error(response, names.error());
    send(*listed, *names, response);
}

void list_to_this_machine(const Known& known, const http::Request& request,
                          http::Response& response) {
    http::add_data_headers(response);
    if (!is_local(request)) {
        return http::send_error(response,
                                {ErrorCode::refused, "ask from the tracker's own machine"});
    }
    if (const auto listed = list(*known.tracker, request, response)) send(*listed, {}, response);
}

}  // namespace

void add_swarm_list(http::Router& router, const GroupPtr& group, const TrackerPtr& tracker) {
    const Known known{group, tracker};
    if (group) {
        router.add(http::Method::get, "/api/v1/swarms", with(known, list_to_administrators));
    } else {
        router.add(http::Method::get, "/api/v1/swarms", with(known, list_to_this_machine));
    }
}

}  // namespace shoal::tracker::rest

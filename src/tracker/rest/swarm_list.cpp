// All swarms that the tracker knows, for administrators.
#include "base/text.h"
#include "http/guard.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

using TrackerPtr = std::shared_ptr<Tracker>;
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

void send(const Listed& listed, const SwarmNames& names, http::Response& response) {
    boost::json::array items;
    for (const SwarmEntry& swarm : listed.swarms) items.push_back(to_json(swarm, names));
    send_page(response, std::move(items),
              listed.more ? listed.swarms.back().info_hash.hex() : std::string());
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
    const auto names = co_await on_catalogue<SwarmNames>(known.group, [&] {
        return names_of(known.group->catalogue().publications(), listed->swarms);
    });
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

Result<SwarmNames> names_of(catalogue::Publications& publications,
                            const std::vector<SwarmEntry>& swarms) {
    SwarmNames names;
    for (const SwarmEntry& swarm : swarms) {
        const auto torrent = publications.torrent(swarm.info_hash.view());
        if (torrent) names[swarm.info_hash] = torrent->name;
        if (!torrent && torrent.error().code != ErrorCode::not_found) {
            return std::unexpected(torrent.error());
        }
    }
    return names;
}

boost::json::object to_json(const SwarmEntry& swarm, const SwarmNames& names) {
    boost::json::object item{{"info_hash", swarm.info_hash.hex()},
                             {"name", nullptr},
                             {"seeds", swarm.counts.seeds},
                             {"leechers", swarm.counts.leechers},
                             {"completed", swarm.counts.downloaded}};
    const auto name = names.find(swarm.info_hash);
    if (name != names.end()) item["name"] = name->second;
    return item;
}

void add_swarm_list(http::Router& router, const GroupPtr& group, const TrackerPtr& tracker) {
    const Known known{group, tracker};
    if (group) {
        router.add(http::Method::get, "/api/v1/swarms", with(known, list_to_administrators));
    } else {
        router.add(http::Method::get, "/api/v1/swarms", with(known, list_to_this_machine));
    }
}

}  // namespace shoal::tracker::rest

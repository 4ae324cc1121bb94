// What happens, as server-sent events, to those who may know it.
#include <algorithm>

#include "base/text.h"
#include "http/guard.h"
#include "http/query.h"
#include "tracker/rest/live_lists.h"

namespace shoal::tracker::rest {
namespace {

/// What a listener wants to hear of besides what everybody hears.
struct Wanted {
    std::optional<InfoHash> swarm;  ///< its pieces
    std::optional<List> list;
};

/// The group is null where the tracker is open.
Result<Wanted> read_wanted(Group* group, const http::Request& request) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) {
        return fail(ErrorCode::usage, "{}", ok.error().message);
    }
    Wanted wanted;
    if (const auto name = query.find("list")) {
        wanted.list = parse_list(*name);
        if (!wanted.list) {
            return fail(ErrorCode::usage, "'list' must be swarms, files or peers");
        }
    }
    if (group == nullptr) {
        if (wanted.list && wanted.list != List::swarms) {
            return fail(ErrorCode::not_found, "an open tracker has no such list: ask for swarms");
        }
        return wanted;
    }
    if (const auto text = query.find("swarm")) {
        const auto info_hash = torrent_of(*group, *text);
        if (!info_hash) return std::unexpected(info_hash.error());
        wanted.swarm = *info_hash;
    }
    return wanted;
}

std::vector<std::string> audiences_of(const Wanted& wanted, bool administrator) {
    std::vector<std::string> audiences = {""};
    if (administrator) audiences.emplace_back(administrators);
    if (wanted.swarm) audiences.push_back(Group::watch_audience(*wanted.swarm));
    if (wanted.list) audiences.push_back(audience_of(*wanted.list));
    return audiences;
}

http::EventHub::Listener listener_of(std::string owner, std::vector<std::string> audiences) {
    return {.owner = std::move(owner),
            .may_see =
                [audiences = std::move(audiences)](const http::Event& event) {
                    return std::ranges::find(audiences, event.audience) != audiences.end();
                },
            .live = nullptr};
}

struct Told {
    GroupPtr group;
    EventsPtr events;
    std::shared_ptr<LiveLists> lists;
};

Answer tell_members(Told told, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(told.group, request, response);
    if (!caller) co_return;
    const auto wanted = read_wanted(told.group.get(), request);
    if (!wanted) co_return http::send_error(response, wanted.error());
    if (wanted->list == List::swarms && !caller->is_admin()) {
        co_return http::send_error(response,
                                   {ErrorCode::refused, "only administrators may see all swarms"});
    }
    if (wanted->list) told.lists->watch(*wanted->list, Clock::now());
    told.events->serve(
        request, response,
        listener_of(std::to_string(caller->user().id), audiences_of(*wanted, caller->is_admin())));
    if (wanted->swarm) told.group->watch(*wanted->swarm);
}

void tell_this_machine(const Told& told, const http::Request& request, http::Response& response) {
    http::add_data_headers(response);
    if (!is_local(request)) {
        return http::send_error(response,
                                {ErrorCode::refused, "ask from the tracker's own machine"});
    }
    const auto wanted = read_wanted(nullptr, request);
    if (!wanted) return http::send_error(response, wanted.error());
    if (wanted->list) told.lists->watch(*wanted->list, Clock::now());
    told.events->serve(request, response, listener_of({}, audiences_of(*wanted, true)));
}

}  // namespace

void add_events(http::Router& router, const GroupPtr& group, const EventsPtr& events,
                const std::shared_ptr<LiveLists>& lists) {
    const Told told{group, events, lists};
    if (group) {
        router.add(http::Method::get, "/api/v1/events", with(told, tell_members));
    } else {
        router.add(http::Method::get, "/api/v1/events", with(told, tell_this_machine));
    }
}

}  // namespace shoal::tracker::rest

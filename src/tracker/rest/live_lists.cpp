#include "tracker/rest/live_lists.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <spdlog/spdlog.h>

namespace shoal::tracker::rest {
namespace {

struct Kind {
    List list;
    std::string_view name;  ///< by which it is asked for
    std::string_view type;  ///< of its events
};
constexpr std::array<Kind, list_count> kinds{{{List::swarms, "swarms", "swarms"},
                                              {List::files, "files", "holders"},
                                              {List::peers, "peers", "peers"}}};

const Kind& kind_of(List list) {
    return kinds[static_cast<std::size_t>(list)];
}

/// So many items stand in one event, some 20 KiB; what is left comes with the next one.
constexpr std::size_t most_told = 200;
/// A stream that broke may go on from its last event for so long.
constexpr Duration absence = 60s;

}  // namespace

std::optional<List> parse_list(std::string_view name) {
    for (const Kind& kind : kinds) {
        if (kind.name == name) return kind.list;
    }
    return std::nullopt;
}

std::string audience_of(List list) {
    return "list " + std::string(kind_of(list).name);
}

LiveLists::LiveLists(boost::asio::any_io_executor executor, GroupPtr group,
                     std::shared_ptr<Tracker> tracker, EventsPtr events)
    : executor_(std::move(executor)),
      group_(std::move(group)),
      tracker_(std::move(tracker)),
      events_(std::move(events)) {}

void LiveLists::watch(List list, TimePoint now) {
    State& state = state_of(list);
    state.until = now + absence;
    if (std::exchange(state.watched, true)) return;
    begin(list);
    publish(list, {{"complete", false}});
}

void LiveLists::begin(List list) {
    if (list == List::swarms) tracker_->store().watch(true);
    if (list == List::files) group_->pieces().watch_counts();
    if (list == List::peers) group_->presence().watch_newcomers();
}

void LiveLists::tick(TimePoint now) {
    for (const Kind& kind : kinds) {
        State& state = state_of(kind.list);
        if (!state.watched) continue;
        const http::Event event{.type = std::string(kind.type), .audience = audience_of(kind.list)};
        if (events_->is_heard(event)) state.until = now + absence;
        if (now < state.until) {
            if (!state.telling) tell(kind.list);
            continue;
        }
        state.watched = false;
        if (kind.list == List::swarms) tracker_->store().watch(false);
    }
}

void LiveLists::tell(List list) {
    if (list == List::swarms) tell_swarms();
    if (list == List::files) tell_holders();
    if (list == List::peers) tell_peers();
}

void LiveLists::publish(List list, boost::json::object news) {
    events_->publish(std::string(kind_of(list).type), std::move(news), audience_of(list));
}

void LiveLists::publish(const SwarmChanges& changes, const SwarmNames& names) {
    boost::json::array changed;
    for (const SwarmEntry& swarm : changes.changed) changed.push_back(to_json(swarm, names));
    boost::json::array gone;
    for (const InfoHash& swarm : changes.gone) gone.emplace_back(swarm.hex());
    publish(List::swarms, {{"complete", changes.complete},
                           {"changed", std::move(changed)},
                           {"gone", std::move(gone)}});
}

void LiveLists::tell_swarms() {
    SwarmChanges changes = tracker_->store().changes(most_told);
    if (changes.changed.empty() && changes.gone.empty() && changes.complete) return;
    if (!group_ || changes.changed.empty()) return publish(changes, {});
    state_of(List::swarms).telling = true;
    boost::asio::co_spawn(executor_, name_swarms(shared_from_this(), std::move(changes)),
                          boost::asio::detached);
}

boost::asio::awaitable<void> LiveLists::name_swarms(std::shared_ptr<LiveLists> self,
                                                    SwarmChanges changes) {
    const auto names = co_await on_catalogue<SwarmNames>(self->group_, [&] {
        return names_of(self->group_->catalogue().publications(), changes.changed);
    });
    self->state_of(List::swarms).telling = false;
    if (names) co_return self->publish(changes, *names);
    spdlog::warn("cannot tell what the swarms are called: {}", names.error().message);
    self->publish(List::swarms, {{"complete", false}});
}

void LiveLists::tell_holders() {
    const auto changes = group_->pieces().count_changes(most_told);
    if (changes.empty()) return;
    boost::json::array changed;
    for (const auto& change : changes) {
        changed.push_back(boost::json::object{{"info_hash", change.info_hash.hex()},
                                              {"seeds", change.counts.seeds},
                                              {"holders", change.counts.holders}});
    }
    publish(List::files, {{"complete", true}, {"changed", std::move(changed)}});
}

void LiveLists::tell_peers() {
    auto peers = group_->presence().newcomers(most_told);
    if (peers.empty()) return;
    state_of(List::peers).telling = true;
    boost::asio::co_spawn(executor_, name_peers(shared_from_this(), std::move(peers)),
                          boost::asio::detached);
}

boost::asio::awaitable<void> LiveLists::name_peers(std::shared_ptr<LiveLists> self,
                                                   std::vector<PresentPeer> peers) {
    const GroupPtr group = self->group_;
    const auto names = co_await on_catalogue<MemberNames>(group, [&]() -> Result<MemberNames> {
        return names_of(group->catalogue().accounts(), peers);
    });
    self->state_of(List::peers).telling = false;
    if (!names) {
        spdlog::warn("cannot tell whose peers have come: {}", names.error().message);
        co_return self->publish(List::peers, {{"complete", false}});
    }
    boost::json::array joined;
    for (const PresentPeer& peer : peers) {
        // Whoever went while the names were looked up was told to have gone before this.
        if (group->presence().find(peer.endpoint) == nullptr) continue;
        joined.push_back(boost::json::object{{"address", net::to_text(peer.endpoint)},
                                             {"user", names->at(peer.member)},
                                             {"daemon", peer.daemon.has_value()}});
    }
    self->publish(List::peers, {{"complete", true}, {"joined", std::move(joined)}});
}

}  // namespace shoal::tracker::rest

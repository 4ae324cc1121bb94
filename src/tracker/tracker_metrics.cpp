#include "tracker/tracker_metrics.h"

namespace shoal::tracker {
namespace {

using http::Metrics;

/// A number as metrics have it.
template <class Number>
double as_value(Number number) {
    return static_cast<double>(number);
}

void measure_requests(Metrics& metrics, const std::string& name, const std::string& help,
                      std::function<const RequestTally&()> tally) {
    const auto add = [&](const char* result, std::uint64_t RequestTally::* field) {
        metrics.counter(name, help, [tally, field] { return as_value(tally().*field); },
                        {{"result", result}});
    };
    add("ok", &RequestTally::good);
    add("refused", &RequestTally::refused);
    add("malformed", &RequestTally::malformed);
}

void measure_announces(Metrics& metrics, const std::shared_ptr<Tracker>& tracker) {
    measure_requests(metrics, "shoal_announces_total", "Announces by result",
                     [tracker]() -> const RequestTally& { return tracker->tally().announces; });
    for (const Event event :
         {Event::none, Event::started, Event::completed, Event::stopped, Event::paused}) {
        metrics.counter(
            "shoal_announce_events_total", "Announces that were answered, by event",
            [tracker, event] { return as_value(tracker->tally().events.at(index_of(event))); },
            {{"event", std::string(name_of(event))}});
    }
    measure_requests(metrics, "shoal_scrapes_total", "Scrapes by result",
                     [tracker]() -> const RequestTally& { return tracker->tally().scrapes; });
}

void measure_swarms(Metrics& metrics, const std::shared_ptr<Tracker>& tracker) {
    metrics.gauge("shoal_swarms", "Torrents that somebody has announced lately",
                  [tracker] { return as_value(tracker->store().size().swarms); });
    const std::string help = "Peers in all swarms";
    metrics.gauge("shoal_swarm_peers", help,
                  [tracker] {
                      const auto size = tracker->store().size();
                      return as_value(size.peers - size.peers_v6);
                  },
                  {{"family", "ipv4"}});
    metrics.gauge("shoal_swarm_peers", help,
                  [tracker] { return as_value(tracker->store().size().peers_v6); },
                  {{"family", "ipv6"}});
}

void measure_group(Metrics& metrics, const std::shared_ptr<Group>& group) {
    const auto add = [&](const char* name, const char* help, std::size_t (*count)(Group&)) {
        metrics.gauge(name, help, [group, count] { return as_value(count(*group)); });
    };
    add("shoal_group_members", "Members with a peer that is there",
        [](Group& of) { return of.presence().members(); });
    add("shoal_group_peers", "Addresses of members' peers that are there",
        [](Group& of) { return of.presence().peers().size(); });
    add("shoal_group_daemons", "Of these, registered daemons",
        [](Group& of) { return of.presence().daemons(); });
    add("shoal_group_torrents", "Torrents that the group has",
        [](Group& of) { return of.pieces().torrents(); });
    add("shoal_group_holdings", "Pairs of peer and torrent in the piece map",
        [](Group& of) { return of.pieces().holdings(); });
    add("shoal_group_preparing", "Files that are being hashed",
        [](Group& of) { return of.preparing().size(); });
    add("shoal_event_streams", "Clients that listen to events",
        [](Group& of) { return of.events().streams(); });
}

}  // namespace

void measure(Metrics& metrics, const std::shared_ptr<Tracker>& tracker,
             const std::shared_ptr<Group>& group) {
    measure_announces(metrics, tracker);
    measure_swarms(metrics, tracker);
    if (group) measure_group(metrics, group);
}

}  // namespace shoal::tracker

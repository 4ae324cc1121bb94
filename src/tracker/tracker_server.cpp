#include "tracker/tracker_server.h"

#include "http/guard.h"
#include "tracker/rest/live_lists.h"
#include "tracker/rest/rest.h"
#include "tracker/tracker_metrics.h"

namespace shoal::tracker {
namespace {

/// Who misses two announces is forgotten.
Duration lifetime_of(const TrackerOptions& options) {
    return 2 * options.interval;
}

std::shared_ptr<Tracker> make_tracker(const TrackerServerOptions& options) {
    auto store =
        std::make_unique<MemoryStore>(lifetime_of(options.tracker), options.memory, random_seed());
    return std::make_shared<Tracker>(options.tracker, std::move(store), options.group.get());
}

/// A browser or two look at an open tracker, from its own machine.
constexpr http::EventLimits open_events{.kept_events = 256, .streams = 32};

std::shared_ptr<http::EventHub> make_events(const boost::asio::any_io_executor& executor,
                                            const std::shared_ptr<Group>& group) {
    if (group) return {group, &group->events()};
    return std::make_shared<http::EventHub>(executor, open_events);
}

http::Router make_router(const std::shared_ptr<Tracker>& tracker,
                         const std::shared_ptr<Group>& group,
                         const std::shared_ptr<const http::Metrics>& metrics,
                         const std::shared_ptr<const Statistics>& statistics,
                         const std::shared_ptr<http::EventHub>& events,
                         const std::shared_ptr<rest::LiveLists>& lists) {
    http::Router router;
    router.add(http::Method::get, "/announce",
               [tracker](const http::Request& request, http::Response& response) {
                   tracker->announce(request.query, request.remote.address(), Clock::now(),
                                     response.body);
               });
    router.add(http::Method::get, "/scrape",
               [tracker](const http::Request& request, http::Response& response) {
                   tracker->scrape(request.query, Clock::now(), response.body);
               });
    router.add(http::Method::get, "/healthz",
               [](const http::Request& /*request*/, http::Response& response) {
                   http::send_json(response, 200, {{"status", "ok"}});
               });
    router.guard("/", http::refuse_cross_site);
    rest::add_page(router, group);
    rest::add_metrics(router, group, metrics);
    rest::add_statistics(router, group, statistics);
    rest::add_settings(router, group, tracker);
    rest::add_swarm_list(router, group, tracker);
    rest::add_events(router, group, events, lists);
    if (group) {
        rest::add_accounts(router, group);
        rest::add_users(router, group);
        rest::add_files(router, group);
        rest::add_torrents(router, group);
        rest::add_peers(router, group);
        rest::add_preparing(router, group);
        rest::add_listen(router, group);
        rest::add_swarms(router, group);
    }
    return router;
}

}  // namespace

TrackerServer::TrackerServer(boost::asio::any_io_executor executor, TrackerServerOptions options)
    : group_(options.group),
      tracker_(make_tracker(options)),
      metrics_(std::make_shared<http::Metrics>()),
      statistics_(std::make_shared<Statistics>(Clock::now(), std::chrono::system_clock::now())),
      events_(make_events(executor, group_)),
      lists_(std::make_shared<rest::LiveLists>(executor, group_, tracker_, events_)),
      server_(executor, make_router(tracker_, group_, metrics_, statistics_, events_, lists_),
              options.http, options.tls),
      lifetime_(lifetime_of(options.tracker)),
      timer_(executor) {
    measure(*metrics_, tracker_, group_);
    server_.measure(*metrics_);
    if (!group_) return;
    group_->on_move([this](const std::vector<net::TcpEndpoint>& to) { return move_to(to); });
    group_->on_interval([this](std::chrono::seconds interval) {
        TrackerOptions changed = tracker_->options();
        changed.interval = interval;
        set_options(std::move(changed));
    });
}

TrackerServer::~TrackerServer() {
    if (!group_) return;
    group_->on_interval({});
    group_->on_move({});
}

Result<void> TrackerServer::listen(const std::vector<net::TcpEndpoint>& endpoints) {
    auto listening = server_.listen(endpoints);
    if (listening && group_) group_->set_endpoints(server_.endpoints());
    if (listening) tick();
    return listening;
}

Result<void> TrackerServer::move_to(const std::vector<net::TcpEndpoint>& endpoints) {
    auto moved = server_.move_to(endpoints);
    if (!moved) return moved;
    if (group_) group_->set_endpoints(server_.endpoints());
    events_->publish("moved", rest::listen_json(server_.endpoints()));
    if (on_moved_) on_moved_();
    return moved;
}

net::TcpEndpoint TrackerServer::address() const {
    return net::reachable_endpoint(server_.endpoints().front());
}

void TrackerServer::set_options(TrackerOptions options) {
    lifetime_.change(lifetime_of(options), Clock::now());
    tracker_->set_options(std::move(options));
}

void TrackerServer::stop() {
    stopping_ = true;
    timer_.cancel();
    if (group_) group_->stop();
    server_.stop();
}

void TrackerServer::tick() {
    timer_.expires_after(1s);
    timer_.async_wait([this](const boost::system::error_code& error) {
        // A wait that was over when it was cancelled comes here without an error.
        if (error || stopping_) return;
        const TimePoint now = Clock::now();
        tracker_->store().set_lifetime(lifetime_.at(now));
        tracker_->store().expire(now);
        if (group_) {
            group_->set_lifetime(lifetime_.at(now));
            group_->tick(now);
        }
        lists_->tick(now);
        observe(now);
        tick();
    });
}

void TrackerServer::observe(TimePoint now) {
    Observation seen{.tracker = tracker_->tally(),
                     .swarms = tracker_->store().size(),
                     .traffic = tracker_->store().traffic(),
                     .server = server_.tally(),
                     .connections = server_.connections()};
    seen.peers = group_ ? group_->presence().peers().size() : seen.swarms.peers;
    seen.daemons = group_ ? group_->presence().daemons() : 0;
    const bool news = statistics_->observe(seen, now, std::chrono::system_clock::now());
    if (news) rest::tell_statistics(timer_.get_executor(), group_, statistics_, events_);
}

}  // namespace shoal::tracker

// The daemon itself: its state, its limits, where it listens, and what happens in it.
#include "base/text.h"
#include "http/query.h"
#include "node/rest/rest.h"

namespace shoal::node::rest {
namespace {

namespace json = boost::json;
using http::Method;

Answer show_status(DaemonPtr node, const http::Request& /*request*/, http::Response& response) {
    http::send_json(response, 200, status_of(*node));
    co_return;
}

Answer change_settings(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    const auto& now = node->session().options();
    const auto down = fields.optional_number("max_down", 0, largest_rate).value_or(now.max_down);
    const auto up = fields.optional_number("max_up", 0, largest_rate).value_or(now.max_up);
    if (fields.error()) co_return tell_error(response, *fields.error());
    node->session().set_limits(down, up);
    http::send_json(response, 200, status_of(*node));
}

Answer move(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    http::JsonFields fields(*body);
    const std::string text = fields.text("listen");
    if (fields.error()) co_return tell_error(response, *fields.error());
    const auto where = net::parse_host_port(text);
    if (!where) co_return tell_error(response, where.error());
    const auto moved = co_await node->move_to(*where);
    if (!moved) co_return tell_error(response, moved.error());
    http::send_json(response, 200, {{"listen", net::to_text(node->address())}});
}

Answer stream_events(DaemonPtr node, const http::Request& request, http::Response& response) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) co_return tell_error(response, ok.error());
    http::EventHub::Listener listener;
    if (const auto item = query.find("item")) {
        const auto share = node->library().find(parse_number(*item).value_or(0));
        if (!share) co_return tell_no_item(response);
        co_await node->members()->refresh(node->membership().client());
        listener.live = node->live_details(share);
    }
    node->events().serve(request, response, std::move(listener));
}

Answer show_metrics(DaemonPtr node, const http::Request& /*request*/, http::Response& response) {
    node->metrics().send(response);
    co_return;
}

/// A sum over all items, as it is when it is asked for.
template <class Part>
http::Metrics::Value sum_of(const DaemonPtr& node, Part part) {
    return [weak = std::weak_ptr(node), part] {
        const auto held = weak.lock();
        double sum = 0;
        if (!held) return sum;
        for (const auto& [id, share] : held->library().shares()) {
            sum += static_cast<double>(part(*share));
        }
        return sum;
    };
}

void measure(const DaemonPtr& node) {
    http::Metrics& metrics = node->metrics();
    metrics.counter("shoal_peer_downloaded_bytes_total", "Payload received, of items here now",
                    sum_of(node, [](const Share& share) { return share.status().downloaded; }));
    metrics.counter("shoal_peer_uploaded_bytes_total", "Payload sent, of items here now",
                    sum_of(node, [](const Share& share) { return share.status().uploaded; }));
    metrics.gauge("shoal_peer_connections", "Connections to peers",
                  sum_of(node, [](const Share& share) { return share.status().transfer.peers; }));
    for (const ShareState state :
         {ShareState::queued, ShareState::hashing, ShareState::checking, ShareState::metadata,
          ShareState::fetching, ShareState::sharing, ShareState::paused, ShareState::stopped,
          ShareState::missing, ShareState::changed, ShareState::failed}) {
        metrics.gauge("shoal_peer_items", "What is shared and fetched, by state",
                      sum_of(node, [state](const Share& share) { return share.state() == state; }),
                      {{"state", std::string(state_name(state))}});
    }
    metrics.gauge("shoal_peer_tracker_connected", "Whether the group's tracker is reached",
                  [weak = std::weak_ptr(node)] {
                      const auto held = weak.lock();
                      return held && held->membership().status().connected ? 1.0 : 0.0;
                  });
}

}  // namespace

json::object status_of(const Daemon& node) {
    ByteCount down = 0;
    ByteCount up = 0;
    for (const auto& [id, share] : node.library().shares()) {
        const auto transfer = share->status().transfer;
        down += static_cast<ByteCount>(transfer.down);
        up += static_cast<ByteCount>(transfer.up);
    }
    json::value group = nullptr;
    if (const MembershipStatus& status = node.membership().status(); !status.tracker.empty()) {
        group = {{"url", status.tracker}, {"user", status.user}, {"connected", status.connected}};
        group.as_object()["message"] =
            status.message.empty() ? json::value(nullptr) : json::value(status.message);
    }
    return {{"listen", net::to_text(node.address())},
            {"web", node.url()},
            {"shared", node.home().shared().native()},
            {"downloads", node.home().downloads().native()},
            {"tracker", std::move(group)},
            {"down", down},
            {"up", up},
            {"items", node.library().shares().size()},
            {"max_down", node.session().options().max_down},
            {"max_up", node.session().options().max_up}};
}

void add_daemon(http::Router& router, const DaemonPtr& node) {
    router.add(Method::get, "/api/v1/status", with(node, show_status));
    router.add(Method::patch, "/api/v1/settings", with(node, change_settings));
    router.add(Method::patch, "/api/v1/listen", with(node, move));
    router.add(Method::get, "/api/v1/events", with(node, stream_events));
    measure(node);
    router.add(Method::get, "/metrics", with(node, show_metrics));
}

}  // namespace shoal::node::rest

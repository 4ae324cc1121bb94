// The tracker's measurements, for administrators and for its own machine.
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

using MetricsPtr = std::shared_ptr<const http::Metrics>;

/// The group is null where the tracker is open.
struct Measured {
    GroupPtr group;
    MetricsPtr metrics;
};

Answer show_to_administrators(Measured measured, const http::Request& request,
                              http::Response& response) {
    if (!is_local(request)) {
        const auto caller = co_await log_in_admin(measured.group, request, response);
        if (!caller) co_return;
    }
    measured.metrics->send(response);
}

void show_to_this_machine(const Measured& measured, const http::Request& request,
                          http::Response& response) {
    if (is_local(request)) return measured.metrics->send(response);
    http::send_error(response, {ErrorCode::refused, "ask from the tracker's own machine"});
}

}  // namespace

void add_metrics(http::Router& router, const GroupPtr& group, const MetricsPtr& metrics) {
    const Measured measured{group, metrics};
    if (group) {
        router.add(http::Method::get, "/metrics", with(measured, show_to_administrators));
    } else {
        router.add(http::Method::get, "/metrics", with(measured, show_to_this_machine));
    }
}

}  // namespace shoal::tracker::rest

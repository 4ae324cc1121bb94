#include "tracker/tracker_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracker/memory_store.h"

namespace shoal::tracker {
namespace {

using ::testing::HasSubstr;

TEST(TrackerMetricsTest, TellsOfAnnouncesAndSwarms) {
    const auto tracker = std::make_shared<Tracker>(
        TrackerOptions{}, std::make_unique<MemoryStore>(600s, MemoryLimits{}, 1));
    http::Metrics metrics;
    measure(metrics, tracker, nullptr);
    std::string out;
    const auto announce = [&](const std::string& rest, const char* remote) {
        tracker->announce("info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb&" + rest,
                          boost::asio::ip::make_address(remote), Clock::now(), out);
    };
    announce("port=1&left=0&event=started", "10.0.0.1");
    announce("port=2&left=0&event=started", "10.0.0.1");
    announce("port=1&left=0", "2001:db8::1");
    announce("port=1", "10.0.0.1");
    tracker->scrape("", Clock::now(), out);

    http::Response response;
    metrics.send(response);
    for (const char* line : {
             "shoal_announces_total{result=\"ok\"} 3\n",
             "shoal_announces_total{result=\"malformed\"} 1\n",
             "shoal_announce_events_total{event=\"started\"} 2\n",
             "shoal_announce_events_total{event=\"none\"} 1\n",
             "shoal_scrapes_total{result=\"malformed\"} 1\n",
             "shoal_swarms 1\n",
             "shoal_swarm_peers{family=\"ipv4\"} 2\n",
             "shoal_swarm_peers{family=\"ipv6\"} 1\n",
         }) {
        EXPECT_THAT(response.body, HasSubstr(line));
    }
}

}  // namespace
}  // namespace shoal::tracker

#include "tracker/tracker_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <thread>

namespace shoal::tracker {
namespace {

TEST(TrackerServerTest, LeavesNoWorkBehindEvenIfItsClockWasAboutToTick) {
    boost::asio::io_context io;
    TrackerServer server(io.get_executor(), {});
    ASSERT_TRUE(server.listen({{boost::asio::ip::address_v4::loopback(), 0}}));
    boost::asio::post(io, [&] { server.stop(); });
    // The tick, once a second, is due by now, and comes right behind the stop.
    std::this_thread::sleep_for(1100ms);
    io.run_for(20s);
    EXPECT_TRUE(io.stopped());
}

TEST(TrackerServerTest, NamesAnAddressThatOthersCanReach) {
    boost::asio::io_context io;
    TrackerServer server(io.get_executor(), {});
    ASSERT_TRUE(server.listen({{boost::asio::ip::address_v4::any(), 0}}));
    EXPECT_FALSE(server.address().address().is_unspecified());
    EXPECT_EQ(server.address().port(), server.endpoints().front().port());
    server.stop();
}

}  // namespace
}  // namespace shoal::tracker

#include "net/listener.h"

#include <gtest/gtest.h>

#include "loop.h"

namespace shoal::net {
namespace {

using testing::loopback;
using testing::run_until;

const TcpEndpoint loopback_v6{boost::asio::ip::address_v6::loopback(), 0};

class ListenerTest : public ::testing::Test {
  protected:
    /// Connects and waits until the listener has it.
    void knock(const TcpEndpoint& where, const std::vector<std::unique_ptr<Stream>>& guests) {
        const std::size_t before = guests.size();
        const TcpConnector connector(io_.get_executor(), where, {}, 10s, [](const auto&) {});
        ASSERT_TRUE(run_until(io_, [&] { return guests.size() > before; }));
    }

    boost::asio::io_context io_;
    std::vector<std::unique_ptr<Stream>> guests_;
};

TEST_F(ListenerTest, AcceptsOneAfterTheOther) {
    auto listener = Listener::open(io_.get_executor(), {loopback});
    ASSERT_TRUE(listener);
    ASSERT_NE(listener->port(), 0);
    listener->start([&](std::unique_ptr<Stream> guest) { guests_.push_back(std::move(guest)); });
    for (int i = 0; i < 3; ++i) knock({loopback.address(), listener->port()}, guests_);
    EXPECT_EQ(guests_.size(), 3u);
}

TEST_F(ListenerTest, BothFamiliesShareOnePort) {
    auto listener = Listener::open(io_.get_executor(), {loopback, loopback_v6});
    ASSERT_TRUE(listener);
    listener->start([&](std::unique_ptr<Stream> guest) { guests_.push_back(std::move(guest)); });
    knock({loopback.address(), listener->port()}, guests_);
    boost::asio::ip::tcp::socket probe(io_);
    boost::system::error_code no_ipv6;
    probe.open(loopback_v6.protocol(), no_ipv6);
    probe.bind(loopback_v6, no_ipv6);
    if (no_ipv6) GTEST_SKIP() << "this machine has no IPv6";
    knock({loopback_v6.address(), listener->port()}, guests_);
    EXPECT_TRUE(guests_.back()->remote().address().is_v6());
}

TEST_F(ListenerTest, APortInUseIsAnErrorThatNamesIt) {
    const auto first = Listener::open(io_.get_executor(), {loopback});
    ASSERT_TRUE(first);
    const auto second = Listener::open(io_.get_executor(), {{loopback.address(), first->port()}});
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find(std::to_string(first->port())), std::string::npos);
}

TEST_F(ListenerTest, AnAddressThatIsNotOursIsLeftOutIfAnotherWorks) {
    // 192.0.2.0/24 belongs to nobody.
    const TcpEndpoint foreign{boost::asio::ip::make_address("192.0.2.1"), 0};
    EXPECT_FALSE(Listener::open(io_.get_executor(), {foreign}));
    EXPECT_TRUE(Listener::open(io_.get_executor(), {loopback, foreign}));
    EXPECT_FALSE(Listener::open(io_.get_executor(), {}));
}

TEST_F(ListenerTest, ThePortIsFreeOnceItIsDestroyed) {
    std::uint16_t port = 0;
    {
        auto listener = Listener::open(io_.get_executor(), {loopback});
        ASSERT_TRUE(listener);
        listener->start([](const auto&) {});
        port = listener->port();
    }
    io_.run_for(10ms);
    EXPECT_TRUE(Listener::open(io_.get_executor(), {{loopback.address(), port}}));
}

}  // namespace
}  // namespace shoal::net

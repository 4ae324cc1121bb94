#include "net/dialer.h"

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loop.h"

namespace shoal::net {
namespace {

namespace asio = boost::asio;
using ::testing::HasSubstr;

class DialerTest : public ::testing::Test {
  protected:
    template <class T>
    Result<T> run(asio::awaitable<Result<T>> asked) {
        std::optional<Result<T>> result;
        asio::co_spawn(io_, std::move(asked), [&](const std::exception_ptr&, Result<T> done) {
            result = std::move(done);
        });
        EXPECT_TRUE(testing::run_until(io_, [&] { return result.has_value(); }));
        return *result;
    }
    std::shared_ptr<Dialer> dialer(std::optional<Address> local = std::nullopt) {
        return std::make_shared<Dialer>(io_.get_executor(), local);
    }

    asio::io_context io_{1};
    asio::ip::tcp::acceptor acceptor_{io_, testing::loopback};
};

TEST_F(DialerTest, ConnectsToTheFirstThatAnswers) {
    const auto dialler = dialer(asio::ip::make_address("127.0.0.9"));
    asio::ip::tcp::acceptor closed(io_, testing::loopback);
    const TcpEndpoint nobody = closed.local_endpoint();
    closed.close();
    const auto reached = run(dialler->connect({nobody, acceptor_.local_endpoint()}, 10s));
    ASSERT_TRUE(reached) << reached.error().message;
    EXPECT_EQ(*reached, acceptor_.local_endpoint());
    EXPECT_EQ(dialler->socket().local_endpoint().address().to_string(), "127.0.0.9");
    EXPECT_THAT(run(dialer()->connect({nobody}, 10s)).error().message,
                HasSubstr("cannot connect to 127.0.0.1:"));
}

TEST_F(DialerTest, ResolvesNamesAndAddresses) {
    EXPECT_EQ(*run(dialer()->resolve("::ffff:127.0.0.1", 7)),
              std::vector<TcpEndpoint>{TcpEndpoint(asio::ip::address_v4::loopback(), 7)});
    const auto named = run(dialer()->resolve("localhost", 7));
    ASSERT_TRUE(named) << named.error().message;
    EXPECT_TRUE(named->front().address().is_loopback());
    EXPECT_THAT(
        run(dialer(asio::ip::address_v6::loopback())->resolve("127.0.0.1", 7)).error().message,
        HasSubstr("127.0.0.1 cannot be reached from ::1"));
}

TEST_F(DialerTest, AnAbortEndsItForGood) {
    const auto dialler = dialer();
    dialler->abort();
    EXPECT_FALSE(run(dialler->connect({acceptor_.local_endpoint()}, 10s)));
    EXPECT_FALSE(dialler->socket().is_open());
}

}  // namespace
}  // namespace shoal::net

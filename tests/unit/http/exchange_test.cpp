#include "http/exchange.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

#include "fixture.h"

namespace shoal::http {
namespace {

using namespace shoal::http::testing;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Tells when it is destroyed, as everything in a coroutine is when that ends.
class Witness {
  public:
    explicit Witness(std::promise<void>& gone) : gone_(gone) {}
    ~Witness() { gone_.set_value(); }
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;

  private:
    std::promise<void>& gone_;
};

/// A server whose /wait/{x} answers when the test lets it.
class ExchangeTest : public ServerFixture {
  protected:
    void start(Limits limits = {}) {
        Router router;
        router.add(Method::post, "/wait/{x}", [this](const Request& request, Response& response) {
            return wait(request, response);
        });
        router.add(Method::get, "/wait/{x}", [this](const Request& request, Response& response) {
            return wait(request, response);
        });
        router.add(Method::get, "/throw",
                   [](const Request&, Response& response) -> asio::awaitable<void> {
                       response.body = "half";
                       co_await asio::post(asio::use_awaitable);
                       throw std::runtime_error("a secret");
                   });
        router.add(Method::get, "/echo", [](const Request& request, Response& response) {
            response.body = request.query;
        });
        ServerFixture::start(std::move(router), limits);
    }

    asio::awaitable<void> wait(const Request& request, Response& response) {
        const Witness witness(ended_);
        begun_.set_value();
        co_await gate_.async_wait(asio::as_tuple(asio::use_awaitable));
        response.body = request.parameter("x") + "," + std::string(request.query) + "," +
                        std::string(request.header("h")) + "," + std::string(request.body);
    }

    void wait_for_handler() { begun_.get_future().wait(); }
    void open_gate() {
        asio::post(io_, [this] { gate_.cancel(); });
    }

    std::promise<void> begun_;
    std::promise<void> ended_;
    asio::steady_timer gate_{io_, TimePoint::max()};
};

TEST_F(ExchangeTest, TheRequestStaysUntilTheAnswerIsMade) {
    start();
    RawClient client(endpoint_);
    client.send(
        "POST /wait/a%20b?q HTTP/1.1\r\nH: v\r\nContent-Length: 2\r\n\r\nxyGET /echo?next "
        "HTTP/1.1\r\nConnection: close\r\n\r\n");
    wait_for_handler();
    EXPECT_THAT(ask("GET /echo?other HTTP/1.0\r\n\r\n"), EndsWith("other"))
        << "others are answered meanwhile";
    open_gate();
    const std::string reply = client.rest();
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(reply, HasSubstr("\r\n\r\na b,q,v,xyHTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(reply, EndsWith("\r\n\r\nnext"));
}

TEST_F(ExchangeTest, EarlierAnswersDoNotWait) {
    start();
    RawClient client(endpoint_);
    client.send(
        "GET /echo?first HTTP/1.1\r\n\r\nGET /wait/x HTTP/1.0\r\nConnection: keep-alive"
        "\r\n\r\n");
    EXPECT_THAT(client.until("first"), StartsWith("HTTP/1.1 200"));
    wait_for_handler();
    open_gate();
    EXPECT_THAT(client.until("x,,,"), HasSubstr("Connection: keep-alive\r\n"));
    client.send("HEAD /echo?y HTTP/1.0\r\n\r\n");
    EXPECT_THAT(client.rest(), EndsWith("Content-Length: 1\r\n\r\n"));
}

TEST_F(ExchangeTest, HeadHasNoBody) {
    start();
    RawClient client(endpoint_);
    client.send("HEAD /wait/x HTTP/1.0\r\n\r\n");
    wait_for_handler();
    open_gate();
    EXPECT_THAT(client.rest(), EndsWith("Content-Length: 4\r\n\r\n"));
}

TEST_F(ExchangeTest, AnExceptionIsA500WithoutItsWords) {
    start();
    const std::string reply = ask("GET /throw HTTP/1.0\r\n\r\n");
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(reply, Not(HasSubstr("secret")));
    EXPECT_THAT(reply, Not(HasSubstr("half")));
}

TEST_F(ExchangeTest, AfterItsTimeTheClientIsToldAndTheCoroutineEnds) {
    start({.handler_time = 500ms});
    RawClient client(endpoint_);
    client.send("GET /wait/x HTTP/1.1\r\n\r\n");
    const std::string reply = client.rest();
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 504 "));
    EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
    ended_.get_future().wait();
    EXPECT_THAT(ask("GET /echo?alive HTTP/1.0\r\n\r\n"), EndsWith("alive"));
}

TEST_F(ExchangeTest, AClientThatGoesMeanwhileHarmsNobody) {
    start();
    {
        RawClient client(endpoint_);
        client.send("GET /wait/x HTTP/1.1\r\n\r\n");
        wait_for_handler();
        const linger reset{1, 0};
        ::setsockopt(client.socket().native_handle(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    open_gate();
    ended_.get_future().wait();
    EXPECT_THAT(ask("GET /echo?alive HTTP/1.0\r\n\r\n"), EndsWith("alive"));
    while (on_server([&] { return server_->connections(); }) > 0) std::this_thread::yield();
}

TEST_F(ExchangeTest, StoppingLetsAnAnswerBeMade) {
    start();
    RawClient client(endpoint_);
    client.send("GET /wait/x HTTP/1.1\r\n\r\n");
    wait_for_handler();
    on_server([&] {
        server_->stop();
        return 0;
    });
    open_gate();
    EXPECT_THAT(client.rest(), EndsWith("x,,,"));
}

TEST_F(ExchangeTest, StoppingDoesNotWaitForEver) {
    start();
    RawClient client(endpoint_);
    client.send("GET /wait/x HTTP/1.1\r\n\r\n");
    wait_for_handler();
    stop();
    EXPECT_EQ(ended_.get_future().wait_for(0s), std::future_status::ready);
    EXPECT_EQ(client.rest(), "");
}

TEST_F(ExchangeTest, ACoroutineMayOutliveItsServer) {
    start();
    RawClient client(endpoint_);
    client.send("GET /wait/x HTTP/1.1\r\n\r\n");
    wait_for_handler();
    on_server([&] {
        server_.reset();
        return 0;
    });
    ended_.get_future().wait();
    EXPECT_EQ(client.rest(), "");
    thread_.join();
}

}  // namespace
}  // namespace shoal::http

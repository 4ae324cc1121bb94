#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"

namespace shoal::http {
namespace {

using namespace shoal::http::testing;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ServerTest : public ServerFixture {
  protected:
    void start(Limits limits = {}, const std::vector<net::TcpEndpoint>& where = {loopback}) {
        Router router;
        router.add(Method::get, "/echo", [](const Request& request, Response& response) {
            response.body = request.query;
        });
        router.add(Method::post, "/echo", [](const Request& request, Response& response) {
            response.body = request.body;
        });
        router.add(Method::get, "/who", [](const Request& request, Response& response) {
            response.body = request.remote.address().to_string();
        });
        router.add(Method::get, "/none", [](const Request&, Response& response) {
            response.status = 204;
            response.body = "lost";
        });
        router.add(Method::get, "/large",
                   [](const Request&, Response& response) { response.body.assign(8 << 20, 'x'); });
        ServerFixture::start(std::move(router), limits, nullptr, where);
    }
};

constexpr std::string_view close_line = "Connection: close\r\n\r\n";

TEST_F(ServerTest, AnswersARequest) {
    start();
    const auto reply = ask("GET /echo?a%00b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(reply, EndsWith("Content-Length: 5\r\n\r\na%00b"));
}

TEST_F(ServerTest, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
    start();
    std::string requests;
    for (int i = 0; i < 3000; ++i) {
        requests += "GET /echo?n" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
    }
    requests += "GET /echo?last HTTP/1.0\r\n\r\n";
    RawClient client(endpoint_);
    std::thread writer([&] { client.send(requests); });
    const std::string reply = client.rest();
    writer.join();
    std::size_t at = 0;
    for (int i = 0; i < 3000 && at != std::string::npos; ++i) {
        at = reply.find("\r\n\r\nn" + std::to_string(i), at);
    }
    EXPECT_NE(at, std::string::npos);
    EXPECT_THAT(reply, EndsWith("\r\n\r\nlast"));
}

TEST_F(ServerTest, AnswersPlainAndOtherRequestsInOneStreamInOrder) {
    start();
    std::string requests;
    for (int i = 0; i < 50; ++i) {
        const std::string number = std::to_string(i);
        requests += "GET /echo?a" + number + " HTTP/1.1\r\n\r\n";
        requests += "POST /echo HTTP/1.1\r\nContent-Length: " + std::to_string(number.size() + 1) +
                    "\r\n\r\nb" + number;
        requests += "HEAD /echo?" + number + " HTTP/1.1\r\n\r\n";
    }
    requests += "GET /echo?last HTTP/1.1\r\n" + std::string(close_line);
    RawClient client(endpoint_);
    for (std::size_t at = 0; at < requests.size(); at += 777) client.send(requests.substr(at, 777));
    const std::string reply = client.rest();
    std::size_t at = 0;
    for (int i = 0; i < 50 && at != std::string::npos; ++i) {
        at = reply.find("\r\n\r\na" + std::to_string(i) + "HTTP", at);
        at = reply.find("\r\n\r\nb" + std::to_string(i) + "HTTP", at);
    }
    EXPECT_NE(at, std::string::npos);
    EXPECT_THAT(reply, EndsWith("\r\n\r\nlast"));
    EXPECT_EQ(on_server([this] { return server_->tally().answers[2]; }), 151u);
}

TEST_F(ServerTest, SendsALargeAnswerToOneWhoWantsNothingElse) {
    start();
    const std::string reply = ask("GET /large HTTP/1.1\r\n" + std::string(close_line));
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(reply.size() - reply.find("\r\n\r\n") - 4, 8u << 20);
}

TEST_F(ServerTest, TakesWhatFollowsTheLastRequestForNoError) {
    start();
    RawClient client(endpoint_);
    client.send("GET /echo?x HTTP/1.1\r\nConnection: close\r\n\r\nGET /echo?y HTTP/1.1\r\n\r\n");
    EXPECT_THAT(client.rest(), EndsWith("\r\n\r\nx"));
}

TEST_F(ServerTest, ReadsARequestThatArrivesByteByByte) {
    start();
    RawClient client(endpoint_);
    for (const char c : std::string("POST /echo HTTP/1.1\r\nContent-Length: 3\r\n") +
                            std::string(close_line) + "xyz") {
        ASSERT_TRUE(client.send({&c, 1}));
    }
    EXPECT_THAT(client.rest(), EndsWith("\r\n\r\nxyz"));
}

TEST_F(ServerTest, ReadsChunkedBodiesAndSaysContinue) {
    start();
    EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
                EndsWith("\r\n\r\nabcde"));
    RawClient client(endpoint_);
    client.send("POST /echo HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n" +
                std::string(close_line));
    EXPECT_EQ(client.some(25), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    EXPECT_THAT(client.rest(), EndsWith("\r\n\r\nok"));
}

TEST_F(ServerTest, HeadHasNoBody) {
    start();
    const auto reply = ask("HEAD /echo?12345 HTTP/1.1\r\n" + std::string(close_line));
    EXPECT_THAT(reply, EndsWith("Content-Length: 5\r\n\r\n"));
}

TEST_F(ServerTest, AnAnswerWithoutContentHasNoneAndNoLength) {
    start();
    const auto reply = ask("GET /none HTTP/1.1\r\n\r\nGET /echo?next HTTP/1.0\r\n\r\n");
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 204 No Content\r\nDate: "));
    EXPECT_THAT(reply, HasSubstr("GMT\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

TEST_F(ServerTest, UnderstandsAProxysFormOfTheTarget) {
    start();
    EXPECT_THAT(ask("GET http://h/echo?x HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\nx"));
}

TEST_F(ServerTest, RefusesWhatIsTooLarge) {
    start({.target_bytes = 1000, .body_bytes = 100});
    const std::string close(close_line);
    EXPECT_THAT(ask("GET /" + std::string(2000, 'a') + " HTTP/1.1\r\n" + close),
                StartsWith("HTTP/1.1 414 "));
    EXPECT_THAT(ask("GET /echo HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n" + close),
                StartsWith("HTTP/1.1 431 "));
    std::string many;
    for (int i = 0; i < 200; ++i) many += "A: b\r\n";
    EXPECT_THAT(ask("GET /echo HTTP/1.1\r\n" + many + close), StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'a')),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" +
                    std::string(255, 'a') + "\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
}

TEST_F(ServerTest, BodiesTogetherHaveABoundAndGiveBackWhatTheyTook) {
    Limits limits;
    limits.all_bodies_bytes = 1000;
    start(limits);
    const std::string large(600, 'x');
    const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: ";
    for (int i = 0; i < 3; ++i) {
        EXPECT_THAT(ask(head + "600\r\nConnection: close\r\n\r\n" + large), HasSubstr(large));
    }
    std::optional<RawClient> slow(std::in_place, endpoint_);
    slow->send(head + "601\r\n\r\n" + large);
    // The bytes are there once the server has taken them, which shows in what is left for others.
    std::string answer;
    for (int i = 0; i < 100 && !answer.starts_with("HTTP/1.1 503"); ++i) {
        answer = ask(head + "600\r\nConnection: close\r\n\r\n" + large);
    }
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
    slow.reset();
    for (int i = 0; i < 100 && !answer.starts_with("HTTP/1.1 200"); ++i) {
        answer = ask(head + "600\r\nConnection: close\r\n\r\n" + large);
    }
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, RefusesNonsenseAndEndsTheConnection) {
    start();
    for (const std::string bad :
         {"\r\n\r\n\r\n\r\n", "x\r\n\r\n", "GET\r\n\r\n", "GET  HTTP/1.1\r\n\r\n",
          "GET / HTTP/3.7\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
          "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
          "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
          "GET / HTTP/1.1\r\nA\x01: b\r\n\r\n", "\x16\x03\x01\x02\x01\x01\x03\x03 TLS hello\r\n"}) {
        const auto reply = ask(bad);
        EXPECT_THAT(reply, StartsWith("HTTP/1.1 ")) << bad;
        EXPECT_THAT(reply, ::testing::Not(StartsWith("HTTP/1.1 200"))) << bad;
    }
    EXPECT_THAT(ask("GET /echo?alive HTTP/1.0\r\n\r\n"), EndsWith("alive"));
}

TEST_F(ServerTest, ClosesSlowAndSilentClients) {
    start({.request_time = 1s, .idle_time = 1s});
    RawClient silent(endpoint_);
    RawClient slow(endpoint_);
    slow.send("GET /echo HTT");
    RawClient idle(endpoint_);
    idle.send("GET /echo?x HTTP/1.1\r\n\r\n");
    EXPECT_THAT(idle.rest(), EndsWith("\r\n\r\nx"));
    EXPECT_EQ(silent.rest(), "");
    EXPECT_EQ(slow.rest(), "");
    EXPECT_EQ(on_server([&] { return server_->tally().too_slow; }), 1u) << "the one amid a request";
}

TEST_F(ServerTest, ClosesAClientThatDoesNotTakeItsAnswer) {
    start({.write_time = 1s});
    RawClient stuck(endpoint_);
    stuck.send("GET /large HTTP/1.1\r\n\r\n");
    std::this_thread::sleep_for(3s);
    const std::string reply = stuck.rest();
    EXPECT_LT(reply.size(), std::size_t{8} << 20) << "the answer was cut";
}

TEST_F(ServerTest, BoundsConnectionsPerAddress) {
    start({.connections_per_address = 2});
    RawClient first(endpoint_);
    RawClient second(endpoint_);
    first.send("GET /echo?1 HTTP/1.1\r\n\r\n");
    second.send("GET /echo?2 HTTP/1.1\r\n\r\n");
    EXPECT_EQ(first.some(12), "HTTP/1.1 200");
    EXPECT_EQ(second.some(12), "HTTP/1.1 200");
    RawClient third(endpoint_);
    EXPECT_EQ(third.some(1), "");
    EXPECT_EQ(second.some(4), " OK\r") << "those that were there stay";
    EXPECT_EQ(on_server([&] { return server_->tally().too_many; }), 1u);
}

TEST_F(ServerTest, CountsConnectionsAndAnswers) {
    start();
    ask("GET /echo?a HTTP/1.0\r\n\r\n");
    ask("GET /none HTTP/1.0\r\n\r\n");
    ask("GET /nowhere HTTP/1.0\r\n\r\n");
    ask("BREW\r\n\r\n");
    Metrics metrics;
    const std::string text = on_server([&] {
        server_->measure(metrics);
        Response response;
        metrics.send(response);
        return response.body;
    });
    EXPECT_THAT(text, HasSubstr("shoal_http_connections_total 4\n"));
    EXPECT_THAT(text, HasSubstr("shoal_http_answers_total{status=\"2xx\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("shoal_http_answers_total{status=\"4xx\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("shoal_http_answers_total{status=\"5xx\"} 0\n"));
}

TEST_F(ServerTest, MetricsMayOutliveTheServer) {
    start();
    Metrics metrics;
    server_->measure(metrics);
    stop();
    server_.reset();
    Response response;
    metrics.send(response);
    EXPECT_THAT(response.body, HasSubstr("shoal_http_connections 0\n"));
}

TEST_F(ServerTest, PortZeroIsTheSameForBothFamilies) {
    start({}, {{asio::ip::address_v4::any(), 0}, {asio::ip::address_v6::any(), 0}});
    const auto all = server_->endpoints();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].port(), all[1].port());
    endpoint_ = {asio::ip::address_v6::loopback(), all[0].port()};
    EXPECT_THAT(ask("GET /who HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\n::1"));
    endpoint_ = {asio::ip::address_v4::loopback(), all[0].port()};
    EXPECT_THAT(ask("GET /who HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\n127.0.0.1"));
}

TEST_F(ServerTest, APortInUseIsSaidInOneLine) {
    start();
    Server second(io_.get_executor(), Router());
    const auto result = second.listen({endpoint_});
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("the port is in use"));
}

TEST_F(ServerTest, StoppingFinishesTheAnswerUnderWay) {
    start();
    RawClient client(endpoint_);
    client.send("GET /large HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client.some(12), "HTTP/1.1 200");
    asio::post(io_, [this] { server_->stop(); });
    EXPECT_GT(client.rest().size(), std::size_t{8} << 20);
    EXPECT_THROW(RawClient{endpoint_}, boost::system::system_error);
}

TEST_F(ServerTest, MovesWithoutLosingTheConnectionsThatAreOpen) {
    start();
    RawClient before(endpoint_);
    before.send("GET /echo?1 HTTP/1.1\r\n\r\n");
    EXPECT_THAT(before.until("\r\n\r\n1"), EndsWith("\r\n\r\n1"));
    const auto former = endpoint_;
    ASSERT_TRUE(on_server([&] { return server_->move_to({loopback}); }));
    endpoint_ = on_server([&] { return server_->endpoints().front(); });
    EXPECT_NE(endpoint_.port(), former.port());
    EXPECT_THAT(ask("GET /echo?moved HTTP/1.0\r\n\r\n"), EndsWith("moved"));
    EXPECT_THROW(RawClient{former}, boost::system::system_error);
    before.send("GET /echo?2 HTTP/1.0\r\n\r\n");
    EXPECT_THAT(before.rest(), EndsWith("\r\n\r\n2"));
}

TEST_F(ServerTest, StaysWhereItIsWhenItCannotMove) {
    start();
    asio::io_context io;
    const tcp::acceptor taken(io, loopback);
    const auto moved = on_server([&] { return server_->move_to({taken.local_endpoint()}); });
    ASSERT_FALSE(moved);
    EXPECT_THAT(moved.error().message, HasSubstr("the port is in use"));
    EXPECT_EQ(on_server([&] { return server_->endpoints().front(); }), endpoint_);
    EXPECT_THAT(ask("GET /echo?here HTTP/1.0\r\n\r\n"), EndsWith("here"));
}

TEST_F(ServerTest, MovesBetweenOneAddressAndAllOnTheSamePort) {
    start();
    const net::TcpEndpoint all{asio::ip::address_v4::any(), endpoint_.port()};
    for (const auto& where : {all, net::TcpEndpoint(endpoint_), all, all}) {
        const auto moved = on_server([&] { return server_->move_to({where}); });
        ASSERT_TRUE(moved) << moved.error().message;
        EXPECT_EQ(on_server([&] { return server_->endpoints().front(); }), where);
        EXPECT_THAT(ask("GET /echo?here HTTP/1.0\r\n\r\n"), EndsWith("here"));
    }
}

}  // namespace
}  // namespace shoal::http

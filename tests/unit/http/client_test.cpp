#include "http/client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "fixture.h"
#include "http/event_stream.h"
#include "http/guard.h"
#include "http/problem.h"
#include "http/tls_identity.h"

namespace shoal::http {
namespace {

namespace fs = std::filesystem;
using namespace shoal::http::testing;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TlsIdentity make_identity() {
    const fs::path folder =
        fs::temp_directory_path() / ("shoal-client-" + std::to_string(::getpid()));
    fs::create_directories(folder);
    auto made = open_tls_identity(folder);
    fs::remove_all(folder);
    EXPECT_TRUE(made);
    return *made;
}

class ClientTest : public ServerFixture {
  protected:
    ClientTest() {
        Router router;
        router.add(Method::post, "/echo", [](const Request& request, Response& response) {
            send_json(response, 200,
                      {{"body", std::string(request.body)},
                       {"query", std::string(request.query)},
                       {"type", std::string(request.header("Content-Type"))},
                       {"host", std::string(request.header("Host"))},
                       {"token", std::string(bearer_token(request))},
                       {"from", request.remote.address().to_string()},
                       {"secure", request.secure}});
        });
        router.add(Method::get, "/empty",
                   [](const Request&, Response& response) { response.status = 204; });
        router.add(Method::get, "/text",
                   [](const Request&, Response& response) { response.body = "plain"; });
        router.add(Method::get, "/taken", [](const Request&, Response& response) {
            send_error(response, {ErrorCode::refused, "there is one of that name"}, 409);
        });
        router.add(Method::get, "/large",
                   [](const Request&, Response& response) { response.body.assign(1 << 20, 'x'); });
        router.add(Method::get, "/events", [this](const Request& request, Response& response) {
            hub_->serve(request, response);
        });
        router.add(Method::get, "/moved", [](const Request&, Response& response) {
            response.status = 302;
            response.add_header("Location", "/text");
        });
        start(std::move(router), {.body_bytes = 1000}, identity_.context);
    }
    [[nodiscard]] std::string url(const std::string& path, const std::string& scheme = "http",
                                  const std::string& host = "127.0.0.1") const {
        return scheme + "://" + host + ":" + std::to_string(endpoint_.port()) + path;
    }
    [[nodiscard]] ClientOptions pinned() const {
        ClientOptions options;
        options.pin = identity_.fingerprint;
        return options;
    }

    /// The parts of a body until one has the mark.
    Result<ClientResponse> stream_until(const std::string& mark, std::string& got,
                                        ClientRequest request, ClientOptions options) {
        asio::io_context io{1};
        Result<ClientResponse> result = fail(ErrorCode::failed, "nothing was asked");
        BodyTaker take = [&](std::string_view part) {
            got += part.empty() ? "(open)" : part;
            return got.find(mark) == std::string::npos;
        };
        asio::co_spawn(io, request_stream(std::move(request), std::move(options), std::move(take)),
                       [&](const std::exception_ptr& bug, Result<ClientResponse> answer) {
                           if (bug) std::rethrow_exception(bug);
                           result = std::move(answer);
                       });
        io.run();
        return result;
    }

    TlsIdentity identity_ = make_identity();
    std::unique_ptr<EventHub> hub_ =
        std::make_unique<EventHub>(io_.get_executor(), EventLimits{.keep_alive = 20ms});
};

TEST_F(ClientTest, TakesABodyWithoutAnEndAsItComes) {
    for (const bool tls : {false, true}) {
        std::string got;
        const ClientOptions options = tls ? pinned() : ClientOptions{};
        asio::post(io_, [this] { hub_->publish("count", {{"n", 1}}); });
        const auto answer = stream_until(
            "\nid", got, {.url = url("/events"), .last_event_id = "another-past"}, options);
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->status, 200u);
        EXPECT_EQ(answer->content_type, "text/event-stream");
        EXPECT_THAT(got, StartsWith("(open)"));
        EXPECT_THAT(got, HasSubstr(":\nid: "));
    }
}

TEST_F(ClientTest, TellsAStreamWhereToGoOn) {
    std::string got;
    const auto answer = stream_until("event: reset", got,
                                     {.url = url("/events"), .last_event_id = "another-past"}, {});
    EXPECT_TRUE(answer) << answer.error().message;
}

TEST_F(ClientTest, AStreamThatFallsSilentIsTooLate) {
    hub_ = std::make_unique<EventHub>(io_.get_executor(), EventLimits{.keep_alive = 1h});
    std::string got;
    const auto answer =
        stream_until("never", got, {.url = url("/events")}, {.timeout = Duration(200ms)});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::timeout);
    EXPECT_THAT(got, HasSubstr("(open)"));
}

TEST_F(ClientTest, AStreamThatIsRefusedIsAnAnswer) {
    std::string got;
    const auto answer = stream_until("never", got, {.url = url("/taken")}, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 409u);
    EXPECT_EQ(error_of(answer->status, answer->content_type, answer->body).message,
              "there is one of that name");
    EXPECT_EQ(got, "");
}

TEST_F(ClientTest, AStreamThatEndsIsNoError) {
    std::string got;
    const auto answer = stream_until("never", got, {.url = url("/text")}, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(got, "(open)plain");
}

TEST_F(ClientTest, SendsARequestAndBringsTheAnswer) {
    const auto answer = request_json_and_wait(
        json_request(Method::post, url("/echo?a=%20"), {{"k", "v"}}, "t0ken"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->at("body").as_string(), R"({"k":"v"})");
    EXPECT_EQ(answer->at("query").as_string(), "a=%20");
    EXPECT_EQ(answer->at("type").as_string(), "application/json");
    EXPECT_EQ(answer->at("token").as_string(), "t0ken");
    EXPECT_EQ(answer->at("host").as_string(), "127.0.0.1:" + std::to_string(endpoint_.port()));
    EXPECT_FALSE(answer->at("secure").as_bool());
}

TEST_F(ClientTest, LeavesFromTheGivenAddress) {
    ClientOptions options;
    options.local_address = asio::ip::make_address("127.0.0.7");
    EXPECT_EQ(request_json_and_wait({Method::post, url("/echo")}, options)->at("from").as_string(),
              "127.0.0.7");
}

TEST_F(ClientTest, APinnedServerIsAskedOverTlsWhateverItsAddress) {
    for (const auto& address :
         {url("/echo"), url("/echo", "https"), url("/echo", "https", "localhost")}) {
        const auto answer = request_json_and_wait({Method::post, address}, pinned());
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_TRUE(answer->at("secure").as_bool());
    }
}

TEST_F(ClientTest, AnotherKeyIsToldNothing) {
    ClientOptions options;
    options.pin = net::KeyFingerprint{};
    const auto answer = request_json_and_wait(
        json_request(Method::post, url("/echo?secret"), "secret", "secret"), options);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::refused);
    EXPECT_THAT(answer.error().message, Not(HasSubstr("secret")));
    const auto unknown = request_and_wait({Method::post, url("/echo", "https")});
    ASSERT_FALSE(unknown);
    EXPECT_THAT(unknown.error().message, HasSubstr("is not trusted"));
}

TEST_F(ClientTest, AnswersWithoutSuccessAreErrors) {
    EXPECT_TRUE(request_json_and_wait({Method::get, url("/empty")})->is_null());
    const auto taken = request_json_and_wait({Method::get, url("/taken")});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::refused);
    EXPECT_EQ(taken.error().message, "there is one of that name");
    EXPECT_EQ(request_json_and_wait({Method::get, url("/nowhere")}).error().code,
              ErrorCode::not_found);
    EXPECT_EQ(request_json_and_wait({Method::get, url("/text")}).error().code, ErrorCode::bad_data);
    EXPECT_EQ(request_and_wait({Method::get, url("/text")})->body, "plain");
    EXPECT_EQ(request_and_wait({Method::head, url("/text")})->body, "");
    EXPECT_EQ(request_and_wait({Method::get, url("/moved")})->status, 302u) << "not followed";
}

TEST_F(ClientTest, AnswersAreBounded) {
    ClientOptions options = pinned();
    options.max_body = 1000;
    EXPECT_THAT(request_and_wait({Method::get, url("/large")}, options).error().message,
                HasSubstr("larger than"));
    EXPECT_EQ(request_and_wait({Method::get, url("/large")}, pinned())->body.size(),
              std::size_t{1} << 20);
}

TEST_F(ClientTest, ARefusedBodyLeavesAnAnswerToRead) {
    for (const ClientOptions& options : {ClientOptions{}, pinned()}) {
        const auto answer = request_and_wait(
            {Method::post, url("/echo"), std::string(100'000, 'x'), "application/json"}, options);
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->status, 413u);
    }
}

TEST(ClientToken, DoesNotLeaveTheMachineInTheClear) {
    const auto outward = net::outward_address();
    if (outward.is_loopback()) GTEST_SKIP() << "this machine has no other address";
    asio::io_context io;
    const tcp::acceptor acceptor(io, {outward, 0});
    ClientRequest asked{Method::get, "http://" + net::to_text(acceptor.local_endpoint()) + "/"};
    asked.bearer = "t0ken";
    ClientOptions options;
    options.timeout = 1s;
    const auto refused = request_and_wait(asked, options);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_THAT(refused.error().message, Not(HasSubstr("t0ken")));
    options.allow_plain_token = true;
    EXPECT_EQ(request_and_wait(asked, options).error().code, ErrorCode::timeout)
        << "it is sent, and nobody answers";
}

TEST(ClientUrl, MustBeAWebAddress) {
    for (const auto* bad :
         {"", "127.0.0.1:80", "ftp://127.0.0.1/", "http://", "http:///x",
          "http://user:secret@127.0.0.1/", "http://127.0.0.1:0/", "http://127.0.0.1:99999/",
          "http://127.0.0.1/\r\nX: y", "http://a b/", "http://a%00b/", "http://[::1/"}) {
        const auto answer = request_and_wait({Method::get, bad});
        ASSERT_FALSE(answer) << bad;
        EXPECT_EQ(answer.error().code, ErrorCode::usage) << bad;
        EXPECT_THAT(answer.error().message, Not(HasSubstr("secret")));
    }
    ClientRequest forged{Method::get, "http://127.0.0.1/"};
    forged.bearer = "a\r\nX: y";
    EXPECT_EQ(request_and_wait(forged).error().code, ErrorCode::usage);
}

/// One connection, answered with the bytes given, whatever it asks.
class CannedServer {
  public:
    explicit CannedServer(std::string reply)
        : acceptor_(io_, loopback), thread_([this, reply = std::move(reply)] {
              tcp::socket socket = acceptor_.accept();
              boost::system::error_code ignored;
              asio::read_until(socket, asio::dynamic_buffer(asked_), "\r\n\r\n", ignored);
              asio::write(socket, asio::buffer(reply), ignored);
          }) {}
    ~CannedServer() { thread_.join(); }
    CannedServer(const CannedServer&) = delete;
    CannedServer& operator=(const CannedServer&) = delete;
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/?secret";
    }

  private:
    asio::io_context io_;
    tcp::acceptor acceptor_;
    std::string asked_;
    std::thread thread_;
};

TEST(ClientAnswers, NonsenseIsAnError) {
    for (const std::string& reply :
         {std::string(), std::string("\x16\x03\x01 no HTTP\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfew"),
          std::string("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
          "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"}) {
        CannedServer server(reply);
        const auto answer = request_and_wait({Method::get, server.url()});
        ASSERT_FALSE(answer) << reply.substr(0, 40);
        EXPECT_THAT(answer.error().message, Not(HasSubstr("secret")));
    }
    CannedServer endless("HTTP/1.1 200 OK\r\n\r\n" + std::string(3 << 20, 'x'));
    ClientOptions options;
    options.max_body = 1 << 20;
    EXPECT_EQ(request_and_wait({Method::get, endless.url()}, options).error().code,
              ErrorCode::bad_data);
}

TEST(ClientAnswers, SilenceHasAnEnd) {
    asio::io_context io;
    const tcp::acceptor silent(io, loopback);
    ClientOptions options;
    options.timeout = 200ms;
    const auto answer = request_and_wait(
        {Method::get,
         "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/?secret"},
        options);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::timeout);
    EXPECT_THAT(answer.error().message, StartsWith("127.0.0.1:"));
    EXPECT_THAT(answer.error().message, Not(HasSubstr("secret")));
}

TEST_F(ClientTest, ShowsTheKeyOfAServerThatIsNotKnownYet) {
    const auto key = shown_key_and_wait(url("/"));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(*key, identity_.fingerprint);
    EXPECT_EQ(shown_key_and_wait("nonsense").error().code, ErrorCode::usage);
    // A server without TLS shows none.
    auto plain = std::make_unique<Server>(io_.get_executor(), Router());
    ASSERT_TRUE(on_server([&] { return plain->listen({loopback}); }));
    const auto where = on_server([&] { return plain->endpoints().front(); });
    EXPECT_FALSE(shown_key_and_wait("http://" + net::to_text(where)));
    on_server([&] { plain.reset(); });
}

}  // namespace
}  // namespace shoal::http

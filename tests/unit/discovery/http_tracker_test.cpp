#include "discovery/http_tracker.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace shoal::discovery {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;
using testing::HasSubstr;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
const std::string good_body = "d8:intervali60e5:peers6:abcdefe";

std::string ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string redirect(const std::string& location) {
    return "HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n";
}

/// Answers every connection with the same bytes, on the test's own io_context.
class CannedServer {
  public:
    CannedServer(asio::io_context& io, std::string reply, asio::ssl::context* tls = nullptr)
        : state_(std::make_shared<State>(
              State{{io, {asio::ip::address_v4::loopback(), 0}}, std::move(reply), tls, {}})) {
        asio::co_spawn(io, serve(state_), asio::detached);
    }
    ~CannedServer() { state_->acceptor.close(); }
    CannedServer(const CannedServer&) = delete;
    CannedServer& operator=(const CannedServer&) = delete;

    [[nodiscard]] std::string url(const std::string& path = "/announce",
                                  const std::string& host = "127.0.0.1") const {
        return (state_->tls != nullptr ? "https://" : "http://") + host + ":" +
               std::to_string(state_->acceptor.local_endpoint().port()) + path;
    }
    void reply_with(std::string reply) { state_->reply = std::move(reply); }
    [[nodiscard]] const std::vector<std::string>& requests() const { return state_->requests; }

  private:
    /// Shared with the coroutine, which ends some time after its server.
    struct State {
        tcp::acceptor acceptor;
        std::string reply;
        asio::ssl::context* tls;
        std::vector<std::string> requests;
    };

    static asio::awaitable<void> serve(std::shared_ptr<State> state) {
        for (;;) {
            auto [error, socket] = co_await state->acceptor.async_accept(as_result);
            if (error) co_return;
            if (state->tls != nullptr) {
                asio::ssl::stream<tcp::socket> stream(std::move(socket), *state->tls);
                auto [bad] =
                    co_await stream.async_handshake(asio::ssl::stream_base::server, as_result);
                if (!bad) co_await answer(stream, *state);
            } else {
                co_await answer(socket, *state);
            }
        }
    }
    template <class Stream>
    static asio::awaitable<void> answer(Stream& stream, State& state) {
        std::string request;
        co_await asio::async_read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n",
                                        as_result);
        state.requests.push_back(request);
        co_await asio::async_write(stream, asio::buffer(state.reply), as_result);
    }

    std::shared_ptr<State> state_;
};

class HttpTrackerTest : public testing::Test {
  protected:
    Result<AnnounceAnswer> announce(const std::string& url, HttpOptions options = {}) {
        std::optional<Result<AnnounceAnswer>> result;
        const auto parsed = parse_tracker_url(url);
        EXPECT_TRUE(parsed) << url;
        const auto operation =
            HttpAnnounce::start(io_.get_executor(), *parsed, AnnounceRequest{}, options,
                                [&](Result<AnnounceAnswer> answer) { result = std::move(answer); });
        EXPECT_FALSE(result) << "never from within start()";
        while (!result) io_.run_one();
        return *result;
    }

    static std::string error_of(const Result<AnnounceAnswer>& result) {
        return result ? "(none)" : result.error().message;
    }

    asio::io_context io_{1};
};

TEST_F(HttpTrackerTest, BringsTheAnswer) {
    CannedServer server(io_, ok(good_body));
    const auto answer = announce(server.url("/announce?passkey=x"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->interval.count(), 60);
    EXPECT_EQ(answer->peers.size(), 1u);
    ASSERT_EQ(server.requests().size(), 1u);
    EXPECT_THAT(server.requests()[0], testing::StartsWith("GET /announce?passkey=x&info_hash=%00"));
    EXPECT_THAT(server.requests()[0], HasSubstr("\r\nHost: 127.0.0.1:"));
}

TEST_F(HttpTrackerTest, ReadsAnswersWithoutLengthAndInChunks) {
    CannedServer server(io_, "HTTP/1.0 200 OK\r\n\r\n" + good_body);
    EXPECT_TRUE(announce(server.url()));
    server.reply_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n" + good_body +
                      "\r\n0\r\n\r\n");
    EXPECT_TRUE(announce(server.url()));
}

TEST_F(HttpTrackerTest, AFailureReasonCountsWithAnyStatus) {
    CannedServer server(io_, "HTTP/1.1 403 Forbidden\r\n\r\nd14:failure reason2:noe");
    const auto answer = announce(server.url());
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->failure, "no");
    server.reply_with("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope");
    EXPECT_THAT(error_of(announce(server.url())), HasSubstr("HTTP 404"));
}

TEST_F(HttpTrackerTest, NonsenseIsAnError) {
    for (const std::string& reply :
         {std::string(), std::string("\x16\x03\x01"), ok("<html>"), ok(""),
          std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nd8:"),
          "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n",
          std::string("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")}) {
        CannedServer server(io_, reply);
        EXPECT_FALSE(announce(server.url())) << reply.substr(0, 40);
    }
}

TEST_F(HttpTrackerTest, TheSizeOfAnAnswerIsBounded) {
    HttpOptions options;
    options.max_body = 1000;
    CannedServer server(io_, ok("5000:" + std::string(5000, 'x')));
    EXPECT_THAT(error_of(announce(server.url(), options)), HasSubstr("larger than"));
    server.reply_with("HTTP/1.0 200 OK\r\n\r\n5000:" + std::string(5000, 'x'));
    EXPECT_THAT(error_of(announce(server.url(), options)), HasSubstr("larger than"));
}

TEST_F(HttpTrackerTest, FollowsRedirectsToABound) {
    CannedServer target(io_, ok(good_body));
    CannedServer first(io_, redirect(target.url("/announce?moved")));
    EXPECT_TRUE(announce(first.url()));
    EXPECT_THAT(target.requests().at(0), testing::StartsWith("GET /announce?moved HTTP/1.1"));
    CannedServer loop(io_, redirect("/announce"));
    EXPECT_THAT(error_of(announce(loop.url())), HasSubstr("redirects"));
    EXPECT_EQ(loop.requests().size(), 4u);
}

TEST_F(HttpTrackerTest, LocalServicesCannotBeReached) {
    CannedServer service(io_, ok(good_body));
    EXPECT_THAT(error_of(announce(service.url("/api/shutdown"))), HasSubstr("/announce"));
    EXPECT_THAT(error_of(announce(service.url("/api", "localhost"))), HasSubstr("/announce"));
    CannedServer first(io_, redirect(service.url("/api/shutdown")));
    EXPECT_FALSE(announce(first.url()));
    EXPECT_TRUE(service.requests().empty());
}

TEST_F(HttpTrackerTest, GivesUpAfterItsTime) {
    tcp::acceptor silent(io_, {asio::ip::address_v4::loopback(), 0});
    HttpOptions options;
    options.timeout = 200ms;
    const auto result =
        announce("http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/announce",
                 options);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::timeout);
}

TEST_F(HttpTrackerTest, LeavesFromTheGivenAddress) {
    tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
    std::string from;
    acceptor.async_accept([&](const boost::system::error_code& error, const tcp::socket& socket) {
        if (!error) from = socket.remote_endpoint().address().to_string();
    });
    HttpOptions options;
    options.local_address = asio::ip::make_address("127.0.0.7");
    const std::string url =
        "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/announce";
    EXPECT_FALSE(announce(url, options));
    EXPECT_EQ(from, "127.0.0.7");
    options.local_address = asio::ip::address_v6::loopback();
    EXPECT_THAT(error_of(announce(url, options)), HasSubstr("cannot be reached from ::1"));
}

TEST_F(HttpTrackerTest, ACancelledAnnounceStaysSilent) {
    tcp::acceptor silent(io_, {asio::ip::address_v4::loopback(), 0});
    const std::string url =
        "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/announce";
    bool called = false;
    HttpOptions options;
    options.timeout = 100ms;
    const auto operation =
        HttpAnnounce::start(io_.get_executor(), *parse_tracker_url(url), {}, options,
                            [&](const Result<AnnounceAnswer>&) { called = true; });
    io_.run_for(20ms);
    operation->cancel();
    io_.run_for(200ms);
    EXPECT_FALSE(called);
}

/// Certificates made on the spot; the first two are trusted.
class HttpsTrackerTest : public HttpTrackerTest {
  protected:
    static void SetUpTestSuite() {
        folder() = fs::temp_directory_path() / ("shoal-https-" + std::to_string(::getpid()));
        fs::create_directories(folder());
        make("localhost", "DNS:localhost,IP:127.0.0.1");
        make("other", "DNS:other.example.org");
        make("stranger", "DNS:localhost");
        std::ofstream bundle(folder() / "trusted.pem");
        bundle << std::ifstream(folder() / "localhost.pem").rdbuf()
               << std::ifstream(folder() / "other.pem").rdbuf();
        bundle.close();
        // Before the first announce over TLS of this process, which reads it.
        ::setenv("SSL_CERT_FILE", (folder() / "trusted.pem").c_str(), 1);
    }
    static void TearDownTestSuite() { fs::remove_all(folder()); }

    static fs::path& folder() {
        static fs::path path;
        return path;
    }
    static void make(const std::string& name, const std::string& names) {
        const std::string command = "cd " + folder().string() +
                                    " && openssl req -x509 -newkey ec -pkeyopt " +
                                    "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name +
                                    " -addext subjectAltName=" + names + " -keyout " + name +
                                    ".key -out " + name + ".pem 2>openssl.log";
        ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c): a fixed command
    }
    static asio::ssl::context server_context(const std::string& name) {
        asio::ssl::context context(asio::ssl::context::tls_server);
        context.use_certificate_file((folder() / (name + ".pem")).string(),
                                     asio::ssl::context::pem);
        context.use_private_key_file((folder() / (name + ".key")).string(),
                                     asio::ssl::context::pem);
        return context;
    }
};

TEST_F(HttpsTrackerTest, ATrustedCertificateOfTheRightNameIsAccepted) {
    auto context = server_context("localhost");
    CannedServer server(io_, ok(good_body), &context);
    const auto by_name = announce(server.url("/announce", "localhost"));
    EXPECT_TRUE(by_name) << by_name.error().message;
    const auto by_address = announce(server.url("/announce", "127.0.0.1"));
    EXPECT_TRUE(by_address) << by_address.error().message;
}

TEST_F(HttpsTrackerTest, AnAnswerThatEndsWithTheConnectionIsRead) {
    auto context = server_context("localhost");
    CannedServer server(io_, "HTTP/1.0 200 OK\r\n\r\n" + good_body, &context);
    EXPECT_TRUE(announce(server.url("/announce", "localhost")));
}

TEST_F(HttpsTrackerTest, ACertificateForAnotherNameIsRefused) {
    auto context = server_context("other");
    CannedServer server(io_, ok(good_body), &context);
    const auto result = announce(server.url("/announce", "localhost"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::refused);
    EXPECT_THAT(result.error().message, HasSubstr("another name"));
    EXPECT_TRUE(server.requests().empty()) << "nothing was told to the wrong one";
}

TEST_F(HttpsTrackerTest, ACertificateThatNobodyVouchesForIsRefused) {
    auto context = server_context("stranger");
    CannedServer server(io_, ok(good_body), &context);
    const auto result = announce(server.url("/announce", "localhost"));
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("not trusted: self"));
    EXPECT_TRUE(server.requests().empty());
}

TEST_F(HttpsTrackerTest, AKnownKeyTakesThePlaceOfACertificate) {
    auto context = server_context("stranger");
    CannedServer server(io_, ok(good_body), &context);
    const auto port = parse_tracker_url(server.url())->port;
    HttpOptions options;
    options.pins.set("127.0.0.1", port,
                     net::fingerprint_of(*SSL_CTX_get0_certificate(context.native_handle())));
    const auto answer = announce(server.url(), options);
    EXPECT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(announce(fmt::format("http://127.0.0.1:{}/announce?passkey=x", port), options))
        << "an http:// address of it is asked over TLS, too";
    EXPECT_FALSE(announce(server.url("/announce", "localhost"), options))
        << "a pin is for one host";
}

TEST_F(HttpsTrackerTest, AnotherKeyThanTheKnownOneIsToldNothing) {
    auto context = server_context("localhost");
    auto other = server_context("other");
    CannedServer server(io_, ok(good_body), &context);
    HttpOptions options;
    options.pins.set("localhost", parse_tracker_url(server.url())->port,
                     net::fingerprint_of(*SSL_CTX_get0_certificate(other.native_handle())));
    const auto result = announce(server.url("/announce", "localhost"), options);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::refused);
    EXPECT_THAT(result.error().message, HasSubstr("the key of localhost"));
    CannedServer plain(io_, ok(good_body));
    options.pins.set("127.0.0.1", parse_tracker_url(plain.url())->port, {});
    options.timeout = 500ms;
    EXPECT_FALSE(announce(plain.url(), options));
    EXPECT_TRUE(server.requests().empty());
    for (const auto& request : plain.requests()) {
        EXPECT_EQ(request.find("GET"), std::string::npos) << "nothing goes in the clear";
    }
}

TEST_F(HttpsTrackerTest, APlainServerIsNoTlsServer) {
    tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
    acceptor.async_accept([](const boost::system::error_code&, tcp::socket socket) {
        boost::system::error_code ignored;
        asio::write(socket, asio::buffer(std::string("HTTP/1.1 400 Bad Request\r\n\r\n")), ignored);
    });
    EXPECT_FALSE(announce("https://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) +
                          "/announce"));
}

}  // namespace
}  // namespace shoal::discovery

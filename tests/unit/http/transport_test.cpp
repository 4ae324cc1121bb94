#include "http/transport.h"

#include <boost/asio/ssl/host_name_verification.hpp>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "fixture.h"
#include "http/event_stream.h"
#include "http/tls_identity.h"

namespace shoal::http {
namespace {

namespace fs = std::filesystem;
using namespace shoal::http::testing;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A blocking client over TLS that believes one key.
class TlsClient {
  public:
    TlsClient(const tcp::endpoint& server, const net::KeyFingerprint& pin,
              int newest_version = TLS1_3_VERSION)
        : trust_(net::pinned_trust(pin)), socket_(io_), stream_(socket_, *trust_) {
        socket_.connect(server);
        const timeval patience{20, 0};
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        SSL_set_max_proto_version(stream_.native_handle(), newest_version);
        stream_.set_verify_mode(asio::ssl::verify_peer);
    }
    boost::system::error_code shake_hands() {
        boost::system::error_code error;
        stream_.handshake(asio::ssl::stream_base::client, error);
        return error;
    }
    void send(std::string_view text) {
        boost::system::error_code ignored;
        asio::write(stream_, asio::buffer(text), ignored);
    }
    /// All bytes until the server says that it is over; how it ended otherwise.
    std::string rest() {
        std::string text;
        boost::system::error_code error;
        asio::read(stream_, asio::dynamic_buffer(text), error);
        return error == asio::error::eof ? text : text + "(" + error.message() + ")";
    }
    std::string some(std::size_t bytes) {
        std::string text(bytes, '\0');
        boost::system::error_code error;
        text.resize(asio::read(stream_, asio::buffer(text), error));
        return text;
    }
    SSL* handle() { return stream_.native_handle(); }
    tcp::socket& socket() { return socket_; }

  private:
    asio::io_context io_;
    std::shared_ptr<asio::ssl::context> trust_;
    tcp::socket socket_;
    asio::ssl::stream<tcp::socket&> stream_;
};

class TransportTest : public ServerFixture {
  protected:
    static void SetUpTestSuite() {
        const fs::path folder =
            fs::temp_directory_path() / ("shoal-transport-" + std::to_string(::getpid()));
        fs::create_directories(folder);
        auto made = open_tls_identity(folder);
        fs::remove_all(folder);
        ASSERT_TRUE(made);
        identity() = *made;
    }
    static TlsIdentity& identity() {
        static TlsIdentity made;
        return made;
    }

    void start(Limits limits = {}) {
        Router router;
        router.add(Method::get, "/secure", [](const Request& request, Response& response) {
            response.body = request.secure ? "yes" : "no";
        });
        router.add(Method::post, "/echo", [](const Request& request, Response& response) {
            response.body = request.body;
        });
        router.add(Method::get, "/large",
                   [](const Request&, Response& response) { response.body.assign(8 << 20, 'x'); });
        router.add(Method::get, "/events", [this](const Request& request, Response& response) {
            hub_->serve(request, response, {"page", {}});
        });
        ServerFixture::start(std::move(router), limits, identity().context);
    }

    std::unique_ptr<EventHub> hub_ = std::make_unique<EventHub>(io_.get_executor());

    std::string ask_over_tls(std::string_view request) {
        TlsClient client(endpoint_, identity().fingerprint);
        EXPECT_FALSE(client.shake_hands());
        client.send(request);
        return client.rest();
    }
};

TEST_F(TransportTest, BothAreSpokenOnOnePort) {
    start();
    EXPECT_THAT(ask("GET /secure HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\nno"));
    const std::string reply = ask_over_tls("GET /secure HTTP/1.0\r\n\r\n");
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(reply, EndsWith("\r\n\r\nyes"));
}

TEST_F(TransportTest, RequestsFollowEachOtherOverTls) {
    start();
    TlsClient client(endpoint_, identity().fingerprint);
    ASSERT_FALSE(client.shake_hands());
    std::string requests;
    for (int i = 0; i < 500; ++i) requests += "GET /secure HTTP/1.1\r\n\r\n";
    std::thread writer([&] { client.send(requests); });
    writer.join();
    client.send("POST /echo HTTP/1.0\r\nContent-Length: 100000\r\n\r\n" +
                std::string(100'000, 'b'));
    const std::string replies = client.rest();
    std::size_t answers = 0;
    for (std::size_t at = 0; (at = replies.find("\r\n\r\nyes", at)) != std::string::npos; ++at) {
        ++answers;
    }
    EXPECT_EQ(answers, 500u);
    EXPECT_THAT(replies, EndsWith("\r\n\r\n" + std::string(100'000, 'b')));
}

TEST_F(TransportTest, ALargeAnswerArrivesWholeAndIsEndedInOrder) {
    start();
    EXPECT_THAT(ask_over_tls("GET /large HTTP/1.0\r\n\r\n"),
                EndsWith("\r\n\r\n" + std::string(8 << 20, 'x')));
}

TEST_F(TransportTest, AHandshakeThatArrivesByteByByteIsFinished) {
    start();
    RawClient raw(endpoint_);
    raw.socket().set_option(tcp::no_delay(true));
    const auto trust = net::pinned_trust(identity().fingerprint);
    const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(trust->native_handle()), SSL_free);
    BIO* from_server = BIO_new(BIO_s_mem());
    BIO* to_server = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), from_server, to_server);
    SSL_set_connect_state(ssl.get());
    const auto send_crumbs = [&] {
        char crumb = 0;
        while (BIO_read(to_server, &crumb, 1) == 1) raw.send({&crumb, 1});
    };
    while (SSL_do_handshake(ssl.get()) != 1) {
        send_crumbs();
        const std::string more = raw.some(1);
        ASSERT_EQ(more.size(), 1u) << "the server closed";
        BIO_write(from_server, more.data(), 1);
    }
    const std::string request = "GET /secure HTTP/1.0\r\n\r\n";
    SSL_write(ssl.get(), request.data(), static_cast<int>(request.size()));
    send_crumbs();
    std::string reply(4096, '\0');
    int got = 0;
    while ((got = SSL_read(ssl.get(), reply.data(), 4096)) <= 0) {
        const std::string more = raw.some(1);
        ASSERT_EQ(more.size(), 1u) << "the server closed";
        BIO_write(from_server, more.data(), 1);
    }
    reply.resize(static_cast<std::size_t>(got));
    EXPECT_THAT(reply, EndsWith("yes"));
}

TEST_F(TransportTest, OldVersionsAreRefusedAndTls12IsSpoken) {
    start();
    TlsClient newer(endpoint_, identity().fingerprint, TLS1_2_VERSION);
    EXPECT_FALSE(newer.shake_hands());
    newer.send("GET /secure HTTP/1.0\r\n\r\n");
    EXPECT_THAT(newer.rest(), EndsWith("yes"));
    TlsClient older(endpoint_, identity().fingerprint, TLS1_1_VERSION);
    SSL_set_min_proto_version(older.handle(), TLS1_VERSION);
    SSL_set_security_level(older.handle(), 0);
    EXPECT_TRUE(older.shake_hands());
}

TEST_F(TransportTest, AClientThatStallsInTheHandshakeIsClosed) {
    start({.handshake_time = 1s});
    RawClient silent(endpoint_);
    silent.send("\x16");
    RawClient nonsense(endpoint_);
    nonsense.send("\x16\x03\x01\x02\x01 this is no handshake at all, whatever it says");
    RawClient cut(endpoint_);
    cut.send(std::string_view("\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03", 11));
    EXPECT_THAT(ask_over_tls("GET /secure HTTP/1.0\r\n\r\n"), EndsWith("yes"))
        << "others are served meanwhile";
    EXPECT_EQ(silent.rest(), "");
    EXPECT_EQ(cut.rest(), "");
    nonsense.rest();
}

TEST_F(TransportTest, TheSameLimitsHoldOverTls) {
    start({.body_bytes = 100, .request_time = 1s, .idle_time = 1s});
    EXPECT_THAT(ask_over_tls("POST /echo HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" +
                             std::string(20'000, 'x')),
                StartsWith("HTTP/1.1 413 "));
    TlsClient slow(endpoint_, identity().fingerprint);
    ASSERT_FALSE(slow.shake_hands());
    slow.send("GET /secu");
    TlsClient silent(endpoint_, identity().fingerprint);
    ASSERT_FALSE(silent.shake_hands());
    EXPECT_EQ(slow.some(1), "");
    EXPECT_EQ(silent.some(1), "");
}

TEST_F(TransportTest, StoppingEndsHandshakesAndConnections) {
    start();
    RawClient handshaking(endpoint_);
    handshaking.send("\x16\x03\x01");
    TlsClient idle(endpoint_, identity().fingerprint);
    ASSERT_FALSE(idle.shake_hands());
    idle.send("GET /secure HTTP/1.1\r\n\r\n");
    EXPECT_EQ(idle.some(12), "HTTP/1.1 200");
    stop();
    EXPECT_EQ(handshaking.rest(), "");
}

TEST_F(TransportTest, ConnectionsUnderTlsAreBounded) {
    start({.tls_connections = 1});
    auto first = std::make_unique<TlsClient>(endpoint_, identity().fingerprint);
    ASSERT_FALSE(first->shake_hands());
    TlsClient second(endpoint_, identity().fingerprint);
    EXPECT_TRUE(second.shake_hands());
    EXPECT_THAT(ask("GET /secure HTTP/1.0\r\n\r\n"), EndsWith("no"));
    first.reset();
    while (on_server([&] { return server_->connections(); }) > 1) std::this_thread::yield();
    EXPECT_THAT(ask_over_tls("GET /secure HTTP/1.0\r\n\r\n"), EndsWith("yes"));
}

TEST_F(TransportTest, EventsAreSentOverTls) {
    start();
    TlsClient client(endpoint_, identity().fingerprint);
    ASSERT_FALSE(client.shake_hands());
    client.send("GET /events HTTP/1.1\r\n\r\n");
    while (on_server([&] { return hub_->streams(); }) == 0) std::this_thread::yield();
    const std::string load(100'000, 'x');
    on_server([&] {
        for (int i = 0; i < 10; ++i) hub_->publish("load", {{"load", load}});
        return 0;
    });
    client.send("what a client says into its stream is passed over");
    const std::string told = client.some(1'000'000);
    EXPECT_EQ(told.size(), 1'000'000u);
    EXPECT_THAT(told, HasSubstr("event: load\n"));
    on_server([&] {
        hub_->end_streams_of("page");
        return 0;
    });
    EXPECT_LT(client.rest().size(), 100'000u);
    EXPECT_EQ(on_server([&] { return hub_->streams(); }), 0u);
}

TEST_F(TransportTest, AnotherIdentityServesTheNextConnection) {
    start();
    on_server([&] {
        server_->use_tls(nullptr);
        return 0;
    });
    TlsClient client(endpoint_, identity().fingerprint);
    EXPECT_TRUE(client.shake_hands());
    EXPECT_THAT(ask("GET /secure HTTP/1.0\r\n\r\n"), EndsWith("no"));
}

}  // namespace
}  // namespace shoal::http

#include "net/tls_client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "certificate.h"
#include "loop.h"

namespace shoal::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

class TlsClientTest : public ::testing::Test {
  protected:
    /// Shakes hands with a server of that context; also counts what the server was told after it.
    Result<void> meet(asio::ssl::context& server, std::shared_ptr<asio::ssl::context> trust,
                      const std::string& host = "127.0.0.1") {
        std::optional<Result<void>> result;
        bool served = false;
        asio::co_spawn(io_, serve(server, served), asio::detached);
        asio::co_spawn(io_, call(std::move(trust), host, result), asio::detached);
        EXPECT_TRUE(testing::run_until(io_, [&] { return result && served; }));
        return result.value_or(fail(ErrorCode::timeout, "nothing happened"));
    }

    asio::io_context io_{1};
    tcp::acceptor acceptor_{io_, testing::loopback};
    std::size_t told_ = 0;

  private:
    asio::awaitable<void> serve(asio::ssl::context& context, bool& served) {
        auto [error, socket] = co_await acceptor_.async_accept(as_result);
        asio::ssl::stream<tcp::socket> stream(std::move(socket), context);
        auto [bad] = co_await stream.async_handshake(asio::ssl::stream_base::server, as_result);
        if (!bad) {
            char more = 0;
            auto [ended, bytes] =
                co_await asio::async_read(stream, asio::buffer(&more, 1), as_result);
            told_ += bytes;
        }
        served = true;
    }
    asio::awaitable<void> call(std::shared_ptr<asio::ssl::context> trust, std::string host,
                               std::optional<Result<void>>& result) {
        tcp::socket socket(io_);
        co_await socket.async_connect(acceptor_.local_endpoint(), asio::use_awaitable);
        TlsClientStream stream(socket, *trust);
        Result<void> shaken = co_await handshake(stream, host);
        if (shaken) co_await asio::async_write(stream, asio::buffer("x", 1), asio::use_awaitable);
        result = std::move(shaken);
    }
};

TEST_F(TlsClientTest, AKnownKeyIsEnough) {
    const auto server = testing::make_server_context();
    const auto met = meet(*server, pinned_trust(testing::fingerprint_of(*server)));
    EXPECT_TRUE(met) << met.error().message;
    EXPECT_EQ(told_, 1u);
    EXPECT_TRUE(meet(*server, pinned_trust(testing::fingerprint_of(*server)), "any.name.at.all"));
}

TEST_F(TlsClientTest, AnotherKeyIsRefusedBeforeAnythingIsSaid) {
    const auto server = testing::make_server_context();
    const auto other = testing::make_server_context();
    const auto met = meet(*server, pinned_trust(testing::fingerprint_of(*other)));
    ASSERT_FALSE(met);
    EXPECT_EQ(met.error().code, ErrorCode::refused);
    EXPECT_THAT(met.error().message, ::testing::HasSubstr("the key of 127.0.0.1 is not the one"));
    EXPECT_EQ(told_, 0u);
}

TEST_F(TlsClientTest, WithoutAPinTheSystemDecides) {
    const auto server = testing::make_server_context();
    const auto met = meet(*server, system_trust());
    ASSERT_FALSE(met);
    EXPECT_EQ(met.error().code, ErrorCode::refused);
    EXPECT_THAT(met.error().message, ::testing::HasSubstr("is not trusted"));
}

TEST_F(TlsClientTest, OldTlsIsNotSpoken) {
    const auto server = testing::make_server_context();
    SSL_CTX_set_max_proto_version(server->native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_security_level(server->native_handle(), 0);
    EXPECT_FALSE(meet(*server, pinned_trust(testing::fingerprint_of(*server))));
}

TEST(KeyFingerprint, IsReadInBothItsForms) {
    KeyFingerprint fingerprint;
    for (std::size_t i = 0; i < fingerprint.bytes.size(); ++i) {
        fingerprint.bytes[i] = static_cast<std::byte>(i * 9);
    }
    EXPECT_EQ(to_text(fingerprint).size(), 43u);
    EXPECT_EQ(parse_fingerprint(to_text(fingerprint)), fingerprint);
    EXPECT_EQ(parse_fingerprint(fingerprint.hex()), fingerprint);
    for (const std::string& bad : {std::string(), std::string(43, '!'), std::string(64, 'g'),
                                   std::string(42, 'A'), to_text(fingerprint) + "="}) {
        EXPECT_FALSE(parse_fingerprint(bad)) << bad;
    }
}

TEST(KeyPins, GoByHostAndPort) {
    KeyPins pins;
    EXPECT_FALSE(pins.find("a", 1));
    pins.set("Host.example", 5000, {{std::byte{1}}});
    EXPECT_TRUE(pins.find("hOST.example", 5000));
    EXPECT_FALSE(pins.find("host.example", 5001));
    EXPECT_FALSE(pins.find("host.exampl", 5000));
}

}  // namespace
}  // namespace shoal::net

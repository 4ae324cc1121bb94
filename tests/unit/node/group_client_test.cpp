#include "node/group_client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <filesystem>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

#include "http/tls_identity.h"

namespace shoal::node {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
namespace fs = std::filesystem;
using Socket = asio::ip::tcp::socket;

http::TlsIdentity make_identity() {
    const fs::path folder =
        fs::temp_directory_path() / ("shoal-group-client-" + std::to_string(::getpid()));
    fs::create_directories(folder);
    auto made = http::open_tls_identity(folder);
    fs::remove_all(folder);
    EXPECT_TRUE(made);
    return *made;
}

class GroupClientTest : public ::testing::Test {
  protected:
    /// One caller, who gets this answer over TLS.
    void serve(std::string_view body) {
        asio::ssl::stream<Socket> stream(acceptor_.accept(), *identity_.context);
        stream.handshake(asio::ssl::stream_base::server);
        boost::beast::flat_buffer buffer;
        beast_http::request<beast_http::string_body> request;
        beast_http::read(stream, buffer, request);
        asio::write(stream, asio::buffer(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n"
                                                     "Content-Type: application/json\r\n\r\n{}",
                                                     body.size(), body)));
    }

    Result<bool> ask_whether_known() {
        const Account account{
            .tracker = fmt::format("http://127.0.0.1:{}", acceptor_.local_endpoint().port()),
            .fingerprint = identity_.fingerprint,
            .token = "token"};
        GroupClient client(account, std::nullopt);
        Result<bool> known = fail(ErrorCode::failed, "no answer");
        asio::io_context io{1};
        asio::co_spawn(io, client.knows(asio::ip::make_address("10.0.0.1")),
                       [&](const std::exception_ptr& bug, Result<bool> answer) {
                           EXPECT_FALSE(bug);
                           known = std::move(answer);
                       });
        io.run();
        return known;
    }

    http::TlsIdentity identity_ = make_identity();
    asio::io_context io_{1};
    asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
};

TEST_F(GroupClientTest, AConnectionThatSaysNothingIsGivenUpForAnother) {
    std::thread tracker([this] {
        const Socket silent = acceptor_.accept();
        serve(R"({"known": true})");
    });
    const auto known = ask_whether_known();
    tracker.join();
    ASSERT_TRUE(known) << known.error().message;
    EXPECT_TRUE(*known);
}

TEST_F(GroupClientTest, ATrackerThatHangsUpIsNotAskedAgain) {
    std::thread tracker([this] { acceptor_.accept().close(); });
    const auto known = ask_whether_known();
    tracker.join();
    ASSERT_FALSE(known);
    EXPECT_EQ(known.error().code, ErrorCode::failed);
    acceptor_.non_blocking(true);
    boost::system::error_code nobody;
    (void)acceptor_.accept(nobody);
    EXPECT_EQ(nobody, asio::error::would_block);
}

}  // namespace
}  // namespace shoal::node

// What tests of a real server share: a client that sends exactly what it is told to, and a server
// on a thread of its own.
#pragma once
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <thread>

#include "http/server.h"

namespace shoal::http::testing {

namespace asio = boost::asio;
using asio::ip::tcp;

inline const net::TcpEndpoint loopback{asio::ip::address_v4::loopback(), 0};

/// A client that sends exactly what it is told to.
class RawClient {
  public:
    explicit RawClient(const tcp::endpoint& server) : socket_(io_) {
        socket_.connect(server);
        const timeval patience{20, 0};
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    bool send(std::string_view text) {
        boost::system::error_code error;
        asio::write(socket_, asio::buffer(text), error);
        return !error;
    }
    /// All bytes until the server closes.
    std::string rest() {
        std::string text;
        boost::system::error_code error;
        asio::read(socket_, asio::dynamic_buffer(text), error);
        return error == asio::error::eof ? text : text + "(" + error.message() + ")";
    }
    /// The next bytes; fewer when the server closes before.
    std::string some(std::size_t bytes) {
        std::string text(bytes, '\0');
        boost::system::error_code error;
        text.resize(asio::read(socket_, asio::buffer(text), error));
        return text;
    }
    /// All bytes up to and with the mark; what came so far when the server closes before.
    std::string until(std::string_view mark) {
        boost::system::error_code error;
        std::string text = std::exchange(read_, {});
        while (text.find(mark) == std::string::npos && !error) {
            std::array<char, 4096> more{};
            text.append(more.data(), socket_.read_some(asio::buffer(more), error));
        }
        const std::size_t at = text.find(mark);
        if (at == std::string::npos) return text;
        read_ = text.substr(at + mark.size());
        text.resize(at + mark.size());
        return text;
    }
    tcp::socket& socket() { return socket_; }

  private:
    asio::io_context io_;
    tcp::socket socket_;
    std::string read_;  ///< by until(), beyond its mark
};

/// A server on a thread of its own.
class ServerFixture : public ::testing::Test {
  protected:
    void start(Router router, Limits limits = {}, std::shared_ptr<asio::ssl::context> tls = nullptr,
               const std::vector<net::TcpEndpoint>& where = {loopback}) {
        server_ =
            std::make_unique<Server>(io_.get_executor(), std::move(router), limits, std::move(tls));
        ASSERT_TRUE(server_->listen(where));
        endpoint_ = server_->endpoints().front();
        thread_ = std::thread([this] { io_.run(); });
    }

    void TearDown() override { stop(); }
    /// Returns because a stopped server leaves no work behind.
    void stop() {
        if (!thread_.joinable()) return;
        asio::post(io_, [this] { server_->stop(); });
        thread_.join();
    }

    std::string ask(std::string_view request) {
        RawClient client(endpoint_);
        client.send(request);
        return client.rest();
    }

    /// What the function returns on the server's thread.
    template <class Function>
    auto on_server(Function function) {
        std::packaged_task<std::invoke_result_t<Function>()> task(std::move(function));
        auto result = task.get_future();
        asio::post(io_, std::ref(task));
        return result.get();
    }

    asio::io_context io_{1};
    std::unique_ptr<Server> server_;
    tcp::endpoint endpoint_;
    std::thread thread_;
};

}  // namespace shoal::http::testing

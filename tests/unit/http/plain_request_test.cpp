#include "http/plain_request.h"

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

class PlainRequestTest : public testing::Test {
  protected:
    std::optional<PlainRequest> read(std::string_view bytes) {
        return read_plain(bytes, limits_, request_);
    }

    Limits limits_;
    Request request_;
};

TEST_F(PlainRequestTest, ReadsInPlaceAndLeavesWhatFollows) {
    const std::string first =
        "GET /announce?info_hash=%00a&port=1 HTTP/1.1\r\nHost: h\r\nUser-Agent:  a b "
        "\r\nX:\r\n\r\n";
    const std::string bytes = first + "GET /next";
    const auto plain = read(bytes);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->size, first.size());
    EXPECT_EQ(plain->version, 11);
    EXPECT_TRUE(plain->keep_alive);
    EXPECT_EQ(request_.method, Method::get);
    EXPECT_EQ(request_.path, "/announce");
    EXPECT_EQ(request_.query, "info_hash=%00a&port=1");
    ASSERT_EQ(request_.headers.size(), 3u);
    EXPECT_EQ(request_.header("user-agent"), "a b");
    EXPECT_EQ(request_.headers[2].name, "X");
    EXPECT_EQ(request_.headers[2].value, "");
    EXPECT_EQ(request_.path.data(), bytes.data() + 4) << "nothing is copied";
}

TEST_F(PlainRequestTest, KnowsWhetherTheConnectionStays) {
    EXPECT_FALSE(read("GET / HTTP/1.1\r\nconnection: Close\r\n\r\n")->keep_alive);
    EXPECT_TRUE(read("GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n")->keep_alive);
    EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n")->keep_alive);
    const auto old = read("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    ASSERT_TRUE(old);
    EXPECT_TRUE(old->keep_alive);
    EXPECT_EQ(old->version, 10);
    EXPECT_EQ(request_.query, "");
}

TEST_F(PlainRequestTest, LeavesTheUnfinishedToTheParser) {
    const std::string whole = "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(read(std::string_view(whole).substr(0, size))) << size;
    }
    EXPECT_TRUE(read(whole));
}

TEST_F(PlainRequestTest, LeavesTheUnusualToTheParser) {
    for (const char* head :
         {"POST / HTTP/1.1", "HEAD / HTTP/1.1", "GET http://h/ HTTP/1.1", "GET / HTTP/1.2",
          "GET / HTTP/2.0", "GET  / HTTP/1.1", "GET /a b HTTP/1.1", "get / HTTP/1.1",
          "GET /\x7f HTTP/1.1", "GET /\xc3\xa9 HTTP/1.1"}) {
        EXPECT_FALSE(read(std::string(head) + "\r\n\r\n")) << head;
    }
    for (const char* header :
         {"Content-Length: 0", "transfer-encoding: chunked", "Expect: 100-continue", "Upgrade: h2c",
          "Proxy-Connection: keep-alive", "Connection: upgrade", "Connection: close, x",
          "Connection: close\r\nConnection: close", "A : b", ": b", "A", "A: b\r\n c", " A: b",
          "A: b\rc", "A: b\nC: d", "A: \x01", "A: \x7f", "A: \xc3\xa9", "A\x01: b"}) {
        EXPECT_FALSE(read("GET / HTTP/1.1\r\n" + std::string(header) + "\r\n\r\n")) << header;
    }
    EXPECT_FALSE(read(std::string_view("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 28)));
}

TEST_F(PlainRequestTest, LeavesWhatIsTooLargeToTheParser) {
    limits_.target_bytes = 100;
    limits_.header_bytes = 1000;
    const auto target = [&](std::size_t bytes) {
        return read("GET /" + std::string(bytes - 1, 'a') + " HTTP/1.1\r\n\r\n").has_value();
    };
    EXPECT_TRUE(target(100));
    EXPECT_FALSE(target(101));
    const auto header = [&](std::size_t bytes) {
        return read("GET / HTTP/1.1\r\nA: " + std::string(bytes, 'a') + "\r\n\r\n").has_value();
    };
    EXPECT_TRUE(header(900));
    EXPECT_FALSE(header(1000));
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 40; ++i) many += "A: b\r\n";
    EXPECT_FALSE(read(many + "\r\n"));
}

TEST(PlainAnswerer, AnswersWhatNeedsNoCoroutine) {
    Router router;
    router.add(Method::get, "/now", [](const Request& request, Response& response) {
        response.body = request.remote.address().to_string();
        if (request.secure) response.body += " secure";
    });
    router.add(Method::get, "/later",
               [](const Request&, Response&) -> boost::asio::awaitable<void> { co_return; });
    router.add(Method::post, "/other", [](const Request&, Response&) {});
    router.add(Method::get, "/of/{name}", [](const Request&, Response&) {});
    Limits limits;
    PlainAnswerer answerer(router, limits);
    const net::TcpEndpoint remote(boost::asio::ip::make_address("192.0.2.1"), 1);
    const auto answers = [&](const std::string& path) {
        const std::string bytes = "GET " + path + " HTTP/1.1\r\n\r\n";
        return answerer.read(bytes) && answerer.answer(remote, true);
    };
    EXPECT_TRUE(answers("/now"));
    EXPECT_EQ(answerer.response().body, "192.0.2.1 secure");
    EXPECT_FALSE(answers("/later"));
    EXPECT_FALSE(answers("/other"));
    EXPECT_FALSE(answers("/of/a"));
    EXPECT_FALSE(answers("/nowhere"));
}

}  // namespace
}  // namespace shoal::http

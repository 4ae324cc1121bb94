#include "cli/api.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../disk/temp_folder.h"
#include "../http/fixture.h"

namespace shoal::cli {
namespace {

using disk::testing::TempFolder;
using http::Method;
using http::Request;
using http::Response;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ApiTest : public http::testing::ServerFixture {
  protected:
    /// A server that answers as a peer does, as far as this is about.
    void start() {
        http::Router router;
        router.add(Method::get, "/healthz", [](const Request&, Response&) {});
        router.add(Method::get, "/list", [](const Request& request, Response& response) {
            const bool first = request.query.find("cursor=a%20b") == std::string_view::npos;
            response.body = first ? R"({"items": [{"n": 1}, 5, {"n": 2}], "next": "a b"})"
                                  : R"({"items": [{"n": 3}], "next": null})";
        });
        router.add(Method::get, "/no-list",
                   [](const Request&, Response& response) { response.body = "[]"; });
        router.add(Method::get, "/endless", [](const Request&, Response& response) {
            response.body = R"({"items": [{"n": 1}], "next": "more"})";
        });
        ServerFixture::start(std::move(router));
        url_ = "http://" + net::to_text(endpoint_);
    }

    [[nodiscard]] ApiOptions options(const std::string& api = {}) const {
        return {.api = api, .data = folder_.path().native()};
    }

    void leave_address(const std::string& url) const {
        folder_.write("api.json", R"({"url": ")" + url + R"(", "token": "secret"})");
    }

    TempFolder folder_;
    std::string url_;
};

TEST_F(ApiTest, IsThePeerOfTheDataFolderWhileItAnswers) {
    start();
    leave_address(url_ + "/");
    const auto api = options().peer();
    ASSERT_TRUE(api) << api.error().message;
    EXPECT_EQ(api->url, url_);
    EXPECT_EQ(api->token, "secret");
    EXPECT_TRUE(api->is_peer);
    stop();
    server_.reset();
    const auto gone = options().peer();
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, ErrorCode::failed);
    EXPECT_THAT(gone.error().message, HasSubstr("start one with `shoal peer`"));
}

TEST_F(ApiTest, IsTheTrackerOfTheAccountWhereNoPeerWorks) {
    EXPECT_EQ(options().peer().error().code, ErrorCode::failed);
    EXPECT_EQ(options().peer_or_tracker().error().code, ErrorCode::not_found);
    Account account{
        .tracker = "http://192.0.2.1:5000", .fingerprint = {}, .user = "Lan", .token = "t"};
    ASSERT_TRUE(account.save(folder_.path()));
    const auto api = options().peer_or_tracker();
    ASSERT_TRUE(api);
    EXPECT_EQ(api->url, account.tracker);
    EXPECT_EQ(api->token, "t");
    EXPECT_TRUE(api->pin);
    EXPECT_FALSE(api->is_peer);
}

TEST_F(ApiTest, IsWhatTheUserNames) {
    leave_address("http://127.0.0.1:1");
    Account account{
        .tracker = "http://192.0.2.1:5000", .fingerprint = {}, .user = {}, .token = "t"};
    ASSERT_TRUE(account.save(folder_.path()));
    const auto tracker = options("http://192.0.2.1:5000/").peer();
    ASSERT_TRUE(tracker);
    EXPECT_EQ(tracker->token, "t");
    EXPECT_TRUE(tracker->pin);
    const auto peer = options("http://127.0.0.1:8090").peer();
    ASSERT_TRUE(peer);
    EXPECT_EQ(peer->token, "secret");
    EXPECT_FALSE(peer->pin);
}

TEST_F(ApiTest, ADamagedAddressIsToldOf) {
    for (const char* text : {"", "{", "[]", "{}", R"({"url": 5, "token": "x"})"}) {
        folder_.write("api.json", text);
        const auto api = options().peer_or_tracker();
        ASSERT_FALSE(api) << text;
        EXPECT_EQ(api.error().code, ErrorCode::bad_data);
    }
}

TEST_F(ApiTest, GoesThroughAListPageByPage) {
    start();
    const Api api{.url = url_, .token = {}, .pin = {}};
    std::vector<std::int64_t> seen;
    const auto take = [&](const boost::json::object& item) -> Result<void> {
        seen.push_back(number_of(item, "n"));
        if (seen.size() > 100) return fail(ErrorCode::cancelled, "enough");
        return {};
    };
    ASSERT_TRUE(api.for_each("/list?limit=2", take));
    EXPECT_THAT(seen, ElementsAre(1, 2, 3));
    EXPECT_EQ(api.for_each("/no-list?", take).error().code, ErrorCode::bad_data);
    EXPECT_EQ(api.for_each("/endless?", take).error().code, ErrorCode::cancelled);
}

TEST(Members, AreEmptyWhereTheyAreMissingOrOfAnotherType) {
    const auto members = boost::json::parse(R"({"t": "a\nb", "n": 12, "r": 0.5, "f": true})");
    const auto& object = members.get_object();
    EXPECT_EQ(text_of(object, "t").find('\n'), std::string::npos);
    EXPECT_EQ(number_of(object, "n"), 12);
    EXPECT_EQ(real_of(object, "r"), 0.5);
    EXPECT_TRUE(flag_of(object, "f"));
    for (const char* name : {"n", "r", "f", "none"}) EXPECT_EQ(text_of(object, name), "");
    for (const char* name : {"t", "r", "f", "none"}) EXPECT_EQ(number_of(object, name), 0);
    for (const char* name : {"t", "f", "none"}) EXPECT_EQ(real_of(object, name), 0);
    for (const char* name : {"t", "n", "r", "none"}) EXPECT_FALSE(flag_of(object, name));
}

}  // namespace
}  // namespace shoal::cli

#include "http/static_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::http {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr pages::File files[] = {
    {"/", "text/html; charset=utf-8", "<p>plain", "zipped page", "0a1b", false},
    {"/assets/x-9f.js", "text/javascript", "plain", "zipped script", "2c3d", true},
};

class StaticFilesTest : public testing::Test {
  protected:
    StaticFilesTest() { add_static_files(router_, files); }

    Response ask(std::string_view path, std::vector<Header> headers = {}) {
        Request request;
        request.method = Method::get;
        request.path = path;
        request.headers = std::move(headers);
        Response response;
        EXPECT_EQ(router_.handle(request, response), nullptr);
        return response;
    }

    Router router_;
};

TEST_F(StaticFilesTest, GoCompressedToThoseWhoTakeIt) {
    for (const auto* header : {"gzip", "deflate, GZIP;q=0.5, br", "gzip;q=1.0"}) {
        const Response response = ask("/", {{"Accept-Encoding", header}});
        EXPECT_EQ(response.body, "zipped page") << header;
        EXPECT_THAT(std::string(response.headers()), HasSubstr("Content-Encoding: gzip"));
    }
    for (const auto* header : {"", "br", "gzip;q=0", "gzip;q=0.00"}) {
        const Response response = ask("/", {{"Accept-Encoding", header}});
        EXPECT_EQ(response.body, "<p>plain") << header;
        EXPECT_THAT(std::string(response.headers()), Not(HasSubstr("Content-Encoding")));
    }
}

TEST_F(StaticFilesTest, AreSentOnce) {
    const Response first = ask("/");
    EXPECT_THAT(std::string(first.headers()), HasSubstr("ETag: \"0a1b\""));
    const Response again = ask("/", {{"If-None-Match", "W/\"x\", \"0a1b\""}});
    EXPECT_EQ(again.status, 304u);
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(ask("/", {{"If-None-Match", "\"0a1\""}}).status, 200u);
}

TEST_F(StaticFilesTest, AreKeptForGoodWhereThePathNamesTheContent) {
    EXPECT_THAT(std::string(ask("/").headers()), HasSubstr("Cache-Control: no-cache"));
    EXPECT_THAT(std::string(ask("/assets/x-9f.js").headers()), HasSubstr("immutable"));
}

TEST_F(StaticFilesTest, HaveThePoliciesOfPages) {
    EXPECT_THAT(std::string(ask("/").headers()), HasSubstr("style-src 'self';"));
    EXPECT_THAT(std::string(ask("/").headers()), Not(HasSubstr("unsafe")));
}

TEST_F(StaticFilesTest, NoOtherPathLeadsToAFile) {
    for (const auto* path : {"/assets/", "/assets/../", "//", "/assets/x-9f.js/"}) {
        EXPECT_EQ(ask(path).status, 404u) << path;
    }
}

}  // namespace
}  // namespace shoal::http

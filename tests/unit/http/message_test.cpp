#include "http/message.h"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace shoal::http {
namespace {

TEST(Response, AHeaderCannotForgeAnother) {
    Response response;
    response.add_header("Location", "/a\r\nSet-Cookie: x");
    EXPECT_EQ(response.headers(), "Location: /aSet-Cookie: x\r\n");
}

TEST(Response, AProblemIsADocument) {
    Response response;
    send_problem(response, 404, "no such \"thing\"");
    EXPECT_EQ(response.status, 404u);
    EXPECT_EQ(response.content_type, "application/problem+json");
    const auto document = boost::json::parse(response.body).as_object();
    EXPECT_EQ(document.at("status").to_number<int>(), 404);
    EXPECT_EQ(document.at("title").as_string(), "Not Found");
    EXPECT_EQ(document.at("detail").as_string(), "no such \"thing\"");
}

TEST(Request, HeadersAreFoundInAnyCase) {
    Request request;
    request.headers = {{"Host", "a"}, {"hOsT", "b"}};
    EXPECT_EQ(request.header("host"), "a");
    EXPECT_EQ(request.header("cookie"), "");
}

}  // namespace
}  // namespace shoal::http

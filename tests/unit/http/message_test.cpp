#include "http/message.h"

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

TEST(Response, AHeaderCannotForgeAnother) {
    Response response;
    response.add_header("Location", "/a\r\nSet-Cookie: x");
    EXPECT_EQ(response.headers(), "Location: /aSet-Cookie: x\r\n");
}

TEST(Request, HeadersAreFoundInAnyCase) {
    Request request;
    request.headers = {{"Host", "a"}, {"hOsT", "b"}};
    EXPECT_EQ(request.header("host"), "a");
    EXPECT_EQ(request.header("cookie"), "");
}

}  // namespace
}  // namespace shoal::http

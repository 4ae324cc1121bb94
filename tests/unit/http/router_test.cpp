#include "http/router.h"

#include <gtest/gtest.h>
#include <stdexcept>

namespace shoal::http {
namespace {

class RouterTest : public testing::Test {
  protected:
    RouterTest() {
        router_.add(Method::get, "/a", [](const Request&, Response& r) { r.body = "got"; });
        router_.add(Method::post, "/a", [](const Request&, Response& r) { r.body = "posted"; });
        router_.add(Method::get, "/bug", [](const Request&, Response& r) {
            r.body = "half";
            throw std::runtime_error("bug");
        });
    }

    Response handle(Method method, std::string_view path) {
        Request request;
        request.method = method;
        request.path = path;
        Response response;
        router_.handle(request, response);
        return response;
    }

    Router router_;
};

TEST_F(RouterTest, ChoosesByMethodAndPath) {
    EXPECT_EQ(handle(Method::get, "/a").body, "got");
    EXPECT_EQ(handle(Method::post, "/a").body, "posted");
    EXPECT_EQ(handle(Method::head, "/a").body, "got");
}

TEST_F(RouterTest, SaysWhatItDoesNotKnow) {
    EXPECT_EQ(handle(Method::get, "/a/").status, 404u);
    EXPECT_EQ(handle(Method::get, "").status, 404u);
    const auto response = handle(Method::delete_, "/a");
    EXPECT_EQ(response.status, 405u);
    EXPECT_EQ(response.headers(), "Allow: HEAD, GET, POST\r\n");
}

TEST_F(RouterTest, AHandlersBugIsA500WithoutDetails) {
    const auto response = handle(Method::get, "/bug");
    EXPECT_EQ(response.status, 500u);
    EXPECT_EQ(response.body.find("half"), std::string::npos);
    EXPECT_EQ(response.body.find("bug"), std::string::npos);
}

}  // namespace
}  // namespace shoal::http

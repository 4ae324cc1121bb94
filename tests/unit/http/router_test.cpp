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
        router_.add(Method::get, "/users/{name}", echo);
        router_.add(Method::put, "/users/{name}", echo);
        router_.add(Method::get, "/users/me", [](const Request&, Response& r) { r.body = "me"; });
        router_.add(Method::get, "/swarms/{info_hash}/pieces/{piece}", echo);
        router_.add(Method::get, "/bug", [](const Request&, Response& r) {
            r.body = "half";
            throw std::runtime_error("bug");
        });
    }

    static void echo(const Request& request, Response& response) {
        for (const auto& [name, value] : request.parameters) {
            response.body += name + "=" + value + ";";
        }
    }

    Response handle(Method method, std::string_view path) {
        Request request;
        request.method = method;
        request.path = path;
        Response response;
        EXPECT_EQ(router_.handle(request, response), nullptr);
        return response;
    }

    Router router_;
};

TEST_F(RouterTest, ChoosesByMethodAndPath) {
    EXPECT_EQ(handle(Method::get, "/a").body, "got");
    EXPECT_EQ(handle(Method::post, "/a").body, "posted");
    EXPECT_EQ(handle(Method::head, "/a").body, "got");
}

TEST_F(RouterTest, HandlesNowWhatItCan) {
    Request request;
    Response response;
    const auto now = [&](Method method, std::string_view path) {
        request.method = method;
        request.path = path;
        response.reset();
        return router_.handle_now(request, response);
    };
    EXPECT_TRUE(now(Method::head, "/a"));
    EXPECT_EQ(response.body, "got");
    EXPECT_TRUE(now(Method::get, "/bug"));
    EXPECT_EQ(response.status, 500u);
    for (const auto* elsewhere : {"/users/an", "/nowhere", ""}) {
        EXPECT_FALSE(now(Method::get, elsewhere));
        EXPECT_EQ(response.status, 200u) << "nothing has been done";
    }
    EXPECT_FALSE(now(Method::delete_, "/a"));
    router_.guard("/guarded", [](const Request&, Response& refused) {
        refused.status = 403;
        return false;
    });
    router_.add(Method::get, "/guarded", [](const Request&, Response& r) { r.body = "got"; });
    EXPECT_TRUE(now(Method::get, "/guarded"));
    EXPECT_EQ(response.status, 403u);
    EXPECT_EQ(response.body, "");
}

TEST_F(RouterTest, SaysWhatItDoesNotKnow) {
    EXPECT_EQ(handle(Method::get, "/a/").status, 404u);
    EXPECT_EQ(handle(Method::get, "").status, 404u);
    const auto response = handle(Method::delete_, "/a");
    EXPECT_EQ(response.status, 405u);
    EXPECT_EQ(response.headers(), "Allow: HEAD, GET, POST\r\n");
}

TEST_F(RouterTest, ANameTakesOneWholeSegment) {
    EXPECT_EQ(handle(Method::get, "/users/an").body, "name=an;");
    EXPECT_EQ(handle(Method::head, "/users/a+b%20%E1%BA%A1%2b").body, "name=a+b ạ+;");
    EXPECT_EQ(handle(Method::get, "/swarms/ff/pieces/7").body, "info_hash=ff;piece=7;");
    for (const auto* nowhere : {"/users", "/users/", "/users/a/", "/users/a/b", "/users//",
                                "/swarms//pieces/7", "/swarms/a/pieces", "users/a", "*"}) {
        EXPECT_EQ(handle(Method::get, nowhere).status, 404u) << nowhere;
    }
}

TEST_F(RouterTest, APathInFullGoesFirst) {
    EXPECT_EQ(handle(Method::get, "/users/me").body, "me");
    EXPECT_EQ(handle(Method::put, "/users/me").status, 405u);
    EXPECT_EQ(handle(Method::post, "/users/an").headers(), "Allow: HEAD, GET, PUT\r\n");
}

TEST_F(RouterTest, AValueThatIsNoPlainTextIsRefused) {
    for (const auto* malformed : {"/users/%", "/users/%4", "/users/%zz", "/users/a%00",
                                  "/users/%0a", "/users/%7f", "/users/%ff", "/users/%c0%af"}) {
        EXPECT_EQ(handle(Method::get, malformed).status, 400u) << malformed;
    }
    for (const auto* path :
         {"/users/a%2fb", "/users/%2F", "/users/..", "/users/%2e%2E", "/users/."}) {
        EXPECT_EQ(handle(Method::get, path).status, 404u) << path;
    }
}

TEST_F(RouterTest, AGuardStandsBeforeTheRoutesBelowItsPrefix) {
    router_.guard("/api/", [](const Request& request, Response& response) {
        response.status = 403;
        return request.query == "open";
    });
    router_.add(Method::get, "/api/x", [](const Request&, Response& r) { r.body = "inside"; });
    router_.add(Method::get, "/b", [](const Request&, Response& r) { r.body = "outside"; });
    EXPECT_EQ(handle(Method::get, "/api/x").status, 403u);
    EXPECT_EQ(handle(Method::get, "/api/x").body, "");
    EXPECT_EQ(handle(Method::get, "/b").body, "outside");
    Request request;
    request.method = Method::get;
    request.path = "/api/x";
    request.query = "open";
    Response response;
    router_.handle(request, response);
    EXPECT_EQ(response.body, "inside");
}

TEST_F(RouterTest, ACoroutineIsForTheCallerToRun) {
    router_.add(Method::get, "/later/{x}",
                [](const Request&, Response&) -> boost::asio::awaitable<void> { co_return; });
    Request request;
    request.method = Method::get;
    request.path = "/later/1";
    Response response;
    EXPECT_NE(router_.handle(request, response), nullptr);
    EXPECT_EQ(request.parameter("x"), "1");
}

TEST_F(RouterTest, AHandlersBugIsA500WithoutDetails) {
    const auto response = handle(Method::get, "/bug");
    EXPECT_EQ(response.status, 500u);
    EXPECT_EQ(response.body.find("half"), std::string::npos);
    EXPECT_EQ(response.body.find("bug"), std::string::npos);
}

}  // namespace
}  // namespace shoal::http

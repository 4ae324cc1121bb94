#include "http/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::http {
namespace {

using testing::HasSubstr;

Request with(std::vector<Header> headers, Method method = Method::post) {
    Request request;
    request.method = method;
    request.headers = std::move(headers);
    return request;
}

TEST(HostCheck, AllowsAddressesAndItsOwnNames) {
    const HostCheck check({"Tracker.Example.org"});
    for (const auto* host :
         {"localhost", "LOCALHOST:8080", "localhost.", "127.0.0.1:8080", "192.168.1.5",
          "[::1]:8080", "[fd00::1]", "tracker.example.org:5000", "TRACKER.example.org"}) {
        EXPECT_TRUE(check.allows(with({{"hOst", host}}))) << host;
    }
}

TEST(RequestedHost, HasThePortOfTheSchemeWhereItNamesNone) {
    Request request = with({{"Host", "Tracker.Example.org."}});
    EXPECT_EQ(requested_host(request), (net::HostPort{"tracker.example.org", 80}));
    request.secure = true;
    EXPECT_EQ(requested_host(request), (net::HostPort{"tracker.example.org", 443}));
    EXPECT_EQ(requested_host(with({{"Host", "[fd00::1]:5000"}})), (net::HostPort{"fd00::1", 5000}));
    EXPECT_FALSE(requested_host(with({{"Host", ":5000"}})));
    EXPECT_FALSE(requested_host(with({})));
}

TEST(HostCheck, RefusesOtherNamesAndNonsense) {
    const HostCheck check({"tracker.example.org"});
    for (const auto* host :
         {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example",
          "xtracker.example.org", "", "*", ":80", "8080", "127.0.0.1:x", "127.0.0.1@evil.example",
          "[::1", "localhost localhost", "localhost:80:80", "localhost/"}) {
        EXPECT_FALSE(check.allows(with({{"Host", host}}))) << host;
    }
    EXPECT_FALSE(check.allows(with({})));
    EXPECT_FALSE(check.allows(with({{"Host", "localhost"}, {"host", "localhost"}})));
    Response response;
    EXPECT_FALSE(check(with({{"Host", "evil.example"}}), response));
    EXPECT_EQ(response.status, 403u);
    EXPECT_TRUE(check(with({{"Host", "localhost"}}), response));
}

TEST(BearerToken, IsTakenFromTheOneHeader) {
    EXPECT_EQ(bearer_token(with({{"Authorization", "Bearer abc-._~+/9="}})), "abc-._~+/9=");
    EXPECT_EQ(bearer_token(with({{"authorization", "bEARER  abc"}})), "abc");
    for (const auto* bad : {"", "Bearer", "Bearer ", "Basic abc", "Bearerabc", "Bearer a b",
                            "Bearer a,b", "Bearer \xff"}) {
        EXPECT_EQ(bearer_token(with({{"Authorization", bad}})), "") << bad;
    }
    EXPECT_EQ(bearer_token(with({{"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}})),
              "");
    const std::string endless = "Bearer " + std::string(5000, 'a');
    EXPECT_EQ(bearer_token(with({{"Authorization", endless}})), "");
}

TEST(Cookie, IsFoundByItsWholeName) {
    const Request request = with({{"Cookie", "a=1; session=x=y;b="}, {"cookie", "c=3"}});
    EXPECT_EQ(cookie(request, "a"), "1");
    EXPECT_EQ(cookie(request, "session"), "x=y");
    EXPECT_EQ(cookie(request, "b"), "");
    EXPECT_EQ(cookie(request, "c"), "3");
    EXPECT_EQ(cookie(request, "ession"), "");
    EXPECT_EQ(cookie(request, "sess"), "");
}

TEST(CrossSite, BrowsersTellWhereARequestComesFrom) {
    const Header host{"Host", "localhost:8080"};
    EXPECT_FALSE(is_cross_site(with({host}))) << "no browser";
    EXPECT_FALSE(is_cross_site(with({host, {"Sec-Fetch-Site", "same-origin"}})));
    EXPECT_FALSE(is_cross_site(with({host, {"Sec-Fetch-Site", "none"}})));
    EXPECT_FALSE(is_cross_site(with({host, {"Origin", "http://LOCALHOST:8080"}})));
    EXPECT_FALSE(is_cross_site(with({{"Host", "[::1]"}, {"Origin", "http://[::1]:80"}})));
    for (const auto* site : {"cross-site", "same-site", "", "Same-Origin"}) {
        EXPECT_TRUE(is_cross_site(with({host, {"Sec-Fetch-Site", site}}))) << site;
    }
    for (const auto* origin :
         {"null", "", "http://localhost", "http://localhost:8081", "https://localhost:8080",
          "http://evil.example:8080", "http://localhost:8080.evil.example", "http://"}) {
        EXPECT_TRUE(is_cross_site(with({host, {"Origin", origin}}))) << origin;
    }
    EXPECT_TRUE(is_cross_site(
        with({host, {"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://evil.example"}})));
    EXPECT_TRUE(is_cross_site(
        with({host, {"Origin", "http://localhost:8080"}, {"Origin", "http://evil.example"}})));
    Request secure = with({{"Host", "h"}, {"Origin", "https://h"}});
    EXPECT_TRUE(is_cross_site(secure));
    secure.secure = true;
    EXPECT_FALSE(is_cross_site(secure));
}

TEST(CrossSite, OnlyChangesAreRefused) {
    const Header host{"Host", "localhost"};
    const Header site{"Sec-Fetch-Site", "cross-site"};
    Response response;
    EXPECT_TRUE(refuse_cross_site(with({host, site}, Method::get), response));
    EXPECT_TRUE(refuse_cross_site(with({host, site}, Method::head), response));
    for (const Method method : {Method::post, Method::put, Method::delete_, Method::patch}) {
        EXPECT_FALSE(refuse_cross_site(with({host, site}, method), response));
        EXPECT_EQ(response.status, 403u);
        EXPECT_TRUE(refuse_cross_site(with({host}, method), response));
    }
}

TEST(SecurityHeaders, KeepPagesToThemselves) {
    Response response;
    add_page_headers(response);
    for (const auto* part : {"default-src 'self'", "frame-ancestors 'none'", "nosniff",
                             "X-Frame-Options: DENY", "Referrer-Policy: same-origin"}) {
        EXPECT_THAT(std::string(response.headers()), HasSubstr(part));
    }
    response.reset();
    add_data_headers(response);
    EXPECT_THAT(std::string(response.headers()), HasSubstr("no-store"));
}

}  // namespace
}  // namespace shoal::http

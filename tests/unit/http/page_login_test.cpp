#include "http/page_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::http {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view secret = "AbC-123_x";

Request with(Method method, std::vector<Header> headers) {
    Request request;
    request.method = method;
    request.headers = std::move(headers);
    return request;
}

TEST(PageLogin, ReadsWithTheCookieAlone) {
    const PageLogin login("peer-x");
    const Header cookie{"Cookie", "other=1; shoal-peer-x=AbC-123_x"};
    EXPECT_EQ(login.secret(with(Method::get, {cookie})), secret);
    EXPECT_EQ(login.secret(with(Method::get, {})), "");
    EXPECT_EQ(PageLogin("peer-y").secret(with(Method::get, {cookie})), "");
}

TEST(PageLogin, ChangesTakeTheTokenBesideTheCookie) {
    const PageLogin login("peer-x");
    const Header cookie{"Cookie", "shoal-peer-x=AbC-123_x"};
    const std::string token = PageLogin::token_of(secret);
    const std::string other = PageLogin::token_of("another");
    for (const Method method : {Method::post, Method::put, Method::patch, Method::delete_}) {
        EXPECT_EQ(login.secret(with(method, {cookie})), "");
        EXPECT_EQ(login.secret(with(method, {cookie, {"X-Shoal-Token", other}})), "");
        EXPECT_EQ(login.secret(with(method, {cookie, {"X-Shoal-Token", token}})), secret);
        EXPECT_EQ(login.secret(with(method, {{"X-Shoal-Token", token}})), "");
    }
}

TEST(PageLogin, TheTokenDoesNotShowTheSecret) {
    EXPECT_THAT(PageLogin::token_of(secret), Not(HasSubstr(std::string(secret))));
    EXPECT_NE(PageLogin::token_of(secret), PageLogin::token_of("AbC-123_y"));
}

TEST(PageLogin, TheCookieIsForTheServersOwnPagesAndNoScripts) {
    const PageLogin login("peer-x");
    Response response;
    login.begin(with(Method::post, {}), response, secret, std::chrono::seconds(60));
    EXPECT_THAT(std::string(response.headers()),
                HasSubstr("Set-Cookie: shoal-peer-x=AbC-123_x; Path=/; Max-Age=60; HttpOnly; "
                          "SameSite=Strict\r\n"));
    Request secure = with(Method::post, {});
    secure.secure = true;
    response.reset();
    login.begin(secure, response, secret, std::chrono::seconds(60));
    EXPECT_THAT(std::string(response.headers()), HasSubstr("; Secure\r\n"));
    response.reset();
    login.end(secure, response);
    EXPECT_THAT(std::string(response.headers()), HasSubstr("shoal-peer-x=; Path=/; Max-Age=0"));
}

}  // namespace
}  // namespace shoal::http

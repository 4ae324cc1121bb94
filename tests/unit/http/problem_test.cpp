#include "http/problem.h"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace shoal::http {
namespace {

boost::json::object document_of(const Response& response) {
    EXPECT_EQ(response.content_type, "application/problem+json");
    return boost::json::parse(response.body).as_object();
}

TEST(Problem, IsADocument) {
    Response response;
    send_problem(response, 404, "no such \"thing\"\n");
    EXPECT_EQ(response.status, 404u);
    const auto document = document_of(response);
    EXPECT_EQ(document.at("status").to_number<int>(), 404);
    EXPECT_EQ(document.at("title").as_string(), "Not Found");
    EXPECT_EQ(document.at("detail").as_string(), "no such \"thing\"\ufffd");
}

TEST(Problem, AnErrorTravelsAndComesBackTheSame) {
    for (const ErrorCode code :
         {ErrorCode::usage, ErrorCode::not_found, ErrorCode::refused, ErrorCode::bad_data,
          ErrorCode::unsupported, ErrorCode::timeout, ErrorCode::cancelled}) {
        Response response;
        send_error(response, {code, "what went wrong"});
        EXPECT_EQ(response.status, status_of(code));
        const Error error = error_of(response.status, response.content_type, response.body);
        EXPECT_EQ(error.code, code);
        EXPECT_EQ(error.message, "what went wrong");
        EXPECT_EQ(code_of(response.status), code) << "also of a server without codes";
    }
}

TEST(Problem, AHandlerMayChooseTheStatus) {
    Response response;
    send_error(response, {ErrorCode::refused, "there is one already"}, 409);
    EXPECT_EQ(response.status, 409u);
    EXPECT_EQ(error_of(409, response.content_type, response.body).code, ErrorCode::refused);
}

TEST(Problem, TheServersOwnTroublesAreItsOwn) {
    Response response;
    send_error(response, {ErrorCode::failed, "SELECT secret FROM users"});
    EXPECT_EQ(response.status, 500u);
    EXPECT_EQ(response.body.find("SELECT"), std::string::npos);
    send_error(response, {ErrorCode::no_space, "/home/x is full"}, {}, Detail::all);
    EXPECT_EQ(response.status, 507u);
    EXPECT_EQ(document_of(response).at("detail").as_string(), "/home/x is full");
}

TEST(Problem, WithoutALoginThereIsAChallenge) {
    Response response;
    send_login_needed(response, "log in first");
    EXPECT_EQ(response.status, 401u);
    EXPECT_EQ(response.headers(), "WWW-Authenticate: Bearer\r\n");
}

TEST(Problem, AnAnswerThatIsNoDocumentIsNamedByItsStatus) {
    for (const auto& [type, body] : {std::pair<std::string, std::string>{"text/html", "<html>"},
                                     {"application/problem+json", "{"},
                                     {"application/problem+json", "[]"},
                                     {"application/problem+json", R"({"detail":7,"code":7})"},
                                     {"application/problem+json", R"({"detail":""})"}}) {
        const Error error = error_of(404, type, body);
        EXPECT_EQ(error.code, ErrorCode::not_found);
        EXPECT_EQ(error.message, "the server answered 404 Not Found");
    }
}

TEST(Problem, AServersWordsAreOneBoundedLine) {
    const std::string body =
        R"({"detail":"a\nb\u001b[31m)" + std::string(3000, 'x') + R"(","code":"no such code"})";
    const Error error = error_of(500, "application/problem+json; charset=utf-8", body);
    EXPECT_EQ(error.code, ErrorCode::failed);
    EXPECT_LT(error.message.size(), 600u);
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
    EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace shoal::http

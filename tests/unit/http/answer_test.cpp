#include "http/answer.h"

#include <gtest/gtest.h>

namespace shoal::http {
namespace {

std::string answer(Response& response, AnswerContext context = {}) {
    context.date = "D";
    std::string out = "before ";
    append_answer(out, response, context);
    return out;
}

TEST(Answer, SaysHowLongItIsAndWhatBecomesOfTheConnection) {
    Response response;
    response.body = "text";
    EXPECT_EQ(answer(response),
              "before HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/plain\r\nContent-Length: 4"
              "\r\n\r\ntext");
    response.content_type = {};
    EXPECT_EQ(answer(response, {.last = true}),
              "before HTTP/1.1 200 OK\r\nDate: D\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"
              "text");
    response.add_header("A", "b");
    EXPECT_EQ(answer(response, {.version = 10, .head_only = true}),
              "before HTTP/1.1 200 OK\r\nDate: D\r\nConnection: keep-alive\r\nA: b\r\n"
              "Content-Length: 4\r\n\r\n");
}

TEST(Answer, HasNoBodyWhereThereIsNone) {
    Response response;
    response.status = 204;
    response.body = "lost";
    EXPECT_EQ(answer(response), "before HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n");
}

}  // namespace
}  // namespace shoal::http

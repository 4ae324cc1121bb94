#include "http/json_body.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::http {
namespace {

using testing::HasSubstr;

/// The status and detail a body is refused with; 200 when it is taken.
std::pair<unsigned, std::string> read(std::string_view body,
                                      std::string_view type = "application/json",
                                      JsonLimits limits = {}) {
    Request request;
    request.headers = {{"content-type", type}};
    request.body = body;
    Response response;
    const auto object = read_json(request, response, limits);
    EXPECT_EQ(object.has_value(), response.status == 200);
    return {response.status, response.body};
}

TEST(JsonBody, IsAnObjectOfTheRightType) {
    EXPECT_EQ(read("{}").first, 200u);
    EXPECT_EQ(read("{\"a\":[1]}", "Application/JSON ; charset=utf-8").first, 200u);
    for (const auto* type : {"", "text/plain", "application/x-www-form-urlencoded",
                             "application/jsonp", "multipart/form-data"}) {
        EXPECT_EQ(read("{}", type).first, 415u) << type;
    }
}

TEST(JsonBody, IsBounded) {
    EXPECT_EQ(
        read("{\"a\":\"" + std::string(100, 'x') + "\"}", "application/json", {.bytes = 50}).first,
        413u);
    const auto nested = [](std::size_t depth) {
        return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    EXPECT_EQ(read(nested(10)).first, 200u);
    EXPECT_THAT(read(nested(20)).second, HasSubstr("nested"));
    EXPECT_EQ(read(nested(20'000)).first, 400u);
}

TEST(JsonBody, NonsenseIsRefused) {
    for (const std::string_view bad :
         {"", "{", "{]", "{\"a\":}", "{} x", "[]", "7", "null", "{\"a\":\"\xff\"}",
          "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\\ud800\"}", "{a:1}", "{\"a\":1,}", "{\"a\":NaN}"}) {
        EXPECT_EQ(read(bad).first, 400u) << bad;
    }
}

class JsonFieldsTest : public testing::Test {
  protected:
    JsonFields& of(std::string_view text) {
        object_ = boost::json::parse(text).as_object();
        return fields_.emplace(object_);
    }
    [[nodiscard]] std::string error() const {
        return fields_->error() ? fields_->error()->message : "";
    }

    boost::json::object object_;
    std::optional<JsonFields> fields_;
};

TEST_F(JsonFieldsTest, GivesWhatIsThere) {
    auto& fields = of(R"({"t":"bài","n":-3,"f":5.0,"b":true,"l":["x","y"],"o":{"k":1},"z":null})");
    EXPECT_EQ(fields.text("t"), "bài");
    EXPECT_EQ(fields.number("n", -10, 10), -3);
    EXPECT_EQ(fields.number("f", 0, 10), 5);
    EXPECT_TRUE(fields.boolean("b"));
    EXPECT_EQ(fields.texts("l", 2), (std::vector<std::string>{"x", "y"}));
    EXPECT_NE(fields.object("o"), nullptr);
    EXPECT_EQ(fields.optional_text("z"), std::nullopt);
    EXPECT_EQ(fields.optional_number("none", 0, 1), std::nullopt);
    EXPECT_EQ(fields.optional_boolean("none"), std::nullopt);
    EXPECT_TRUE(fields.texts("none", 1).empty());
    EXPECT_EQ(error(), "");
}

TEST_F(JsonFieldsTest, EachWayToBeWrongHasItsLine) {
    of("{}").text("name");
    EXPECT_EQ(error(), "'name' is missing");
    of(R"({"name":null})").text("name");
    EXPECT_EQ(error(), "'name' is missing");
    of(R"({"name":7})").text("name");
    EXPECT_EQ(error(), "'name' must be text");
    of(R"({"name":""})").text("name");
    EXPECT_EQ(error(), "'name' is empty");
    of(R"({"name":"abc"})").text("name", {.min_bytes = 6});
    EXPECT_EQ(error(), "'name' is shorter than 6 bytes");
    of(R"({"name":"abc"})").text("name", {.max_bytes = 2});
    EXPECT_EQ(error(), "'name' is longer than 2 bytes");
    of(R"({"name":"a\nb"})").text("name");
    EXPECT_EQ(error(), "'name' has control characters");
    of(R"({"name":"a\u0000b"})").text("name", {.lines = true});
    EXPECT_EQ(error(), "'name' has control characters");
    EXPECT_EQ(of(R"({"name":"a\nb"})").text("name", {.lines = true}), "a\nb");
    for (const auto* number : {"\"7\"", "1.5", "true", "[]"}) {
        of(fmt::format(R"({{"n":{}}})", number)).number("n", 1, 9);
        EXPECT_EQ(error(), "'n' must be a whole number") << number;
    }
    for (const auto* number : {"0", "10", "-1", "99999999999999999999"}) {
        of(fmt::format(R"({{"n":{}}})", number)).number("n", 1, 9);
        EXPECT_NE(error(), "") << number;
    }
    of(R"({"b":1})").boolean("b");
    EXPECT_EQ(error(), "'b' must be true or false");
    of(R"({"l":"x"})").texts("l", 3);
    EXPECT_EQ(error(), "'l' must be a list");
    of(R"({"l":["a","b","c","d"]})").texts("l", 3);
    EXPECT_EQ(error(), "'l' has more than 3 items");
    EXPECT_TRUE(of(R"({"l":["a",1]})").texts("l", 3).empty());
    EXPECT_EQ(error(), "'l' must be text");
    EXPECT_EQ(of(R"({"o":[]})").object("o"), nullptr);
    EXPECT_EQ(error(), "'o' must be an object");
}

TEST_F(JsonFieldsTest, TheFirstErrorIsTheOneTold) {
    auto& fields = of(R"({"password":"secret\u0001"})");
    fields.text("password");
    fields.text("name");
    EXPECT_EQ(error(), "'password' has control characters");
    EXPECT_EQ(fields.error()->code, ErrorCode::usage);
}

}  // namespace
}  // namespace shoal::http

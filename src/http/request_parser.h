// Takes a request apart as its bytes arrive; inside src/http only.
#pragma once
#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <vector>

#include "http/body_budget.h"
#include "http/message.h"
#include "http/server.h"

namespace shoal::http {

/// Where the parts of one request are gathered; kept by the connection for its next request.
class RequestData {
  public:
    void clear();
    /// The whole request as views into this object. The path and query are split here.
    Request& view(const net::TcpEndpoint& remote, bool secure);

    Method method = Method::unknown;
    int version = 11;  ///< 10 or 11
    bool target_too_long = false;
    bool no_room = false;         ///< for the body, beside those of others
    bool wants_continue = false;  ///< waits for "100 Continue" before it sends its body
    std::string target;
    std::string body;
    BodyShare share;  ///< for the body

    void add_field(std::string_view name, std::string_view value);
    [[nodiscard]] std::size_t fields() const { return fields_.size(); }

  private:
    struct Field {
        std::size_t name_size;
        std::size_t value_size;
    };
    std::string field_text_;  ///< all names and values, one behind the other
    std::vector<Field> fields_;
    Request view_;
};

/// Beast's parser, told to gather into a RequestData instead of building a message of its own.
class RequestParser final : public boost::beast::http::basic_parser<true> {
  public:
    RequestParser(RequestData& data, const Limits& limits, BodyBudget& budget);

  private:
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;

    void on_request_impl(Method method, string_view method_text, string_view target, int version,
                         error_code& error) override;
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(boost::beast::http::field name, string_view name_text, string_view value,
                       error_code& error) override;
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view bytes, error_code&) override;
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code&) override;
    void on_finish_impl(error_code&) override {}

    RequestData& data_;
    const Limits& limits_;
};

}  // namespace shoal::http

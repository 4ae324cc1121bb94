// A request as a handler sees it, and the response it fills in.
#pragma once
#include <boost/beast/http/verb.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "net/endpoint.h"

namespace shoal::http {

using Method = boost::beast::http::verb;

struct Header {
    std::string_view name;
    std::string_view value;
};

/// Views into the connection's buffers, valid until the handler returns.
struct Request {
    Method method = Method::unknown;
    std::string_view path;   ///< as sent, not decoded
    std::string_view query;  ///< as sent, without the '?'
    std::vector<Header> headers;
    std::string_view body;
    net::TcpEndpoint remote;  ///< the other end of the connection, normalised

    /// The first header of a name, in any case; empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// What goes back. Kept and used again by the connection, so that a body written into it seldom
/// allocates. Length, date and connection headers are added when it is sent.
class Response {
  public:
    unsigned status = 200;
    std::string_view content_type = "text/plain";  ///< a literal; empty sends none
    std::string body;

    /// Adds a header; control characters, which could forge another one, are left out.
    void add_header(std::string_view name, std::string_view value);
    /// Complete header lines, as added.
    [[nodiscard]] std::string_view headers() const { return headers_; }

    /// Back to an empty 200.
    void reset();

  private:
    std::string headers_;
};

/// Answers with a JSON document.
void send_json(Response& response, unsigned status, const boost::json::value& value);

/// Answers with a problem document (RFC 9457). The detail is for people and must not hold secrets.
void send_problem(Response& response, unsigned status, std::string_view detail);

/// The reason phrase of a status, such as "Not Found".
std::string_view reason_of(unsigned status);

}  // namespace shoal::http

// A request as a handler sees it, and the response it fills in.
#pragma once
#include <boost/beast/http/verb.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/body_stream.h"
#include "net/endpoint.h"

namespace shoal::http {

using Method = boost::beast::http::verb;

struct Header {
    std::string_view name;
    std::string_view value;
};

/// What stood in the place of a `{name}` of the route's path, decoded.
struct PathParameter {
    std::string name;
    std::string value;
};

/// Views into the connection's buffers, valid until the handler has ended.
struct Request {
    Method method = Method::unknown;
    std::string_view path;   ///< as sent, not decoded
    std::string_view query;  ///< as sent, without the '?'
    std::vector<Header> headers;
    std::string_view body;
    net::TcpEndpoint remote;  ///< the other end of the connection, normalised
    bool secure = false;      ///< came over TLS
    std::vector<PathParameter> parameters;

    /// The first header of a name, in any case; empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
    /// The value of a `{name}` of the route's path: UTF-8, not empty, without '/' and control
    /// characters. The route must have that name.
    [[nodiscard]] const std::string& parameter(std::string_view name) const;
};

/// What goes back. Kept and used again by the connection, so that a body written into it seldom
/// allocates. Length, date and connection headers are added when it is sent.
class Response {
  public:
    unsigned status = 200;
    std::string_view content_type = "text/plain";  ///< a literal; empty sends none
    std::string body;
    /// Sent after the body, until it ends or the client goes; the connection then closes.
    std::unique_ptr<BodyStream> stream;

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
/// Answers that it is done, and that there is nothing to say (204).
void send_nothing(Response& response);

/// The reason phrase of a status, such as "Not Found".
std::string_view reason_of(unsigned status);

}  // namespace shoal::http

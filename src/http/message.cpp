#include "http/message.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"

namespace shoal::http {

std::string_view Request::header(std::string_view name) const {
    for (const Header& field : headers) {
        if (boost::beast::iequals(field.name, name)) return field.value;
    }
    return {};
}

void Response::add_header(std::string_view name, std::string_view value) {
    const auto append = [this](std::string_view text) {
        for (const char c : text) {
            const auto code = static_cast<unsigned char>(c);
            if (code >= 0x20 && code != 0x7f) headers_ += c;
        }
    };
    append(name);
    headers_ += ": ";
    append(value);
    headers_ += "\r\n";
}

void Response::reset() {
    status = 200;
    content_type = "text/plain";
    body.clear();
    headers_.clear();
}

void send_json(Response& response, unsigned status, const boost::json::value& value) {
    response.status = status;
    response.content_type = "application/json";
    response.body = boost::json::serialize(value);
}

void send_problem(Response& response, unsigned status, std::string_view detail) {
    send_json(response, status,
              boost::json::object{{"type", "about:blank"},
                                  {"title", reason_of(status)},
                                  {"status", status},
                                  {"detail", printable(detail)}});
    response.content_type = "application/problem+json";
}

std::string_view reason_of(unsigned status) {
    return boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
}

}  // namespace shoal::http

#include "http/message.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

namespace shoal::http {

std::string_view Request::header(std::string_view name) const {
    for (const Header& field : headers) {
        if (boost::beast::iequals(field.name, name)) return field.value;
    }
    return {};
}

const std::string& Request::parameter(std::string_view name) const {
    for (const PathParameter& parameter : parameters) {
        if (parameter.name == name) return parameter.value;
    }
    throw std::logic_error("the route has no such parameter");
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
    stream.reset();
    headers_.clear();
}

void send_json(Response& response, unsigned status, const boost::json::value& value) {
    response.status = status;
    response.content_type = "application/json";
    response.body = boost::json::serialize(value);
}

void send_nothing(Response& response) {
    response.status = 204;
    response.content_type = {};
}

std::string_view reason_of(unsigned status) {
    return boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
}

}  // namespace shoal::http

#include "http/answer.h"

#include "base/decimal.h"

namespace shoal::http {

void append_answer(std::string& out, Response& response, const AnswerContext& context) {
    out += "HTTP/1.1 ";
    append_decimal(out, response.status);
    out += ' ';
    out += reason_of(response.status);
    out += "\r\nDate: ";
    out += context.date;
    out += "\r\n";
    const bool bodiless = response.status == 204 || response.status == 304;
    if (!response.content_type.empty() && !bodiless) {
        out += "Content-Type: ";
        out += response.content_type;
        out += "\r\n";
    }
    if (context.last) {
        out += "Connection: close\r\n";
    } else if (context.version == 10) {
        out += "Connection: keep-alive\r\n";
    }
    out += response.headers();
    // A stream has no length: it ends with the connection.
    if (!response.stream && !bodiless) {
        out += "Content-Length: ";
        append_decimal(out, response.body.size());
        out += "\r\n";
    }
    out += "\r\n";
    if (!context.head_only && !bodiless) out += response.body;
    if (response.body.capacity() > kept_capacity) std::string().swap(response.body);
}

}  // namespace shoal::http

// An answer as bytes; inside src/http only.
#pragma once
#include <string>
#include <string_view>

#include "http/message.h"

namespace shoal::http {

/// What an answer depends on beside itself.
struct AnswerContext {
    std::string_view date;  ///< the value of its header
    int version = 11;       ///< of the request: 10 or 11
    bool last = false;      ///< the connection closes afterwards
    bool head_only = false;
};

/// Appends the head, and the body where there is one. What a stream adds is not made here.
void append_answer(std::string& out, const Response& response, const AnswerContext& context);

}  // namespace shoal::http

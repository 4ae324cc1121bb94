// An answer as bytes; inside src/http only.
#pragma once
#include <cstddef>
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

/// A body buffer that one large answer or upload blew up to more than this is not kept.
inline constexpr std::size_t kept_capacity = 64 * 1024;

/// Appends the head, and the body where there is one, whose buffer is let go of if it is large.
/// What a stream adds is not made here.
void append_answer(std::string& out, Response& response, const AnswerContext& context);

}  // namespace shoal::http

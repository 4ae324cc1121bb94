// Errors as clients see them: problem documents (RFC 9457), and which status says what.
#pragma once
#include <optional>
#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace shoal::http {

/// Answers with a problem document. The detail is one line for people and must hold no secret.
void send_problem(Response& response, unsigned status, std::string_view detail);

/// How much of an error a client may know.
enum class Detail : std::uint8_t {
    caller,  ///< what the caller can mend; troubles of the server's own are logged and not shown
    all,     ///< everything: for a client that is the server's owner
};

/// Answers with an error: its message as the detail, its code by name as the member "code", so that
/// error_of() makes the same Error of it again. Without a status, that of the code is sent.
void send_error(Response& response, const Error& error, std::optional<unsigned> status = {},
                Detail detail = Detail::caller);

/// The same where `refused` means that something is there already, or another came first: 409.
void send_conflict(Response& response, const Error& error, Detail detail = Detail::caller);

/// 401 with the challenge that RFC 6750 asks for: the caller has to log in.
void send_login_needed(Response& response, std::string_view detail);

/// The status that says most nearly what the code says, and the reverse.
unsigned status_of(ErrorCode code);
ErrorCode code_of(unsigned status);

/// An answer that is no success as an Error: of a problem document its code and detail (one line,
/// printable, bounded), of anything else the status. content_type and body are as received.
Error error_of(unsigned status, std::string_view content_type, std::string_view body);

}  // namespace shoal::http

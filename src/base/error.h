// Errors as values: a code that decides what happens next, and words for the user.
#pragma once
#include <cstdint>
#include <expected>
#include <fmt/format.h>
#include <string>
#include <utility>

namespace shoal {

enum class ErrorCode : std::uint8_t {
    failed,       ///< Anything without a code of its own: I/O, network, resources.
    usage,        ///< The caller asked for something that makes no sense.
    not_found,    ///< A file, torrent or peer that is named does not exist.
    refused,      ///< Access, login, permission, or something that exists already.
    bad_data,     ///< Input that breaks its format or its hash.
    unsupported,  ///< Valid input that this program cannot handle.
    no_space,     ///< The disk is full.
    timeout,      ///< The other side did not answer in time.
    cancelled,    ///< Stopped by the user.
};

/// What went wrong. The message is one line: what failed, on what, and what to do about it.
struct Error {
    ErrorCode code = ErrorCode::failed;
    std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

/// Makes the failed side of a Result: `return fail(ErrorCode::bad_data, "piece {} …", i);`
template <class... Args>
std::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
    return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

/// Puts words in front of an error on its way up: `return prefix("reading a.torrent", error);`
inline std::unexpected<Error> prefix(std::string_view words, const Error& error) {
    return std::unexpected(Error{error.code, fmt::format("{}: {}", words, error.message)});
}

}  // namespace shoal

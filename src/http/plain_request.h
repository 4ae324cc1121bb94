// Requests as almost all clients send them, read where they lie; inside src/http only.
#pragma once
#include <optional>
#include <string_view>

#include "http/message.h"
#include "http/router.h"
#include "http/server.h"

namespace shoal::http {

/// What a connection has to know of a request that was read in place.
struct PlainRequest {
    std::size_t size = 0;  ///< bytes that it takes
    int version = 11;      ///< 10 or 11
    bool keep_alive = true;
};

/// Reads the request at the beginning of the bytes into views of them, where all of it is there and
/// it is a GET without a body, of a path, well-formed and within the limits. Nothing: it is another
/// one, or unfinished, or wrong, which RequestParser finds out; the request is of no use then.
std::optional<PlainRequest> read_plain(std::string_view bytes, const Limits& limits,
                                       Request& request);

/// Has plain requests answered by the handlers that need no coroutine. One serves all connections
/// of a server, because the next request comes when the answer to this one is taken. It allocates
/// nothing once it has seen a request of the same size.
class PlainAnswerer {
  public:
    /// Both must outlive it.
    PlainAnswerer(const Router& router, const Limits& limits) : router_(router), limits_(limits) {}

    /// As read_plain; the bytes must stay until answer() has returned.
    std::optional<PlainRequest> read(std::string_view bytes) {
        return read_plain(bytes, limits_, request_);
    }
    /// Answers the request read last. False, and nothing was done: its handler is a coroutine, or
    /// it has no path of its own.
    bool answer(const net::TcpEndpoint& remote, bool secure);
    /// The answer; valid until the next.
    [[nodiscard]] Response& response() { return response_; }

  private:
    const Router& router_;
    const Limits& limits_;
    Request request_;
    Response response_;
};

}  // namespace shoal::http

// A client for REST: one request over HTTP/1.1, in the clear or over TLS, and its answer.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "base/version.h"
#include "http/message.h"
#include "net/tls_client.h"

namespace shoal::http {

struct ClientOptions {
    Duration timeout = 30s;  ///< for all of it
    std::size_t max_body = 8 << 20;
    std::string user_agent = "shoal/" + std::string(version);
    /// Connections leave from this address; servers of the other family are then unreachable.
    std::optional<net::Address> local_address;
    /// The server's key. With it every address, http:// too, is asked over TLS, and the key alone
    /// is believed; without it https:// needs a certificate that the system trusts.
    std::optional<net::KeyFingerprint> pin;
    /// Whether a bearer token may go to another machine without TLS.
    bool allow_plain_token = false;
};

struct ClientRequest {
    Method method = Method::get;
    std::string url;  ///< http:// or https://, without a login
    std::string body;
    std::string content_type;     ///< of the body
    std::string bearer;           ///< token for the Authorization header; empty sends none
    std::string last_event_id{};  ///< for the header of that name; empty sends none
};

/// A request with a JSON document in its body.
ClientRequest json_request(Method method, std::string url, const boost::json::value& body,
                           std::string bearer = {});

struct ClientResponse {
    unsigned status = 0;
    std::string content_type;
    std::string body;
};

/// Any answer, whatever its status; redirects are not followed. Runs on the coroutine's executor,
/// which must be a single thread or a strand. No error shows the query, the token or the body.
/// usage: no such URL. timeout. refused: the server is not the right one, or the token would go in
/// the clear. bad_data: no HTTP, or more than max_body. failed: the network.
boost::asio::awaitable<Result<ClientResponse>> request(ClientRequest request,
                                                       ClientOptions options = {});

/// Takes a part of a body as it comes. False: no more of it is wanted.
using BodyTaker = std::function<bool(std::string_view part)>;

/// The same for a body that may have no end, such as events: if the status is 200, its parts go to
/// `take`, after an empty one that says that they will come; returned are the status and type,
/// when there is no more, or no more is wanted. Another answer comes whole, as of request(). The
/// timeout is for the head of the answer and then for each silence.
boost::asio::awaitable<Result<ClientResponse>> request_stream(ClientRequest request,
                                                              ClientOptions options,
                                                              BodyTaker take);

/// The JSON document of an answer that is a success, null where it has no body. Otherwise an error:
/// that of a problem document with its detail, or one that names the status (see error_of());
/// bad_data when a success holds no JSON.
Result<boost::json::value> json_of(const ClientResponse& response);

/// Both in one.
boost::asio::awaitable<Result<boost::json::value>> request_json(ClientRequest request,
                                                                ClientOptions options = {});

/// The same for callers without an executor: they wait.
Result<ClientResponse> request_and_wait(ClientRequest request, ClientOptions options = {});
Result<boost::json::value> request_json_and_wait(ClientRequest request, ClientOptions options = {});

/// The key that a server shows over TLS, whoever it is: to be confirmed by a user before it is
/// believed. Nothing else is sent there. Waits. usage, timeout, failed: as request().
Result<net::KeyFingerprint> shown_key_and_wait(const std::string& url, ClientOptions options = {});

}  // namespace shoal::http

#include "http/client.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "base/text.h"
#include "http/problem.h"
#include "net/dialer.h"

namespace shoal::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
namespace json = boost::json;
using boost::system::error_code;
using Parser = beast_http::response_parser<beast_http::string_body>;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t max_header = 16 * 1024;
constexpr std::size_t max_url = 8 * 1024;

/// Where a URL leads.
struct Target {
    bool tls = false;
    std::string host;  ///< without brackets
    std::uint16_t port = 0;
    std::string authority;  ///< for the Host header
    std::string path;       ///< with the query
};

/// The URL itself is not shown, because it may hold a secret.
std::unexpected<Error> no_url() {
    return fail(ErrorCode::usage, "not a web address (write http://HOST:PORT)");
}

Result<Target> parse_target(std::string_view text) {
    if (text.size() > max_url) return no_url();
    const auto url = boost::urls::parse_uri(text);
    if (!url || url->has_userinfo()) return no_url();
    Target target;
    target.tls = url->scheme_id() == boost::urls::scheme::https;
    if (!target.tls && url->scheme_id() != boost::urls::scheme::http) return no_url();
    target.host = url->host_address();
    const bool clean = std::all_of(target.host.begin(), target.host.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
    });
    if (target.host.empty() || !clean) return no_url();
    target.port = target.tls ? 443 : 80;
    if (url->has_port() && !url->port().empty()) {
        const auto port = parse_number(std::string_view(url->port()));
        if (!port || *port < 1 || *port > 65535) return no_url();
        target.port = static_cast<std::uint16_t>(*port);
    }
    target.authority = std::string(url->encoded_host());
    if (url->has_port()) target.authority += fmt::format(":{}", target.port);
    target.path = url->encoded_path().empty() ? std::string("/") : std::string(url->encoded_path());
    if (url->has_query()) target.path += "?" + std::string(url->encoded_query());
    return target;
}

std::string head_of(const ClientRequest& request, const Target& target,
                    const ClientOptions& options) {
    std::string head = fmt::format(
        "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: application/json, */*\r\n"
        "Connection: close\r\n",
        std::string_view(beast_http::to_string(request.method)), target.path, target.authority,
        options.user_agent);
    if (!request.bearer.empty()) head += "Authorization: Bearer " + request.bearer + "\r\n";
    if (!request.content_type.empty()) head += "Content-Type: " + request.content_type + "\r\n";
    if (!request.last_event_id.empty()) head += "Last-Event-ID: " + request.last_event_id + "\r\n";
    const bool has_body = request.method != Method::get && request.method != Method::head;
    if (has_body || !request.body.empty()) {
        head += fmt::format("Content-Length: {}\r\n", request.body.size());
    }
    return head + "\r\n";
}

/// Whether a value can stand in a header without ending it.
bool is_header_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

Result<void> check_headers(const ClientRequest& request) {
    if (is_header_value(request.bearer) && is_header_value(request.content_type) &&
        is_header_value(request.last_event_id)) {
        return {};
    }
    return fail(ErrorCode::usage, "a malformed token");
}

std::unexpected<Error> broken(const Target& target, const error_code& error) {
    const bool ended = error == beast_http::error::end_of_stream || error == asio::error::eof ||
                       error == beast_http::error::partial_message ||
                       error == asio::ssl::error::stream_truncated;
    const bool http =
        error.category() == beast_http::make_error_code(beast_http::error::bad_version).category();
    return fail(http && !ended ? ErrorCode::bad_data : ErrorCode::failed,
                "the connection to {} broke: {}", printable(target.authority),
                ended ? "it was closed before the answer was whole" : error.message());
}

template <class Stream>
asio::awaitable<Result<ClientResponse>> exchange(Stream& stream, const ClientRequest& request,
                                                 const Target& target,
                                                 const ClientOptions& options) {
    const std::string head = head_of(request, target, options);
    const std::array<asio::const_buffer, 2> parts = {asio::buffer(head),
                                                     asio::buffer(request.body)};
    // A server that refuses a body may answer and close before it has read all of it, so a failure
    // to write is told only if there is no answer.
    auto [write_error, sent] = co_await asio::async_write(stream, parts, as_result);
    boost::beast::flat_buffer buffer(max_header + 64 * 1024);
    Parser parser;
    parser.header_limit(max_header);
    parser.body_limit(options.max_body);
    parser.skip(request.method == Method::head);
    auto [read_error, taken] = co_await beast_http::async_read(stream, buffer, parser, as_result);
    // Many servers end a TLS stream without saying so; the answer shows whether it is whole.
    if (read_error == asio::ssl::error::stream_truncated && parser.is_header_done()) {
        read_error = {};
        if (!parser.is_done()) parser.put_eof(read_error);
    }
    if (read_error == beast_http::error::body_limit) {
        co_return fail(ErrorCode::bad_data, "the answer of {} is larger than {}",
                       printable(target.authority),
                       format_size(static_cast<ByteCount>(options.max_body)));
    }
    if (read_error) co_return broken(target, write_error ? write_error : read_error);
    ClientResponse response;
    response.status = parser.get().result_int();
    response.content_type = std::string(parser.get()[beast_http::field::content_type]);
    response.body = std::move(parser.get().body());
    co_return response;
}

/// Ends all that a dialer does once nothing was heard for a time. Held by a shared_ptr.
class Silence : public std::enable_shared_from_this<Silence> {
  public:
    Silence(std::shared_ptr<net::Dialer> dialer, const asio::any_io_executor& executor,
            Duration patience)
        : dialer_(std::move(dialer)), timer_(executor), patience_(patience) {}

    /// The time begins anew.
    void heard() {
        timer_.expires_after(patience_);
        timer_.async_wait([self = shared_from_this()](error_code error) {
            if (error || self->ended_) return;
            self->over_ = true;
            self->dialer_->abort();
        });
    }
    void end() {
        ended_ = true;
        timer_.cancel();
    }
    [[nodiscard]] bool is_over() const { return over_; }

  private:
    std::shared_ptr<net::Dialer> dialer_;
    asio::steady_timer timer_;
    Duration patience_;
    bool ended_ = false;
    bool over_ = false;
};

/// One answer whose body is handed on as it comes.
template <class Stream>
asio::awaitable<Result<ClientResponse>> follow(Stream& stream, const ClientRequest& request,
                                               const Target& target, const ClientOptions& options,
                                               Silence& silence, const BodyTaker& take) {
    const std::string head = head_of(request, target, options);
    auto [write_error, sent] = co_await asio::async_write(stream, asio::buffer(head), as_result);
    if (write_error) co_return broken(target, write_error);
    boost::beast::flat_buffer buffer(max_header + 64 * 1024);
    beast_http::response_parser<beast_http::buffer_body> parser;
    parser.header_limit(max_header);
    parser.body_limit(boost::none);
    auto [head_error, head_size] =
        co_await beast_http::async_read_header(stream, buffer, parser, as_result);
    if (head_error) co_return broken(target, head_error);
    silence.heard();
    ClientResponse response;
    response.status = parser.get().result_int();
    response.content_type = std::string(parser.get()[beast_http::field::content_type]);
    const bool streams = response.status == 200;
    if (streams && !take({})) co_return response;
    std::vector<char> part(16 * 1024);
    while (!parser.is_done()) {
        parser.get().body().data = part.data();
        parser.get().body().size = part.size();
        auto [error, taken] =
            co_await beast_http::async_read_some(stream, buffer, parser, as_result);
        const std::string_view got(part.data(), part.size() - parser.get().body().size);
        if (!got.empty()) silence.heard();
        if (streams && !got.empty() && !take(got)) co_return response;
        if (!streams) response.body += got;
        if (response.body.size() > options.max_body) co_return response;
        if (error == asio::ssl::error::stream_truncated) break;
        if (error && error != beast_http::error::need_buffer) co_return broken(target, error);
    }
    co_return response;
}

/// A token is not told to the network: only over TLS, or within this machine.
Result<void> check_token(const ClientRequest& request, const Target& target,
                         const ClientOptions& options, const net::TcpEndpoint& endpoint) {
    if (request.bearer.empty() || target.tls || options.allow_plain_token ||
        net::reach_of(endpoint.address()) == net::Reach::host) {
        return {};
    }
    return fail(ErrorCode::refused,
                "a login is not sent to {} in the clear (use https, or a link "
                "that names its key)",
                printable(target.authority));
}

/// The answer to a request over a connection that is made for it, as `talk(stream, request, target,
/// options)` brings it.
template <class Talk>
asio::awaitable<Result<ClientResponse>> run(net::Dialer& dialer, const ClientRequest& request,
                                            const Target& target, const ClientOptions& options,
                                            const Talk& talk) {
    auto endpoints = co_await dialer.resolve(target.host, target.port);
    if (!endpoints) co_return std::unexpected(endpoints.error());
    const auto reached = co_await dialer.connect(std::move(*endpoints), options.timeout);
    if (!reached) co_return std::unexpected(reached.error());
    if (const auto allowed = check_token(request, target, options, *reached); !allowed) {
        co_return std::unexpected(allowed.error());
    }
    if (!target.tls) co_return co_await talk(dialer.socket(), request, target, options);
    const auto trust = options.pin ? net::pinned_trust(*options.pin) : net::system_trust();
    net::TlsClientStream stream(dialer.socket(), *trust);
    const Result<void> secured = co_await net::handshake(stream, target.host);
    if (!secured) co_return std::unexpected(secured.error());
    co_return co_await talk(stream, request, target, options);
}

asio::awaitable<Result<net::KeyFingerprint>> look_at_key(net::Dialer& dialer, const Target& target,
                                                         Duration timeout) {
    auto endpoints = co_await dialer.resolve(target.host, target.port);
    if (!endpoints) co_return std::unexpected(endpoints.error());
    const auto reached = co_await dialer.connect(std::move(*endpoints), timeout);
    if (!reached) co_return std::unexpected(reached.error());
    const auto trust = net::trust_in_anybody();
    net::TlsClientStream stream(dialer.socket(), *trust);
    const Result<void> secured = co_await net::handshake(stream, target.host);
    if (!secured) co_return std::unexpected(secured.error());
    const X509* certificate = SSL_get0_peer_certificate(stream.native_handle());
    if (certificate == nullptr) co_return fail(ErrorCode::failed, "the server shows no key");
    co_return net::fingerprint_of(*certificate);
}

std::unexpected<Error> too_late(const Target& target, Duration timeout) {
    return fail(ErrorCode::timeout, "{} did not answer within {} s", printable(target.authority),
                std::chrono::ceil<std::chrono::seconds>(timeout).count());
}

/// Runs the work, which uses the dialer, and ends it when its time is over.
template <class T>
asio::awaitable<Result<T>> in_time(std::shared_ptr<net::Dialer> dialer, const Target& target,
                                   Duration timeout, asio::awaitable<Result<T>> work) {
    const auto late = std::make_shared<bool>(false);
    asio::steady_timer timer(co_await asio::this_coro::executor, timeout);
    timer.async_wait([dialer, late](error_code error) {
        if (error) return;
        *late = true;
        dialer->abort();
    });
    Result<T> done = co_await std::move(work);
    timer.cancel();
    if (!done && *late) co_return too_late(target, timeout);
    co_return done;
}

asio::awaitable<Result<net::KeyFingerprint>> shown_key(std::string url, ClientOptions options) {
    const Result<Target> target = parse_target(url);
    if (!target) co_return std::unexpected(target.error());
    const auto executor = co_await asio::this_coro::executor;
    const auto dialer = std::make_shared<net::Dialer>(executor, options.local_address);
    co_return co_await in_time(dialer, *target, options.timeout,
                               look_at_key(*dialer, *target, options.timeout));
}

template <class T>
Result<T> wait_for(asio::awaitable<Result<T>> asked) {
    asio::io_context io{1};
    Result<T> result = fail(ErrorCode::failed, "nothing was asked");
    asio::co_spawn(io, std::move(asked), [&](const std::exception_ptr& bug, Result<T> answer) {
        if (bug) std::rethrow_exception(bug);
        result = std::move(answer);
    });
    io.run();
    return result;
}

}  // namespace

ClientRequest json_request(Method method, std::string url, const json::value& body,
                           std::string bearer) {
    return {method, std::move(url), json::serialize(body), "application/json", std::move(bearer)};
}

asio::awaitable<Result<ClientResponse>> request(ClientRequest request, ClientOptions options) {
    Result<Target> target = parse_target(request.url);
    if (!target) co_return std::unexpected(target.error());
    if (const auto good = check_headers(request); !good) co_return std::unexpected(good.error());
    if (options.pin) target->tls = true;
    const auto executor = co_await asio::this_coro::executor;
    const auto dialer = std::make_shared<net::Dialer>(executor, options.local_address);
    const auto talk = [](auto& stream, const auto&... what) { return exchange(stream, what...); };
    co_return co_await in_time(dialer, *target, options.timeout,
                               run(*dialer, request, *target, options, talk));
}

asio::awaitable<Result<ClientResponse>> request_stream(ClientRequest request, ClientOptions options,
                                                       BodyTaker take) {
    Result<Target> target = parse_target(request.url);
    if (!target) co_return std::unexpected(target.error());
    if (const auto good = check_headers(request); !good) co_return std::unexpected(good.error());
    if (options.pin) target->tls = true;
    const auto executor = co_await asio::this_coro::executor;
    const auto dialer = std::make_shared<net::Dialer>(executor, options.local_address);
    const auto silence = std::make_shared<Silence>(dialer, executor, options.timeout);
    silence->heard();
    const auto talk = [&](auto& stream, const auto&... what) {
        return follow(stream, what..., *silence, take);
    };
    Result<ClientResponse> answer = co_await run(*dialer, request, *target, options, talk);
    silence->end();
    if (!answer && silence->is_over()) co_return too_late(*target, options.timeout);
    co_return answer;
}

Result<json::value> json_of(const ClientResponse& response) {
    if (response.status < 200 || response.status >= 300) {
        return std::unexpected(error_of(response.status, response.content_type, response.body));
    }
    if (response.body.empty()) return json::value(nullptr);
    error_code error;
    json::value value = json::parse(response.body, error);
    if (error) return fail(ErrorCode::bad_data, "the server's answer is no JSON");
    return value;
}

asio::awaitable<Result<json::value>> request_json(ClientRequest asked, ClientOptions options) {
    const Result<ClientResponse> response = co_await request(std::move(asked), std::move(options));
    if (!response) co_return std::unexpected(response.error());
    co_return json_of(*response);
}

Result<ClientResponse> request_and_wait(ClientRequest asked, ClientOptions options) {
    return wait_for(request(std::move(asked), std::move(options)));
}

Result<net::KeyFingerprint> shown_key_and_wait(const std::string& url, ClientOptions options) {
    return wait_for(shown_key(url, std::move(options)));
}

Result<json::value> request_json_and_wait(ClientRequest asked, ClientOptions options) {
    return wait_for(request_json(std::move(asked), std::move(options)));
}

}  // namespace shoal::http

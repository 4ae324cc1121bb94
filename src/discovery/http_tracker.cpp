#include "discovery/http_tracker.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "base/text.h"
#include "net/dialer.h"

namespace shoal::discovery {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::response_parser<http::string_body>;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t max_header = 16 * 1024;

class Operation final : public HttpAnnounce {
  public:
    Operation(asio::any_io_executor executor, TrackerUrl url, const AnnounceRequest& request,
              HttpOptions options, Handler handler)
        : executor_(std::move(executor)),
          url_(std::move(url)),
          request_(request),
          options_(std::move(options)),
          handler_(std::move(handler)),
          dialer_(std::make_shared<net::Dialer>(executor_, options_.local_address)),
          timer_(executor_) {}

    void begin() {
        auto self = shared();
        timer_.expires_after(options_.timeout);
        timer_.async_wait([self](error_code error) {
            if (error) return;
            self->finish(
                fail(ErrorCode::timeout, "no answer within {} s",
                     std::chrono::ceil<std::chrono::seconds>(self->options_.timeout).count()));
        });
        asio::post(executor_, [self] {
            asio::co_spawn(
                self->executor_, [self] { return self->run(); },
                [self](const std::exception_ptr& bug, Result<AnnounceAnswer> result) {
                    if (bug) std::rethrow_exception(bug);
                    self->finish(std::move(result));
                });
        });
    }

    void cancel() override {
        handler_ = nullptr;
        release();
    }

  private:
    /// What one request led to.
    struct Reply {
        unsigned status = 0;
        std::string location;
        std::string body;
        net::Reach reach = net::Reach::global;  ///< of the address that gave it
    };

    std::shared_ptr<Operation> shared() {
        return std::static_pointer_cast<Operation>(shared_from_this());
    }

    /// Ends all that is pending; its handlers still run and keep this object until then.
    void release() {
        timer_.cancel();
        dialer_->abort();
        over_ = true;
    }

    void finish(Result<AnnounceAnswer> result) {
        if (over_) return;
        release();
        const Handler handler = std::exchange(handler_, nullptr);
        if (handler) handler(std::move(result));
    }

    /// A tracker whose key is known is asked over TLS, whatever its address says.
    [[nodiscard]] TrackerUrl secured(TrackerUrl url) const {
        if (options_.pins.find(url.host, url.port)) url.tls = true;
        return url;
    }

    [[nodiscard]] std::shared_ptr<asio::ssl::context> trust_for(const TrackerUrl& url) const {
        if (const auto pin = options_.pins.find(url.host, url.port)) return net::pinned_trust(*pin);
        return options_.tls ? options_.tls : net::system_trust();
    }

    asio::awaitable<Result<AnnounceAnswer>> run() {
        TrackerUrl url = secured(url_);
        std::string target = announce_target(url.target, request_);
        std::optional<Previous> previous;
        for (int redirects = 0;; ++redirects) {
            Result<Reply> reply = co_await fetch(url, target, previous);
            if (!reply) co_return std::unexpected(reply.error());
            if (reply->status < 300 || reply->status >= 400 || reply->location.empty()) {
                co_return read(*reply);
            }
            if (redirects >= options_.max_redirects) {
                co_return fail(ErrorCode::failed, "more than {} redirects", options_.max_redirects);
            }
            Result<TrackerUrl> next = url.redirected(reply->location);
            if (!next) co_return std::unexpected(next.error());
            previous = Previous{url, reply->reach};
            url = secured(std::move(*next));
            target = url.target;
        }
    }

    static Result<AnnounceAnswer> read(const Reply& reply) {
        auto answer = parse_announce_answer(bytes_of(reply.body));
        // A failure reason says more than the status it may have come with.
        if (answer && (reply.status == 200 || !answer->failure.empty())) return answer;
        if (reply.status != 200) {
            return fail(ErrorCode::failed, "the tracker answered HTTP {}", reply.status);
        }
        return answer;
    }

    struct Previous {
        TrackerUrl url;
        net::Reach reach;
    };

    asio::awaitable<Result<Reply>> fetch(const TrackerUrl& url, const std::string& target,
                                         const std::optional<Previous>& previous) {
        Result<std::vector<net::TcpEndpoint>> endpoints =
            co_await dialer_->resolve(url.host, url.port);
        if (!endpoints) co_return std::unexpected(endpoints.error());
        for (const net::TcpEndpoint& endpoint : *endpoints) {
            // Every address is checked, so that a name cannot hide a forbidden one behind others.
            auto allowed = check_reach(url, endpoint.address());
            if (allowed && previous) {
                allowed = check_redirect(previous->url, previous->reach, url,
                                         net::reach_of(endpoint.address()));
            }
            if (!allowed) co_return std::unexpected(allowed.error());
        }
        const Result<net::TcpEndpoint> reached =
            co_await dialer_->connect(*endpoints, options_.timeout);
        if (!reached) co_return std::unexpected(reached.error());

        const std::string request = fmt::format(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\n"
            "Connection: close\r\n\r\n",
            target, url.authority(), options_.user_agent);
        Result<Reply> reply{Reply{}};
        if (url.tls) {
            const auto trust = trust_for(url);
            net::TlsClientStream stream(dialer_->socket(), *trust);
            Result<void> secured = co_await net::handshake(stream, url.host);
            if (!secured) co_return std::unexpected(secured.error());
            reply = co_await exchange(stream, request);
        } else {
            reply = co_await exchange(dialer_->socket(), request);
        }
        error_code ignored;
        dialer_->socket().close(ignored);
        if (reply) reply->reach = net::reach_of(reached->address());
        co_return reply;
    }

    template <class Stream>
    asio::awaitable<Result<Reply>> exchange(Stream& stream, const std::string& request) {
        auto [write_error, sent] =
            co_await asio::async_write(stream, asio::buffer(request), as_result);
        if (write_error) co_return broken(write_error);
        boost::beast::flat_buffer buffer(max_header + 64 * 1024);
        Parser parser;
        parser.header_limit(max_header);
        parser.body_limit(options_.max_body);
        auto [read_error, taken] = co_await http::async_read(stream, buffer, parser, as_result);
        // Many servers end a TLS stream without saying so; the answer shows whether it is whole.
        if (read_error == asio::ssl::error::stream_truncated && parser.is_header_done()) {
            read_error = {};
            parser.put_eof(read_error);
        }
        if (read_error == http::error::body_limit) {
            co_return fail(ErrorCode::bad_data, "the answer is larger than {}",
                           format_size(static_cast<ByteCount>(options_.max_body)));
        }
        if (read_error) co_return broken(read_error);
        Reply reply;
        reply.status = parser.get().result_int();
        reply.location = std::string(parser.get()[http::field::location]);
        reply.body = std::move(parser.get().body());
        co_return reply;
    }

    static std::unexpected<Error> broken(const error_code& error) {
        const bool ended = error == http::error::end_of_stream || error == asio::error::eof;
        return fail(ErrorCode::failed, "the connection broke: {}",
                    ended ? "closed without an answer" : error.message());
    }

    asio::any_io_executor executor_;
    TrackerUrl url_;
    AnnounceRequest request_;
    HttpOptions options_;
    Handler handler_;
    std::shared_ptr<net::Dialer> dialer_;
    asio::steady_timer timer_;
    bool over_ = false;
};

}  // namespace

std::shared_ptr<HttpAnnounce> HttpAnnounce::start(boost::asio::any_io_executor executor,
                                                  TrackerUrl url, const AnnounceRequest& request,
                                                  HttpOptions options, Handler handler) {
    auto operation = std::make_shared<Operation>(std::move(executor), std::move(url), request,
                                                 std::move(options), std::move(handler));
    operation->begin();
    return operation;
}

}  // namespace shoal::discovery

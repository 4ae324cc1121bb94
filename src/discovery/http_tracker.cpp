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

namespace shoal::discovery {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Socket = asio::ip::tcp::socket;
using Parser = http::response_parser<http::string_body>;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t max_header = 16 * 1024;
/// Addresses of one name that are tried at most.
constexpr std::size_t max_addresses = 6;

class Operation final : public HttpAnnounce {
  public:
    Operation(asio::any_io_executor executor, TrackerUrl url, const AnnounceRequest& request,
              HttpOptions options, Handler handler)
        : executor_(std::move(executor)),
          url_(std::move(url)),
          request_(request),
          options_(std::move(options)),
          handler_(std::move(handler)),
          resolver_(executor_),
          socket_(executor_),
          timer_(executor_),
          connect_timer_(executor_) {}

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
        error_code ignored;
        timer_.cancel();
        connect_timer_.cancel();
        resolver_.cancel();
        socket_.close(ignored);
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
        Result<std::vector<net::TcpEndpoint>> endpoints = co_await resolve(url);
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
        Result<net::Reach> reach = co_await connect(*endpoints);
        if (!reach) co_return std::unexpected(reach.error());

        const std::string request = fmt::format(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\n"
            "Connection: close\r\n\r\n",
            target, url.authority(), options_.user_agent);
        Result<Reply> reply{Reply{}};
        if (url.tls) {
            const auto trust = trust_for(url);
            net::TlsClientStream stream(socket_, *trust);
            Result<void> secured = co_await net::handshake(stream, url.host);
            if (!secured) co_return std::unexpected(secured.error());
            reply = co_await exchange(stream, request);
        } else {
            reply = co_await exchange(socket_, request);
        }
        error_code ignored;
        socket_.close(ignored);
        if (reply) reply->reach = *reach;
        co_return reply;
    }

    asio::awaitable<Result<std::vector<net::TcpEndpoint>>> resolve(const TrackerUrl& url) {
        std::vector<net::TcpEndpoint> endpoints;
        error_code error;
        const auto literal = asio::ip::make_address(url.host, error);
        if (!error) {
            endpoints.emplace_back(net::normalised(literal), url.port);
        } else {
            auto [failure, found] = co_await resolver_.async_resolve(
                url.host, std::to_string(url.port), asio::ip::resolver_base::numeric_service,
                as_result);
            if (failure) {
                co_return fail(ErrorCode::failed, "cannot find the host {}: {}",
                               printable(url.host), failure.message());
            }
            for (const auto& entry : found) {
                endpoints.push_back(net::normalised(entry.endpoint()));
            }
        }
        if (const auto& local = options_.local_address) {
            std::erase_if(endpoints, [&](const net::TcpEndpoint& endpoint) {
                return endpoint.address().is_v4() != local->is_v4();
            });
            if (endpoints.empty()) {
                co_return fail(ErrorCode::failed, "the tracker cannot be reached from {}",
                               local->to_string());
            }
        }
        if (endpoints.size() > max_addresses) endpoints.resize(max_addresses);
        co_return endpoints;
    }

    /// Connects to the first of the addresses that answers in its share of the time.
    asio::awaitable<Result<net::Reach>> connect(const std::vector<net::TcpEndpoint>& endpoints) {
        std::string reason = "no address";
        for (const net::TcpEndpoint& endpoint : endpoints) {
            error_code error;
            socket_.close(error);
            if (over_) break;
            socket_.open(endpoint.protocol(), error);
            if (!error && options_.local_address) {
                socket_.bind({*options_.local_address, 0}, error);
            }
            if (!error) {
                limit_connect(options_.timeout / static_cast<int>(endpoints.size()));
                std::tie(error) = co_await socket_.async_connect(endpoint, as_result);
                connect_timer_.cancel();
                ++attempt_;
            }
            if (!error) co_return net::reach_of(endpoint.address());
            reason = fmt::format(
                "cannot connect to {}: {}", net::to_text(endpoint),
                error == asio::error::operation_aborted ? "no answer" : error.message());
        }
        co_return std::unexpected(Error{ErrorCode::failed, reason});
    }

    void limit_connect(Duration share) {
        connect_timer_.expires_after(share);
        connect_timer_.async_wait([self = shared(), attempt = attempt_](error_code error) {
            if (error || attempt != self->attempt_) return;
            error_code ignored;
            self->socket_.close(ignored);
        });
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
    asio::ip::tcp::resolver resolver_;
    Socket socket_;
    asio::steady_timer timer_;
    asio::steady_timer connect_timer_;
    unsigned attempt_ = 0;  ///< tells a late connect timer that its attempt is over
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

#include "net/dialer.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/text.h"

namespace shoal::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t max_addresses = 6;

}  // namespace

Dialer::Dialer(asio::any_io_executor executor, std::optional<Address> local_address)
    : local_address_(std::move(local_address)),
      resolver_(executor),
      socket_(executor),
      timer_(executor) {}

asio::awaitable<Result<std::vector<TcpEndpoint>>> Dialer::resolve(std::string host,
                                                                  std::uint16_t port) {
    const auto self = shared_from_this();
    std::vector<TcpEndpoint> endpoints;
    error_code error;
    const auto literal = asio::ip::make_address(host, error);
    if (!error) {
        endpoints.emplace_back(normalised(literal), port);
    } else {
        auto [failure, found] = co_await resolver_.async_resolve(
            host, std::to_string(port), asio::ip::resolver_base::numeric_service, as_result);
        if (failure) {
            co_return fail(ErrorCode::failed, "cannot find the host {}: {}", printable(host),
                           failure.message());
        }
        for (const auto& entry : found) endpoints.push_back(normalised(entry.endpoint()));
    }
    if (local_address_) {
        std::erase_if(endpoints, [&](const TcpEndpoint& endpoint) {
            return endpoint.address().is_v4() != local_address_->is_v4();
        });
        if (endpoints.empty()) {
            co_return fail(ErrorCode::failed, "{} cannot be reached from {}", printable(host),
                           local_address_->to_string());
        }
    }
    if (endpoints.size() > max_addresses) endpoints.resize(max_addresses);
    co_return endpoints;
}

asio::awaitable<Result<TcpEndpoint>> Dialer::connect(std::vector<TcpEndpoint> endpoints,
                                                     Duration time) {
    const auto self = shared_from_this();
    std::string reason = "no address";
    for (const TcpEndpoint& endpoint : endpoints) {
        error_code error;
        socket_.close(error);
        if (aborted_) break;
        socket_.open(endpoint.protocol(), error);
        // After a TLS handshake the request would otherwise wait 40 ms for its acknowledgement.
        if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
        if (!error && local_address_) socket_.bind({*local_address_, 0}, error);
        if (!error) {
            limit(time / static_cast<int>(endpoints.size()));
            std::tie(error) = co_await socket_.async_connect(endpoint, as_result);
            timer_.cancel();
            ++attempt_;
        }
        if (!error) co_return endpoint;
        reason =
            fmt::format("cannot connect to {}: {}", to_text(endpoint),
                        error == asio::error::operation_aborted ? "no answer" : error.message());
    }
    co_return std::unexpected(Error{ErrorCode::failed, reason});
}

void Dialer::limit(Duration share) {
    timer_.expires_after(share);
    timer_.async_wait([weak = weak_from_this(), attempt = attempt_](error_code error) {
        const auto self = weak.lock();
        if (error || !self || attempt != self->attempt_) return;
        error_code ignored;
        self->socket_.close(ignored);
    });
}

void Dialer::abort() {
    error_code ignored;
    aborted_ = true;
    timer_.cancel();
    resolver_.cancel();
    socket_.close(ignored);
}

}  // namespace shoal::net

#include "net/listener.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/tcp_stream.h"

namespace shoal::net {

namespace asio = boost::asio;
using asio::ip::tcp;

struct Listener::Impl : std::enable_shared_from_this<Impl> {
    explicit Impl(asio::any_io_executor e) : executor(std::move(e)) {}

    struct Door {
        tcp::acceptor acceptor;
        asio::steady_timer pause;
    };

    asio::any_io_executor executor;
    std::vector<std::unique_ptr<Door>> doors;
    std::uint16_t port = 0;
    Accept accept;
    bool closed = false;

    boost::system::error_code add(TcpEndpoint endpoint) {
        if (port != 0) endpoint.port(port);
        tcp::acceptor acceptor(executor);
        boost::system::error_code error;
        acceptor.open(endpoint.protocol(), error);
        if (error) return error;
        acceptor.set_option(tcp::acceptor::reuse_address(true), error);
        // IPv4 has its own socket, so that both families see addresses in their own form.
        if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
        acceptor.bind(endpoint, error);
        if (error) return error;
        acceptor.listen(asio::socket_base::max_listen_connections, error);
        if (error) return error;
        port = acceptor.local_endpoint(error).port();
        doors.push_back(
            std::make_unique<Door>(Door{std::move(acceptor), asio::steady_timer(executor)}));
        return {};
    }

    void next(Door& door) {
        door.acceptor.async_accept([self = shared_from_this(), &door](
                                       boost::system::error_code error, tcp::socket socket) {
            if (self->closed || error == asio::error::operation_aborted) return;
            if (error) return self->rest(door);
            self->accept(make_tcp_stream(std::move(socket)));
            if (!self->closed) self->next(door);
        });
    }

    /// Out of descriptors: accepting again at once would only burn time.
    void rest(Door& door) {
        door.pause.expires_after(std::chrono::milliseconds(200));
        door.pause.async_wait([self = shared_from_this(), &door](boost::system::error_code error) {
            if (!error && !self->closed) self->next(door);
        });
    }
};

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Listener::~Listener() {
    if (!impl_) return;
    impl_->closed = true;
    for (auto& door : impl_->doors) {
        boost::system::error_code ignored;
        door->acceptor.close(ignored);
        door->pause.cancel();
    }
}

Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;

Result<Listener> Listener::open(asio::any_io_executor executor,
                                std::vector<TcpEndpoint> endpoints) {
    auto impl = std::make_shared<Impl>(std::move(executor));
    std::optional<Error> first;
    for (const auto& endpoint : endpoints) {
        const auto error = impl->add(endpoint);
        if (!error) continue;
        Error told{ErrorCode::failed,
                   fmt::format("cannot listen on {}: {}", to_text(endpoint), error.message())};
        const bool family_missing = error == asio::error::address_family_not_supported ||
                                    error == boost::system::errc::address_not_available;
        if (!family_missing) return std::unexpected(std::move(told));
        if (!first) first = std::move(told);
    }
    if (impl->doors.empty()) {
        return std::unexpected(first.value_or(Error{ErrorCode::usage, "no address to listen on"}));
    }
    return Listener(std::move(impl));
}

void Listener::start(Accept accept) {
    impl_->accept = std::move(accept);
    for (auto& door : impl_->doors) impl_->next(*door);
}

std::uint16_t Listener::port() const {
    return impl_->port;
}

}  // namespace shoal::net

#include "net/tcp_stream.h"

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace shoal::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Buffers that one call of readv or writev takes at most.
constexpr std::size_t most_parts = 40;

template <class Buffer>
std::size_t fill(std::array<iovec, most_parts>& parts, std::span<const Buffer> buffers,
                 std::size_t limit) {
    std::size_t count = 0;
    for (const auto& buffer : buffers) {
        if (limit == 0 || count == most_parts) break;
        if (buffer.empty()) continue;
        const std::size_t length = std::min(buffer.size(), limit);
        parts[count++] = {const_cast<std::byte*>(buffer.data()), length};
        limit -= length;
    }
    return count;
}

Transfer outcome(ssize_t n, TransferStatus on_zero) {
    if (n > 0) return {TransferStatus::done, static_cast<std::size_t>(n), {}};
    if (n == 0) return {on_zero, 0, {}};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {TransferStatus::would_block, 0, {}};
    return {TransferStatus::failed, 0, {errno, boost::system::system_category()}};
}

template <class Call>
ssize_t uninterrupted(Call call) {
    ssize_t n = call();
    while (n < 0 && errno == EINTR) n = call();
    return n;
}

class TcpStream final : public Stream {
  public:
    explicit TcpStream(tcp::socket socket) : socket_(std::move(socket)) {
        boost::system::error_code ignored;  // a socket that is broken already says so when read
        socket_.non_blocking(true, ignored);
        socket_.set_option(tcp::no_delay(true), ignored);
        remote_ = normalised(socket_.remote_endpoint(ignored));
    }

    Transfer read(std::span<const MutableBytes> buffers, std::size_t limit) override {
        std::array<iovec, most_parts> parts{};
        const auto count = static_cast<int>(fill(parts, buffers, limit));
        return outcome(uninterrupted([&] { return ::readv(fd(), parts.data(), count); }),
                       TransferStatus::closed);
    }

    Transfer write(std::span<const Bytes> buffers, std::size_t limit) override {
        std::array<iovec, most_parts> parts{};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = fill(parts, buffers, limit);
        return outcome(uninterrupted([&] { return ::sendmsg(fd(), &message, MSG_NOSIGNAL); }),
                       TransferStatus::would_block);
    }

    void limit_unsent(std::size_t bytes) override {
#ifdef TCP_NOTSENT_LOWAT
        const auto value = static_cast<int>(bytes);
        ::setsockopt(fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value);
#else
        static_cast<void>(bytes);
#endif
    }

    void wait_readable(std::function<void()> ready) override {
        wait(tcp::socket::wait_read, std::move(ready));
    }
    void wait_writable(std::function<void()> ready) override {
        wait(tcp::socket::wait_write, std::move(ready));
    }

    void close() override {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

    [[nodiscard]] const TcpEndpoint& remote() const override { return remote_; }

  private:
    int fd() { return socket_.native_handle(); }

    void wait(tcp::socket::wait_type type, std::function<void()> ready) {
        socket_.async_wait(type, [ready = std::move(ready)](boost::system::error_code error) {
            if (error != asio::error::operation_aborted) ready();
        });
    }

    tcp::socket socket_;
    TcpEndpoint remote_;
};

}  // namespace

std::unique_ptr<Stream> make_tcp_stream(tcp::socket socket) {
    return std::make_unique<TcpStream>(std::move(socket));
}

struct TcpConnector::Attempt : std::enable_shared_from_this<Attempt> {
    Attempt(const asio::any_io_executor& executor, Handler on_end)
        : socket(executor), timer(executor), handler(std::move(on_end)) {}

    tcp::socket socket;
    asio::steady_timer timer;
    Handler handler;

    void finish(Result<std::unique_ptr<Stream>> result) {
        timer.cancel();
        if (auto once = std::exchange(handler, nullptr)) once(std::move(result));
    }
    void finish(const boost::system::error_code& error) {
        boost::system::error_code ignored;
        socket.close(ignored);
        finish(fail(ErrorCode::failed, "{}", error.message()));
    }

    void start(const TcpEndpoint& remote, std::optional<Address> local, Duration patience) {
        boost::system::error_code error;
        socket.open(remote.protocol(), error);
        if (!error && local && local->is_v4() == remote.address().is_v4()) {
            socket.bind({*local, 0}, error);
        }
        if (error) {
            asio::post(socket.get_executor(),
                       [self = shared_from_this(), error] { self->finish(error); });
            return;
        }
        timer.expires_after(patience);
        timer.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
            if (!cancelled) self->finish(asio::error::timed_out);
        });
        socket.async_connect(remote, [self = shared_from_this()](boost::system::error_code failed) {
            if (failed) return self->finish(failed);
            self->finish(make_tcp_stream(std::move(self->socket)));
        });
    }
};

TcpConnector::TcpConnector(asio::any_io_executor executor, const TcpEndpoint& remote,
                           std::optional<Address> local, Duration patience, Handler handler)
    : attempt_(std::make_shared<Attempt>(executor, std::move(handler))) {
    attempt_->start(remote, std::move(local), patience);
}

TcpConnector::~TcpConnector() {
    if (!attempt_) return;
    attempt_->handler = nullptr;
    attempt_->timer.cancel();
    boost::system::error_code ignored;
    attempt_->socket.close(ignored);
}

TcpConnector::TcpConnector(TcpConnector&&) noexcept = default;
TcpConnector& TcpConnector::operator=(TcpConnector&&) noexcept = default;

}  // namespace shoal::net

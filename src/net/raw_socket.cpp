#include "net/raw_socket.h"

#include <cerrno>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace shoal::net {

using boost::asio::ip::tcp;

void await_first_bytes(tcp::acceptor& acceptor) {
    const int seconds = 1;
    ::setsockopt(acceptor.native_handle(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
}

std::optional<RawSocket> RawSocket::accept(tcp::acceptor& acceptor,
                                           boost::system::error_code& error) {
    TcpEndpoint remote;
    auto size = static_cast<socklen_t>(remote.capacity());
    const int descriptor =
        ::accept4(acceptor.native_handle(), remote.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
        error.assign(errno, boost::system::system_category());
        return std::nullopt;
    }
    error.clear();
    remote.resize(size);
    return RawSocket(descriptor, normalised(remote));
}

RawSocket::~RawSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::size_t RawSocket::read(MutableBytes into) const {
    const ssize_t bytes = ::recv(descriptor_, into.data(), into.size(), 0);
    return bytes < 0 ? 0 : static_cast<std::size_t>(bytes);
}

std::size_t RawSocket::write(Bytes bytes) const {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

tcp::socket RawSocket::release(const boost::asio::any_io_executor& executor,
                               boost::system::error_code& error) {
    tcp::socket socket(executor);
    // The family alone matters here: it was the listening socket's, which knows no other.
    socket.assign(remote_.protocol(), descriptor_, error);
    if (!error) descriptor_ = -1;
    return socket;
}

}  // namespace shoal::net

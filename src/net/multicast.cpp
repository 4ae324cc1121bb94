#include "net/multicast.h"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

namespace shoal::net {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

constexpr std::size_t max_interfaces = 32;
constexpr std::size_t max_subnets = 16;
/// The largest datagram that multicast DNS allows (RFC 6762 section 17).
constexpr std::size_t max_datagram = 9000;
/// Datagrams taken at one wake-up, so that a flood leaves time for everything else.
constexpr int most_at_once = 16;
constexpr int all_hops = 255;

std::optional<Address> address_of(const sockaddr* any) {
    if (any == nullptr) return std::nullopt;
    if (any->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, any, sizeof v4);
        return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (any->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, any, sizeof v6);
        return asio::ip::address_v6(std::bit_cast<asio::ip::address_v6::bytes_type>(v6.sin6_addr));
    }
    return std::nullopt;
}

unsigned leading_ones(const Address& mask) {
    unsigned ones = 0;
    const auto count = [&ones](const auto& bytes) {
        for (const auto byte : bytes) {
            ones += static_cast<unsigned>(std::countl_one(byte));
            if (byte != 0xff) break;
        }
    };
    mask.is_v4() ? count(mask.to_v4().to_bytes()) : count(mask.to_v6().to_bytes());
    return ones;
}

template <class Value>
void set(udp::socket& socket, int level, int name, const Value& value, error_code& error) {
    if (error) return;
    if (::setsockopt(socket.native_handle(), level, name, &value, sizeof value) != 0) {
        error.assign(errno, boost::system::system_category());
    }
}

void join4(udp::socket& socket, const LinkInterface& interface, const Address& group,
           error_code& error) {
    ip_mreqn membership{};
    membership.imr_multiaddr.s_addr = htonl(group.to_v4().to_uint());
    membership.imr_ifindex = static_cast<int>(interface.index);
    // Left to itself, the system sends through loopback from another interface's address.
    const auto own = std::ranges::find_if(
        interface.subnets, [](const auto& subnet) { return subnet.address.is_v4(); });
    if (own != interface.subnets.end()) {
        membership.imr_address.s_addr = htonl(own->address.to_v4().to_uint());
    }
    set(socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership, error);
    set(socket, IPPROTO_IP, IP_MULTICAST_IF, membership, error);
    // Only what arrives on this interface, whatever other sockets have joined elsewhere.
    set(socket, IPPROTO_IP, IP_MULTICAST_ALL, 0, error);
    set(socket, IPPROTO_IP, IP_MULTICAST_TTL, all_hops, error);
    set(socket, IPPROTO_IP, IP_MULTICAST_LOOP, 1, error);
    set(socket, IPPROTO_IP, IP_RECVTTL, 1, error);
}

void join6(udp::socket& socket, const LinkInterface& interface, const Address& group,
           error_code& error) {
    ipv6_mreq membership{};
    const auto bytes = group.to_v6().to_bytes();
    std::memcpy(&membership.ipv6mr_multiaddr, bytes.data(), bytes.size());
    membership.ipv6mr_interface = interface.index;
    set(socket, IPPROTO_IPV6, IPV6_JOIN_GROUP, membership, error);
    set(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(interface.index), error);
    set(socket, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, all_hops, error);
    set(socket, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1, error);
    set(socket, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, error);
}

/// How many hops the datagram still had to go; 0 when the system does not tell.
int hops_left(msghdr& header) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        const bool v4 = part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_TTL;
        const bool v6 = part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_HOPLIMIT;
        if (!v4 && !v6) continue;
        int hops = 0;
        std::memcpy(&hops, CMSG_DATA(part), sizeof hops);
        return hops;
    }
    return 0;
}

}  // namespace

bool LinkInterface::on_link(const Address& address) const {
    if (address.is_v6() && address.to_v6().is_link_local()) return has(false);
    return std::ranges::any_of(subnets, [&](const Subnet& subnet) {
        const auto range =
            AddressRange::parse(fmt::format("{}/{}", subnet.address.to_string(), subnet.prefix));
        return range && range->contains(address);
    });
}

bool LinkInterface::has(bool v4) const {
    return std::ranges::any_of(subnets,
                               [v4](const Subnet& subnet) { return subnet.address.is_v4() == v4; });
}

Result<std::vector<LinkInterface>> link_interfaces() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) {
        return fail(ErrorCode::failed, "the system does not tell its network interfaces: {}",
                    std::strerror(errno));
    }
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    std::vector<LinkInterface> interfaces;
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
        const bool up = (entry->ifa_flags & IFF_UP) != 0;
        const auto address = address_of(entry->ifa_addr);
        const auto mask = address_of(entry->ifa_netmask);
        if (!up || (entry->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK)) == 0 || !address || !mask) {
            continue;
        }
        auto found = std::ranges::find(interfaces, entry->ifa_name, &LinkInterface::name);
        if (found == interfaces.end()) {
            if (interfaces.size() == max_interfaces) continue;
            interfaces.push_back({::if_nametoindex(entry->ifa_name), entry->ifa_name, {}});
            found = std::prev(interfaces.end());
        }
        if (found->subnets.size() < max_subnets) {
            found->subnets.push_back({*address, leading_ones(*mask)});
        }
    }
    return interfaces;
}

struct MulticastSocket::Impl : std::enable_shared_from_this<Impl> {
    Impl(const asio::any_io_executor& executor, LinkInterface on, const udp::endpoint& to)
        : socket(executor), interface(std::move(on)), group(to) {}

    error_code open() {
        error_code error;
        socket.open(group.protocol(), error);
        if (!error) socket.set_option(udp::socket::reuse_address(true), error);
        const bool v4 = group.address().is_v4();
        if (!error && !v4) socket.set_option(asio::ip::v6_only(true), error);
        // Bound to the group, the socket takes no datagram that is meant for another program's
        // socket on the same port.
        if (!error) socket.bind(group, error);
        if (!error) socket.non_blocking(true, error);
        v4 ? join4(socket, interface, group.address(), error)
           : join6(socket, interface, group.address(), error);
        return error;
    }

    void next() {
        socket.async_wait(udp::socket::wait_read, [self = shared_from_this()](error_code error) {
            if (error || !self->handler) return;
            for (int i = 0; i < most_at_once && self->handler; ++i) {
                if (!self->receive()) break;
            }
            if (self->handler) self->next();
        });
    }

    /// False when there is nothing to receive.
    bool receive() {
        std::array<std::byte, max_datagram> buffer;  // NOLINT: filled by the system
        alignas(cmsghdr) std::array<std::byte, 256> control{};
        sockaddr_storage source{};
        iovec part{buffer.data(), buffer.size()};
        msghdr header{};
        header.msg_name = &source;
        header.msg_namelen = sizeof source;
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        const ssize_t size = ::recvmsg(socket.native_handle(), &header, MSG_DONTWAIT);
        if (size < 0) return errno != EAGAIN && errno != EWOULDBLOCK && errno != EBADF;
        if ((header.msg_flags & MSG_TRUNC) != 0 || hops_left(header) != all_hops) return true;
        const auto from = address_of(reinterpret_cast<const sockaddr*>(&source));
        if (!from || !interface.on_link(*from)) return true;
        // The handler may destroy itself by destroying the socket.
        const Handler call = handler;
        call(Bytes(buffer).first(static_cast<std::size_t>(size)), *from);
        return true;
    }

    udp::socket socket;
    LinkInterface interface;
    udp::endpoint group;
    Handler handler;
};

MulticastSocket::~MulticastSocket() {
    error_code ignored;
    impl_->handler = nullptr;
    impl_->socket.close(ignored);
}

Result<std::unique_ptr<MulticastSocket>> MulticastSocket::open(
    const asio::any_io_executor& executor, const LinkInterface& interface, const Address& group,
    std::uint16_t port) {
    Address scoped = group;
    if (group.is_v6()) {
        // The zone binds the socket to the interface.
        scoped = asio::ip::address_v6(group.to_v6().to_bytes(), interface.index);
    }
    auto impl = std::make_shared<Impl>(executor, interface, udp::endpoint(scoped, port));
    if (const error_code error = impl->open()) {
        return fail(ErrorCode::failed, "no multicast on the interface {}: {}", interface.name,
                    error.message());
    }
    return std::unique_ptr<MulticastSocket>(new MulticastSocket(std::move(impl)));
}

void MulticastSocket::start(Handler handler) {
    impl_->handler = std::move(handler);
    impl_->next();
}

Result<void> MulticastSocket::send(Bytes datagram) {
    error_code error;
    impl_->socket.send_to(asio::buffer(datagram.data(), datagram.size()), impl_->group, 0, error);
    if (!error || error == asio::error::would_block) return {};
    return fail(ErrorCode::failed, "cannot send on the interface {}: {}", impl_->interface.name,
                error.message());
}

const LinkInterface& MulticastSocket::interface() const {
    return impl_->interface;
}

}  // namespace shoal::net

#include "net/endpoint.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include "base/text.h"

namespace shoal::net {
namespace {

namespace ip = boost::asio::ip;

bool in_range4(std::uint32_t value, std::uint32_t network, unsigned prefix) {
    return (value >> (32 - prefix)) == (network >> (32 - prefix));
}

Reach reach_of4(ip::address_v4 address) {
    const std::uint32_t value = address.to_uint();
    if (value >> 24 == 127 || value >> 24 == 0) return Reach::host;
    if (in_range4(value, 0xa9fe0000, 16)) return Reach::link;
    if (value >> 28 == 14 || value == 0xffffffff) return Reach::unreachable;
    const bool site = value >> 24 == 10 || in_range4(value, 0xac100000, 12) ||
                      in_range4(value, 0xc0a80000, 16) || in_range4(value, 0x64400000, 10) ||
                      value >> 28 == 15;
    return site ? Reach::site : Reach::global;
}

/// The bits of an address with the family in front, so that ranges of one never hold the other.
bool same_prefix(const Address& a, const Address& b, unsigned prefix) {
    if (a.is_v4() != b.is_v4()) return false;
    const auto compare = [prefix](const auto& x, const auto& y) {
        for (unsigned bit = 0; bit < prefix; ++bit) {
            if (((x[bit / 8] ^ y[bit / 8]) >> (7 - bit % 8) & 1) != 0) return false;
        }
        return true;
    };
    return a.is_v4() ? compare(a.to_v4().to_bytes(), b.to_v4().to_bytes())
                     : compare(a.to_v6().to_bytes(), b.to_v6().to_bytes());
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto number = parse_number(text);
    if (!number || *number < 0 || *number > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(*number);
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Letters, digits and what else stands in names and addresses; no blank, quote or slash.
bool is_host(std::string_view text) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:%*";
    return text.size() <= 255 && text.find_first_not_of(allowed) == std::string_view::npos;
}

std::optional<Address> local_address_towards(const ip::udp::endpoint& target) {
    boost::asio::io_context context;
    ip::udp::socket socket(context);
    boost::system::error_code error;
    // Connecting a datagram socket only asks the routing table.
    socket.open(target.protocol(), error);
    if (!error) socket.connect(target, error);
    if (error) return std::nullopt;
    Address local = socket.local_endpoint(error).address();
    if (error || reach_of(local) > Reach::site) return std::nullopt;
    return local;
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text, std::optional<std::uint16_t> default_port) {
    const auto wrong = [&] {
        return fail(ErrorCode::usage, "'{}' is not HOST:PORT (write 192.0.2.1:5000 or [::1]:5000)",
                    printable(text));
    };
    std::string_view host = text;
    std::optional<std::string_view> port;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return wrong();
        host = text.substr(1, close - 1);
        const std::string_view rest = text.substr(close + 1);
        boost::system::error_code error;
        ip::make_address_v6(host, error);
        if (error || (!rest.empty() && !rest.starts_with(':'))) return wrong();
        if (!rest.empty()) port = rest.substr(1);
    } else if (const std::size_t colon = text.find(':'); colon == std::string_view::npos) {
        if (is_number(text) && default_port) {
            host = {};
            port = text;
        }
    } else if (text.find(':', colon + 1) == std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    } else {
        boost::system::error_code error;
        ip::make_address_v6(text, error);
        if (error) return wrong();
    }
    if (!is_host(host) || (host.empty() && !port)) return wrong();
    if (!port && !default_port) return wrong();
    const auto number = port ? parse_port(*port) : default_port;
    if (!number) return wrong();
    return HostPort{std::string(host), *number};
}

Result<TcpEndpoint> parse_endpoint(std::string_view text) {
    const auto where = parse_host_port(text);
    if (!where) return std::unexpected(where.error());
    boost::system::error_code error;
    const Address address = ip::make_address(where->host, error);
    if (error) {
        return fail(ErrorCode::usage, "'{}' is not an address and port", printable(text));
    }
    return TcpEndpoint(normalised(address), where->port);
}

Result<std::vector<TcpEndpoint>> listen_endpoints(const HostPort& where) {
    if (where.host.empty() || where.host == "*") {
        return std::vector{TcpEndpoint(ip::address_v4::any(), where.port),
                           TcpEndpoint(ip::address_v6::any(), where.port)};
    }
    boost::system::error_code error;
    const Address address = ip::make_address(where.host, error);
    if (!error) return std::vector{TcpEndpoint(normalised(address), where.port)};

    boost::asio::io_context context;
    ip::tcp::resolver resolver(context);
    const auto found = resolver.resolve(where.host, std::to_string(where.port),
                                        ip::resolver_base::numeric_service, error);
    if (error || found.empty()) {
        return fail(ErrorCode::not_found, "no address for the host '{}': {}", printable(where.host),
                    error.message());
    }
    std::vector<TcpEndpoint> endpoints;
    for (const auto& entry : found) endpoints.push_back(normalised(entry.endpoint()));
    return endpoints;
}

std::string to_text(const TcpEndpoint& endpoint) {
    const std::string address = endpoint.address().to_string();
    return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                      : fmt::format("{}:{}", address, endpoint.port());
}

Address normalised(const Address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

TcpEndpoint normalised(const TcpEndpoint& endpoint) {
    return {normalised(endpoint.address()), endpoint.port()};
}

Reach reach_of(const Address& any_address) {
    const Address address = normalised(any_address);
    if (address.is_v4()) return reach_of4(address.to_v4());
    const ip::address_v6 v6 = address.to_v6();
    if (v6.is_loopback() || v6.is_unspecified()) return Reach::host;
    if (v6.is_multicast()) return Reach::unreachable;
    if (v6.is_link_local()) return Reach::link;
    const auto bytes = v6.to_bytes();
    return bytes[0] >> 5 == 1 ? Reach::global : Reach::site;
}

Address outward_address() {
    // Addresses of the documentation ranges: far away for every routing table, and nobody's.
    if (const auto v4 = local_address_towards({ip::make_address("192.0.2.1"), 9})) return *v4;
    if (const auto v6 = local_address_towards({ip::make_address("2001:db8::1"), 9})) return *v6;
    return ip::address_v4::loopback();
}

TcpEndpoint reachable_endpoint(TcpEndpoint listening) {
    if (!listening.address().is_unspecified()) return listening;
    const auto outward = outward_address();
    if (outward.is_v4() == listening.address().is_v4()) {
        listening.address(outward);
    } else if (listening.address().is_v4()) {
        listening.address(ip::address_v4::loopback());
    } else {
        listening.address(ip::address_v6::loopback());
    }
    return listening;
}

Result<AddressRange> AddressRange::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    boost::system::error_code error;
    AddressRange range;
    range.network_ = ip::make_address(std::string(text.substr(0, slash)), error);
    const unsigned longest = range.network_.is_v4() ? 32 : 128;
    range.prefix_ = longest;
    bool good = !error;
    if (good && slash != std::string_view::npos) {
        const auto prefix = parse_number(text.substr(slash + 1));
        good = prefix && *prefix >= 0 && *prefix <= longest;
        if (good) range.prefix_ = static_cast<unsigned>(*prefix);
    }
    if (!good) {
        return fail(ErrorCode::usage, "'{}' is not an address range (write 10.0.0.0/8)",
                    printable(text));
    }
    return range;
}

bool AddressRange::contains(const Address& address) const {
    return same_prefix(network_, normalised(address), prefix_);
}

}  // namespace shoal::net

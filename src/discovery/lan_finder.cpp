#include "discovery/lan_finder.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>
#include <tuple>

#include "net/multicast.h"

namespace shoal::discovery {
namespace {

namespace asio = boost::asio;

/// Between two questions (RFC 6762 section 5.2).
constexpr Duration ask_again = 1s;

/// Nearer ones are worse: what is on this machine alone others cannot be told of.
auto preference(const net::Address& address) {
    return std::tuple(net::reach_of(address), !address.is_v4(), address);
}

class Search {
  public:
    Search(const asio::any_io_executor& executor, const LanScope& scope) {
        const auto interfaces = net::link_interfaces();
        if (!interfaces) return;
        for (const net::LinkInterface& interface : *interfaces) {
            if (!scope.interfaces.empty() &&
                std::ranges::count(scope.interfaces, interface.name) == 0) {
                continue;
            }
            for (const bool v4 : {true, false}) {
                if (!interface.has(v4)) continue;
                auto socket =
                    net::MulticastSocket::open(executor, interface, lan_group(v4), scope.port);
                if (socket) listen(std::move(*socket));
            }
        }
    }

    void ask() {
        const ByteVector question = lan_question();
        for (const auto& socket : sockets_) {
            if (const auto sent = socket->send(question); !sent) {
                spdlog::debug("asking for trackers: {}", sent.error().message);
            }
        }
    }

    std::vector<FoundTracker> take() {
        sockets_.clear();
        for (FoundTracker& tracker : found_) {
            std::ranges::sort(tracker.addresses, {}, preference);
        }
        std::ranges::sort(found_, {}, [](const FoundTracker& tracker) {
            return std::tuple(tracker.name, tracker.fingerprint, tracker.port);
        });
        return std::move(found_);
    }

  private:
    void listen(std::unique_ptr<net::MulticastSocket> socket) {
        sockets_.push_back(std::move(socket));
        // The sockets go before this does, and their handlers with them.
        net::MulticastSocket& own = *sockets_.back();
        own.start([this, &own](Bytes datagram, const net::Address&) {
            const auto message = parse_dns_message(datagram);
            if (!message) return;
            for (LanService& service : lan_services_in(*message)) {
                add(std::move(service), own.interface());
            }
        });
    }

    void add(LanService service, const net::LinkInterface& interface) {
        std::erase_if(service.addresses,
                      [&](const net::Address& address) { return !interface.on_link(address); });
        if (service.addresses.empty()) return;
        auto known = std::ranges::find_if(found_, [&service](const FoundTracker& tracker) {
            return tracker.fingerprint == service.fingerprint && tracker.port == service.port;
        });
        if (known == found_.end()) {
            if (found_.size() == max_found_trackers) return;
            found_.push_back({std::move(service.name), service.port, service.fingerprint, {}});
            known = std::prev(found_.end());
        }
        for (net::Address address : service.addresses) {
            if (address.is_v6() && address.to_v6().is_link_local()) {
                address = asio::ip::address_v6(address.to_v6().to_bytes(), interface.index);
            }
            if (known->addresses.size() < max_lan_addresses &&
                std::ranges::count(known->addresses, address) == 0) {
                known->addresses.push_back(address);
            }
        }
    }

    std::vector<FoundTracker> found_;
    std::vector<std::unique_ptr<net::MulticastSocket>> sockets_;
};

}  // namespace

asio::awaitable<std::vector<FoundTracker>> find_trackers(Duration time, LanScope scope) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    Search search(executor, scope);
    for (const TimePoint end = Clock::now() + time; Clock::now() < end;) {
        search.ask();
        timer.expires_at(std::min(end, Clock::now() + ask_again));
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return search.take();
}

}  // namespace shoal::discovery

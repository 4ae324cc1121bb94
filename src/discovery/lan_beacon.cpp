#include "discovery/lan_beacon.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include "base/random.h"
#include "base/time.h"
#include "net/multicast.h"

namespace shoal::discovery {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr Duration look_again = 5s;
/// Between two datagrams on one interface, and how long an answer waits at least and at most, so
/// that the answers of several trackers do not collide (RFC 6762 section 6).
constexpr Duration pause = 1s;
constexpr Duration least_wait = 20ms;
constexpr std::uint64_t wait_spread_ms = 100;
/// Each interface is told twice, because a datagram may be lost (RFC 6762 section 8.3).
constexpr int announcements = 2;
constexpr std::size_t max_offered = 4;

/// One interface and family.
struct Door {
    std::unique_ptr<net::MulticastSocket> socket;
    bool v4 = true;
    LanService service;
    ByteVector answer;
    asio::steady_timer timer;
    TimePoint open_at;  ///< when the next datagram may leave
    int announcements_left = announcements;
    bool waiting = false;  ///< an answer is about to be sent
};

}  // namespace

class LanBeacon::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(asio::any_io_executor executor, Tracker tracker, LanScope scope)
        : executor_(std::move(executor)),
          tracker_(std::move(tracker)),
          scope_(std::move(scope)),
          random_(random_seed()),
          timer_(executor_) {}

    void look() {
        std::vector<net::LinkInterface> interfaces;
        if (auto found = net::link_interfaces()) interfaces = std::move(*found);
        std::erase_if(interfaces, [&](const net::LinkInterface& interface) {
            return (!scope_.interfaces.empty() &&
                    std::ranges::count(scope_.interfaces, interface.name) == 0) ||
                   offered_on(interface).empty();
        });
        std::erase_if(doors_, [&](const std::unique_ptr<Door>& door) {
            return std::ranges::count(interfaces, door->socket->interface()) == 0;
        });
        for (const net::LinkInterface& interface : interfaces) {
            for (const bool v4 : {true, false}) open(interface, v4);
        }
        if (doors_.empty() && !std::exchange(warned_, true)) {
            spdlog::warn("the tracker cannot be found on the local network by itself{}",
                         reason_.empty() ? ": no interface to be found on" : ": " + reason_);
        }
        timer_.expires_after(look_again);
        timer_.async_wait([weak = weak_from_this()](error_code error) {
            const auto self = weak.lock();
            if (!error && self) self->look();
        });
    }

    void say_goodbye() {
        for (const auto& door : doors_) tell(*door, lan_answer(door->service, true));
    }

  private:
    /// The addresses through which the tracker can be reached by that interface's link. Link-local
    /// ones only where there is no other, because they cannot be passed on.
    [[nodiscard]] std::vector<net::Address> offered_on(const net::LinkInterface& interface) const {
        std::vector<net::Address> offered;
        std::vector<net::Address> link_local;
        for (const auto& subnet : interface.subnets) {
            const net::Address& own = subnet.address;
            const bool listened =
                std::ranges::any_of(tracker_.listening, [&own](const net::Address& address) {
                    const bool any = address.is_unspecified() && address.is_v4() == own.is_v4();
                    return any || address == own;
                });
            if (!listened) continue;
            const bool local = net::reach_of(own) == net::Reach::link;
            (local ? link_local : offered).push_back(own);
        }
        if (offered.empty()) offered = std::move(link_local);
        if (offered.size() > max_offered) offered.resize(max_offered);
        return offered;
    }

    void open(const net::LinkInterface& interface, bool v4) {
        if (!interface.has(v4)) return;
        for (const auto& door : doors_) {
            if (door->socket->interface() == interface && door->v4 == v4) return;
        }
        auto socket = net::MulticastSocket::open(executor_, interface, lan_group(v4), scope_.port);
        if (!socket) {
            reason_ = socket.error().message;
            return;
        }
        LanService service{tracker_.name, tracker_.port, tracker_.fingerprint,
                           offered_on(interface)};
        ByteVector answer = lan_answer(service);
        doors_.push_back(std::make_unique<Door>(Door{std::move(*socket),
                                                     v4,
                                                     std::move(service),
                                                     std::move(answer),
                                                     asio::steady_timer(executor_),
                                                     {}}));
        Door& door = *doors_.back();
        // The door owns the socket, and the handler lives no longer than it.
        door.socket->start([this, &door](Bytes datagram, const net::Address&) {
            if (door.waiting) return;
            const auto message = parse_dns_message(datagram);
            if (message && asks_for(*message, door.service)) schedule(door);
        });
        schedule(door);
    }

    void schedule(Door& door) {
        const auto spread = std::chrono::milliseconds(random_.below(wait_spread_ms));
        door.waiting = true;
        door.timer.expires_at(std::max(door.open_at, Clock::now() + least_wait + spread));
        door.timer.async_wait([weak = weak_from_this(), &door](error_code error) {
            // A door that is gone has cancelled its timer, unless the wait was over already.
            const auto self = weak.lock();
            if (!error && self && self->has(door)) self->send(door);
        });
    }

    [[nodiscard]] bool has(const Door& door) const {
        return std::ranges::any_of(doors_, [&door](const auto& one) { return one.get() == &door; });
    }

    void send(Door& door) {
        door.waiting = false;
        door.open_at = Clock::now() + pause;
        tell(door, door.answer);
        if (door.announcements_left == 0) return;
        --door.announcements_left;
        if (door.announcements_left > 0) schedule(door);
    }

    static void tell(Door& door, Bytes datagram) {
        if (const auto sent = door.socket->send(datagram); !sent) {
            spdlog::debug("presenting the tracker: {}", sent.error().message);
        }
    }

    asio::any_io_executor executor_;
    Tracker tracker_;
    LanScope scope_;
    Random random_;
    asio::steady_timer timer_;
    std::vector<std::unique_ptr<Door>> doors_;
    std::string reason_;  ///< why the last interface could not be used
    bool warned_ = false;
};

LanBeacon::LanBeacon(asio::any_io_executor executor, Tracker tracker, LanScope scope)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(tracker), std::move(scope))) {
    impl_->look();
}

LanBeacon::~LanBeacon() {
    impl_->say_goodbye();
}

}  // namespace shoal::discovery

// Makes a tracker known on the local network: answers who asks for trackers there.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "discovery/lan_service.h"

namespace shoal::discovery {

/// Speaks on every interface through which the tracker can be reached, by IPv4 and IPv6: when it
/// starts, on interfaces that come up later, when it is asked, and to say that it goes. It sends at
/// most one datagram a second on each, however often it is asked, and to the group alone, so that
/// it cannot be used to flood anybody. Not thread-safe; lives on one executor.
class LanBeacon {
  public:
    struct Tracker {
        std::string name;  ///< for people; shortened to 50 bytes
        std::uint16_t port = 0;
        net::KeyFingerprint fingerprint;
        std::vector<net::Address> listening;  ///< the addresses it listens on, wildcards included
    };

    /// Where no interface can be used, it says so in the log, once, and looks again every 5 s.
    LanBeacon(boost::asio::any_io_executor executor, Tracker tracker, LanScope scope = {});
    ~LanBeacon();
    LanBeacon(const LanBeacon&) = delete;
    LanBeacon& operator=(const LanBeacon&) = delete;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace shoal::discovery

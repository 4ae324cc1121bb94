// A tracker's presence on the local network, and a search for such, without tracker or peer, so
// that a test can place the two in different networks.
//
//   lan_tool present NAME PORT    prints "ready", and is there until it is told to end
//   lan_tool find                 prints a line of JSON for each tracker found
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "base/log.h"
#include "base/text.h"
#include "discovery/lan_beacon.h"
#include "discovery/lan_finder.h"

namespace {

namespace asio = boost::asio;
using namespace shoal;

int present(const std::string& name, std::uint16_t port) {
    asio::io_context io{1};
    asio::signal_set signals(io, SIGTERM);
    const discovery::LanBeacon beacon(
        io.get_executor(),
        {name, port, {}, {asio::ip::address_v4::any(), asio::ip::address_v6::any()}});
    signals.async_wait([&io](auto, int) { io.stop(); });
    std::puts("ready");
    std::fflush(stdout);
    io.run();
    return 0;
}

int find() {
    asio::io_context io{1};
    std::vector<discovery::FoundTracker> found;
    asio::co_spawn(io, discovery::find_trackers(),
                   [&found](const std::exception_ptr& bug, auto all) {
                       if (bug) std::rethrow_exception(bug);
                       found = std::move(all);
                   });
    io.run();
    for (const auto& tracker : found) {
        boost::json::array addresses;
        for (const auto& address : tracker.addresses) addresses.emplace_back(address.to_string());
        std::puts(boost::json::serialize(boost::json::object{{"name", tracker.name},
                                                             {"port", tracker.port},
                                                             {"addresses", addresses}})
                      .c_str());
    }
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    start_logging(spdlog::level::info);
    const std::vector<std::string> words(arguments + 1, arguments + count);
    if (words.size() == 1 && words[0] == "find") return find();
    if (words.size() == 3 && words[0] == "present") {
        const auto port = parse_number(words[2]);
        if (port) return present(words[1], static_cast<std::uint16_t>(*port));
    }
    std::fputs("usage: lan_tool find | present NAME PORT\n", stderr);
    return 2;
}

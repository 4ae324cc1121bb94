// An announce's query, as any client on the Internet may send it, through parsing to the reply.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tracker/memory_store.h"
#include "tracker/tracker.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace shoal;
    static tracker::Tracker tracker(
        {}, std::make_unique<tracker::MemoryStore>(
                600s, tracker::MemoryLimits{.swarms = 100, .peers = 1000}, 1));
    const std::string_view query(reinterpret_cast<const char*>(data), size);
    static const auto remote = boost::asio::ip::make_address("192.0.2.1");
    static std::string reply;
    const TimePoint now{std::chrono::hours(1)};
    reply.clear();
    tracker.announce(query, remote, now, reply);
    if (!reply.starts_with('d') || !reply.ends_with('e')) std::abort();
    reply.clear();
    tracker.scrape(query, now, reply);
    if (!reply.starts_with('d') || !reply.ends_with('e')) std::abort();
    return 0;
}

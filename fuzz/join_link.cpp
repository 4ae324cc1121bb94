// A join link that is accepted says the same after being written and read again.
#include "discovery/join_link.h"

#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace shoal::discovery;
    const auto link = parse_join_link({reinterpret_cast<const char*>(data), size});
    if (!link) {
        REQUIRE(link.error().message.size() < 200);
        return 0;
    }
    REQUIRE(!link->host.empty() && link->port != 0);
    REQUIRE(!link->invitation || !link->setup);
    const std::string written = link->to_string();
    REQUIRE(written.size() <= max_join_link_bytes);
    const auto again = parse_join_link(written);
    REQUIRE(again);
    REQUIRE(*again == *link);
    return 0;
}

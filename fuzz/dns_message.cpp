// A message of multicast DNS, as anybody on the local network may send it: what is accepted says
// the same after being written and read again, and what it presents keeps its limits.
#include "discovery/dns_message.h"

#include "base/text.h"
#include "discovery/lan_service.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace shoal;
    using namespace shoal::discovery;
    const auto message = parse_dns_message(std::as_bytes(std::span(data, size)));
    if (!message) return 0;
    const auto again = parse_dns_message(encode_dns_message(*message));
    REQUIRE(again);
    REQUIRE(*again == *message);
    const auto services = lan_services_in(*message);
    REQUIRE(services.size() <= max_lan_services);
    for (const LanService& service : services) {
        REQUIRE(service.port != 0);
        REQUIRE(service.name.size() <= 50 && printable(service.name) == service.name);
        REQUIRE(!service.addresses.empty() && service.addresses.size() <= max_lan_addresses);
        // What was heard can be told again.
        const auto told = parse_dns_message(lan_answer(service));
        REQUIRE(told && lan_services_in(*told).size() == 1);
        REQUIRE(lan_services_in(*told)[0] == service);
        asks_for(*message, service);
    }
    return 0;
}

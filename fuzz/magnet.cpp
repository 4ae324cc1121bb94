// A magnet link that is accepted says the same after being written and read again.
#include "metainfo/magnet.h"

#include "require.h"

using shoal::metainfo::Magnet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto magnet = Magnet::parse(text);
    if (!magnet) return 0;
    REQUIRE(magnet->hash_v1 || magnet->hash_v2);
    REQUIRE(!magnet->info_hash().is_zero() || magnet->hash_v2);
    const std::string written = magnet->to_string();
    if (written.size() > shoal::metainfo::max_magnet_bytes) return 0;  // escapes take more room
    const auto again = Magnet::parse(written);
    REQUIRE(again);
    REQUIRE(again->hash_v1 == magnet->hash_v1);
    REQUIRE(again->hash_v2 == magnet->hash_v2);
    REQUIRE(again->name == magnet->name);
    REQUIRE(again->trackers == magnet->trackers);
    REQUIRE(again->peers == magnet->peers);
    REQUIRE(again->selected == magnet->selected);
    REQUIRE(again->to_string() == written);
    return 0;
}

// A tracker's answer, as any server on the Internet may give it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "discovery/announce.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace shoal;
    const auto answer = discovery::parse_announce_answer(std::as_bytes(std::span(data, size)));
    if (!answer) return 0;
    if (answer->peers.size() > discovery::max_answer_peers) std::abort();
    if (answer->failure.size() > 200 || answer->warning.size() > 200) std::abort();
    if (answer->interval.count() < 0 || answer->min_interval.count() < 0) std::abort();
    for (const auto& peer : answer->peers) {
        if (peer.port() == 0) std::abort();
    }
    return 0;
}

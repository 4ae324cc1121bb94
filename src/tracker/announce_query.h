// An announce as it stands in a request's query (BEP 3, 21, 23), checked.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/digest.h"
#include "base/error.h"
#include "http/query.h"

namespace shoal::tracker {

/// BEP 3's events, and `paused`, by which a peer says that it wants no more data though it has not
/// all (BEP 21).
enum class Event : std::uint8_t { none, started, completed, stopped, paused };
inline constexpr std::size_t event_count = 5;

constexpr std::size_t index_of(Event event) {
    return static_cast<std::size_t>(event);
}
/// As it stands in an announce; `none` where nothing stands.
std::string_view name_of(Event event);

inline constexpr std::size_t default_numwant = 50;
inline constexpr std::size_t max_numwant = 200;

struct AnnounceQuery {
    InfoHash info_hash;
    Digest<20> peer_id;
    std::uint16_t port = 0;
    std::uint64_t left = 0;        ///< bytes
    std::uint64_t uploaded = 0;    ///< bytes of payload, as the peer counts them; 0 if not said
    std::uint64_t downloaded = 0;  ///< likewise
    Event event = Event::none;
    std::size_t numwant = default_numwant;  ///< at most max_numwant
    bool compact = true;
    bool peer_ids = true;  ///< wanted in a dictionary answer
    std::string_view ip;   ///< as the peer claims, unchecked; a view into the query; may be empty
};

/// bad_data: something required is missing, given twice, or malformed; the message is what the
/// peer is told.
Result<AnnounceQuery> parse_announce(const http::Query& query);

}  // namespace shoal::tracker

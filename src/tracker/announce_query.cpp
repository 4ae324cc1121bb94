#include "tracker/announce_query.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace shoal::tracker {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

constexpr std::array<std::string_view, event_count> event_names = {"none", "started", "completed",
                                                                   "stopped", "paused"};

std::optional<Event> event_of(std::string_view name) {
    if (name.empty() || name == "empty") return Event::none;
    const auto found = std::ranges::find(event_names, name);
    if (found == event_names.end()) return std::nullopt;
    return static_cast<Event>(found - event_names.begin());
}

/// The parameters that an announce is made of; each may be given once.
enum Seen : unsigned {
    seen_info_hash = 1,
    seen_peer_id = 2,
    seen_port = 4,
    seen_left = 8,
    seen_uploaded = 16,
    seen_downloaded = 32,
    seen_event = 64,
    seen_numwant = 128,
    seen_compact = 256,
    seen_no_peer_id = 512,
    seen_ip = 1024,
};

unsigned parameter_bit(std::string_view name) {
    if (name == "info_hash") return seen_info_hash;
    if (name == "peer_id") return seen_peer_id;
    if (name == "port") return seen_port;
    if (name == "left") return seen_left;
    if (name == "uploaded") return seen_uploaded;
    if (name == "downloaded") return seen_downloaded;
    if (name == "event") return seen_event;
    if (name == "numwant") return seen_numwant;
    if (name == "compact") return seen_compact;
    if (name == "no_peer_id") return seen_no_peer_id;
    if (name == "ip") return seen_ip;
    return 0;  // of no interest here
}

/// Takes one value over; false when it is malformed.
bool take(AnnounceQuery& announce, unsigned parameter, std::string_view value) {
    switch (parameter) {
        case seen_info_hash:
        case seen_peer_id:
            if (value.size() != 20) return false;
            (parameter == seen_info_hash ? announce.info_hash : announce.peer_id) =
                Digest<20>::from(bytes_of(value));
            return true;
        case seen_port: {
            const auto port = number<std::uint16_t>(value);
            announce.port = port.value_or(0);
            return announce.port != 0;
        }
        case seen_left: {
            const auto left = number<std::uint64_t>(value);
            announce.left = left.value_or(0);
            return left.has_value();
        }
        case seen_uploaded:
        case seen_downloaded: {
            const auto bytes = number<std::uint64_t>(value);
            (parameter == seen_uploaded ? announce.uploaded : announce.downloaded) =
                bytes.value_or(0);
            return bytes.has_value();
        }
        case seen_event: {
            const auto event = event_of(value);
            announce.event = event.value_or(Event::none);
            return event.has_value();
        }
        case seen_numwant: {
            const auto wanted = number<std::int64_t>(value);
            // Clients that do not care send a negative number.
            if (wanted && *wanted >= 0) {
                announce.numwant = static_cast<std::size_t>(
                    std::min(*wanted, static_cast<std::int64_t>(max_numwant)));
            }
            return wanted.has_value();
        }
        case seen_compact:
            announce.compact = value != "0";
            return true;
        case seen_no_peer_id:
            announce.peer_ids = value == "0";
            return true;
        case seen_ip:
            announce.ip = value;
            return true;
        default:
            return true;
    }
}

}  // namespace

std::string_view name_of(Event event) {
    return event_names.at(index_of(event));
}

Result<AnnounceQuery> parse_announce(const http::Query& query) {
    AnnounceQuery announce;
    unsigned seen = 0;
    for (const auto& [name, value] : query.parameters()) {
        const unsigned parameter = parameter_bit(name);
        if (parameter == 0) continue;
        if ((seen & parameter) != 0) return fail(ErrorCode::bad_data, "{} is given twice", name);
        seen |= parameter;
        if (!take(announce, parameter, value)) {
            return fail(ErrorCode::bad_data, "{} is malformed", name);
        }
    }
    const auto missing = [&](unsigned parameter) { return (seen & parameter) == 0; };
    if (missing(seen_info_hash)) return fail(ErrorCode::bad_data, "info_hash is missing");
    if (missing(seen_peer_id)) return fail(ErrorCode::bad_data, "peer_id is missing");
    if (missing(seen_port)) return fail(ErrorCode::bad_data, "port is missing");
    if (missing(seen_left)) return fail(ErrorCode::bad_data, "left is missing");
    return announce;
}

}  // namespace shoal::tracker

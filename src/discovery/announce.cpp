#include "discovery/announce.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "bencode/document.h"

namespace shoal::discovery {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t max_text = 200;
constexpr std::int64_t max_interval = std::int64_t{7} * 24 * 3600;

void append_escaped(std::string& out, Bytes bytes) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (const char c : text_of(bytes)) {
        if (plain.find(c) != std::string_view::npos) {
            out += c;
        } else {
            const auto value = static_cast<unsigned char>(c);
            out += '%';
            out += digits[value >> 4];
            out += digits[value & 15];
        }
    }
}

std::string_view name_of(Event event) {
    switch (event) {
        case Event::started:
            return "started";
        case Event::completed:
            return "completed";
        case Event::stopped:
            return "stopped";
        case Event::none:
            return {};
    }
    return {};
}

void add_peer(AnnounceAnswer& answer, const net::Address& address, std::uint64_t port) {
    if (port == 0 || port > 65535 || address.is_unspecified()) return;
    if (net::reach_of(address) == net::Reach::unreachable) return;
    if (answer.peers.size() >= max_answer_peers) return;
    answer.peers.emplace_back(net::normalised(address), static_cast<std::uint16_t>(port));
}

template <class AddressType>
net::Address address_from(Bytes bytes) {
    typename AddressType::bytes_type raw;
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = std::to_integer<unsigned char>(bytes[i]);
    return AddressType(raw);
}

/// A string of fixed-size entries, address then port (BEP 7, 23). A rest that is no whole entry
/// is left out.
template <class AddressType>
void add_compact(AnnounceAnswer& answer, Bytes bytes) {
    constexpr std::size_t address_size = typename AddressType::bytes_type{}.size();
    constexpr std::size_t entry = address_size + 2;
    for (; bytes.size() >= entry; bytes = bytes.subspan(entry)) {
        add_peer(answer, address_from<AddressType>(bytes),
                 load_big_endian<std::uint16_t>(bytes.subspan(address_size)));
    }
}

void add_dictionaries(AnnounceAnswer& answer, const bencode::Value& list) {
    list.for_each([&](const bencode::Value& peer) {
        const auto text = peer.find_string("ip");
        const auto port = peer.find_integer("port");
        if (!text || text->size() > 64 || !port || *port < 0) return;
        boost::system::error_code error;
        const auto address = ip::make_address(std::string(*text), error);
        if (!error) add_peer(answer, address, static_cast<std::uint64_t>(*port));
    });
}

void read_peers(AnnounceAnswer& answer, const bencode::Value& root) {
    if (const auto peers = root.find("peers")) {
        if (const auto compact = peers->bytes()) {
            add_compact<ip::address_v4>(answer, *compact);
        } else {
            add_dictionaries(answer, *peers);
        }
    }
    if (const auto peers = root.find("peers6")) {
        if (const auto compact = peers->bytes()) add_compact<ip::address_v6>(answer, *compact);
    }
    std::sort(answer.peers.begin(), answer.peers.end());
    answer.peers.erase(std::unique(answer.peers.begin(), answer.peers.end()), answer.peers.end());
}

void read_retry(AnnounceAnswer& answer, const bencode::Value& root) {
    const auto retry = root.find("retry in");
    if (!retry) return;
    if (const auto minutes = retry->integer()) {
        if (*minutes > 0) {
            answer.retry_in = std::chrono::minutes(std::min<std::int64_t>(*minutes, 7 * 24 * 60));
        }
    } else {
        answer.retry_never = retry->string() == "never";
    }
}

std::chrono::seconds read_interval(const bencode::Value& root, std::string_view key) {
    const std::int64_t value = root.find_integer(key).value_or(0);
    return std::chrono::seconds(std::clamp<std::int64_t>(value, 0, max_interval));
}

std::optional<std::int64_t> read_count(const bencode::Value& root, std::string_view key) {
    const auto value = root.find_integer(key);
    return value && *value >= 0 ? value : std::nullopt;
}

std::string read_text(const bencode::Value& root, std::string_view key) {
    return std::string(root.find_string(key).value_or("").substr(0, max_text));
}

}  // namespace

std::string announce_target(std::string_view tracker_target, const AnnounceRequest& request) {
    std::string target(tracker_target);
    target += target.find('?') == std::string::npos ? '?' : '&';
    target += "info_hash=";
    append_escaped(target, request.info_hash.view());
    target += "&peer_id=";
    append_escaped(target, request.peer_id.view());
    fmt::format_to(
        std::back_inserter(target),
        "&port={}&uploaded={}&downloaded={}&left={}&compact=1&no_peer_id=1&numwant={}&key={:08X}",
        request.port, request.uploaded, request.downloaded, request.left, request.numwant,
        request.key);
    if (const auto event = name_of(request.event); !event.empty()) {
        target += "&event=";
        target += event;
    }
    return target;
}

Result<AnnounceAnswer> parse_announce_answer(Bytes body) {
    bencode::Limits limits;
    limits.bytes = 4 << 20;
    limits.tokens = 200'000;
    limits.depth = 16;
    limits.keys_sorted = false;
    // Some trackers end their answer with a line break.
    const auto parsed = bencode::parse_leading(body, limits);
    if (!parsed) {
        return fail(ErrorCode::bad_data, "the answer is not a tracker's ({})",
                    parsed.error().message);
    }
    const bencode::Value root = parsed->document.root();
    if (!root.is_dictionary()) return fail(ErrorCode::bad_data, "the answer is not a tracker's");

    AnnounceAnswer answer;
    answer.warning = read_text(root, "warning message");
    read_retry(answer, root);
    if (root.find("failure reason")) {
        answer.failure = read_text(root, "failure reason");
        if (answer.failure.empty()) answer.failure = "refused without a reason";
        return answer;
    }
    answer.interval = read_interval(root, "interval");
    answer.min_interval = read_interval(root, "min interval");
    if (!root.find("peers") && !root.find("peers6") && !root.find_integer("interval")) {
        return fail(ErrorCode::bad_data, "the answer has neither peers nor a failure reason");
    }
    read_peers(answer, root);
    answer.seeds = read_count(root, "complete");
    answer.leechers = read_count(root, "incomplete");
    if (const auto external = root.find("external ip")) {
        const auto bytes = external->bytes();
        if (bytes && bytes->size() == 4) {
            answer.external_address = address_from<ip::address_v4>(*bytes);
        } else if (bytes && bytes->size() == 16) {
            answer.external_address = net::normalised(address_from<ip::address_v6>(*bytes));
        }
    }
    return answer;
}

}  // namespace shoal::discovery

#include "tracker/reply.h"

#include "base/decimal.h"

namespace shoal::tracker {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t v4_entry = 6;
constexpr std::size_t v6_entry = 18;

void put_text(std::string& out, std::string_view text) {
    append_decimal(out, text.size());
    out += ':';
    out += text;
}

void put_number(std::string& out, std::string_view key, std::int64_t value) {
    put_text(out, key);
    out += 'i';
    append_decimal(out, value);
    out += 'e';
}

/// The keys before "peers", in the order that bencode demands.
void put_head(std::string& out, const ReplyTimes& times, const SwarmCounts& counts,
              const net::Address& asker) {
    out += 'd';
    put_number(out, "complete", counts.seeds);
    put_number(out, "downloaded", counts.downloaded);
    put_text(out, "external ip");
    const auto put_address = [&](const auto& bytes) {
        put_text(out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    };
    if (asker.is_v4()) {
        put_address(asker.to_v4().to_bytes());
    } else {
        put_address(asker.to_v6().to_bytes());
    }
    put_number(out, "incomplete", counts.leechers);
    put_number(out, "interval", times.interval.count());
    put_number(out, "min interval", times.min_interval.count());
}

template <class Address>
void put_peer(std::string& out, std::string_view entry, const Digest<20>* id) {
    typename Address::bytes_type raw;
    const Bytes bytes = bytes_of(entry);
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = std::to_integer<unsigned char>(bytes[i]);
    out += 'd';
    put_text(out, "ip");
    put_text(out, Address(raw).to_string());
    if (id != nullptr && !id->is_zero()) {
        put_text(out, "peer id");
        put_text(out, text_of(id->view()));
    }
    put_number(out, "port", load_big_endian<std::uint16_t>(bytes.subspan(raw.size())));
    out += 'e';
}

}  // namespace

void write_failure(std::string& out, std::string_view reason,
                   std::optional<std::chrono::minutes> retry_in) {
    out += 'd';
    put_text(out, "failure reason");
    put_text(out, reason);
    if (retry_in) put_number(out, "retry in", retry_in->count());
    out += 'e';
}

void write_compact(std::string& out, const ReplyTimes& times, const SwarmCounts& counts,
                   const net::Address& asker, const PeerSample& peers) {
    put_head(out, times, counts, asker);
    put_text(out, "peers");
    put_text(out, peers.v4);
    if (!peers.v6.empty()) {
        put_text(out, "peers6");
        put_text(out, peers.v6);
    }
    out += 'e';
}

void write_dictionaries(std::string& out, const ReplyTimes& times, const SwarmCounts& counts,
                        const net::Address& asker, const PeerSample& peers) {
    put_head(out, times, counts, asker);
    put_text(out, "peers");
    out += 'l';
    const Digest<20>* id = peers.ids.empty() ? nullptr : peers.ids.data();
    const auto next_id = [&] { return id == nullptr ? nullptr : id++; };
    for (std::string_view rest = peers.v4; !rest.empty(); rest.remove_prefix(v4_entry)) {
        put_peer<ip::address_v4>(out, rest.substr(0, v4_entry), next_id());
    }
    for (std::string_view rest = peers.v6; !rest.empty(); rest.remove_prefix(v6_entry)) {
        put_peer<ip::address_v6>(out, rest.substr(0, v6_entry), next_id());
    }
    out += "ee";
}

void write_scrape(std::string& out, const ReplyTimes& times,
                  const std::vector<std::pair<InfoHash, SwarmCounts>>& swarms) {
    out += 'd';
    put_text(out, "files");
    out += 'd';
    for (const auto& [info_hash, counts] : swarms) {
        put_text(out, text_of(info_hash.view()));
        out += 'd';
        put_number(out, "complete", counts.seeds);
        put_number(out, "downloaded", counts.downloaded);
        put_number(out, "incomplete", counts.leechers);
        out += 'e';
    }
    out += 'e';
    put_text(out, "flags");
    out += 'd';
    put_number(out, "min_request_interval", times.min_interval.count());
    out += "ee";
}

}  // namespace shoal::tracker

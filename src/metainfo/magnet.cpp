#include "metainfo/magnet.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/text.h"
#include "metainfo/metainfo.h"

namespace shoal::metainfo {
namespace {

constexpr std::size_t max_peers = 200;
constexpr std::size_t max_ranges = 10'000;

std::unexpected<Error> broken(std::string_view why) {
    return fail(ErrorCode::bad_data, "not a usable magnet link: {}", why);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

/// Cuts the prefix off if the text begins with it, in upper or lower case.
bool skip_prefix(std::string_view& text, std::string_view prefix) {
    if (!equal_ignoring_case(text.substr(0, prefix.size()), prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// Resolves %XX; what is no escape stays as it is.
std::string decode_percent(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte =
            text[i] == '%' && i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
        if (byte) {
            plain += text_of(*byte);
            i += 2;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

/// Escapes all but letters, digits and "-._~" (RFC 3986), and what `keep` names.
std::string encode_percent(std::string_view text, std::string_view keep = "") {
    std::string escaped;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || std::string_view("-._~").contains(c) ||
                           keep.contains(c);
        if (plain) {
            escaped += c;
        } else {
            escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return escaped;
}

/// RFC 4648, without padding, in upper or lower case.
std::optional<ByteVector> from_base32(std::string_view text) {
    ByteVector bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        std::uint32_t value = 0;
        if (c >= 'A' && c <= 'Z') {
            value = static_cast<std::uint32_t>(c - 'A');
        } else if (c >= 'a' && c <= 'z') {
            value = static_cast<std::uint32_t>(c - 'a');
        } else if (c >= '2' && c <= '7') {
            value = static_cast<std::uint32_t>(c - '2') + 26;
        } else {
            return std::nullopt;
        }
        bits = (bits << 5 | value) & 0xfff;
        count += 5;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<std::byte>(bits >> count & 0xff));
        }
    }
    return bytes;
}

template <class DigestType>
Result<void> take_hash(std::optional<DigestType>& slot, const std::optional<ByteVector>& bytes) {
    if (!bytes || bytes->size() != DigestType::size) return broken("its hash is damaged");
    const DigestType hash = DigestType::from(*bytes);
    if (hash.is_zero()) return broken("its hash is all zeros");
    if (slot && *slot != hash) return broken("it names two different torrents");
    slot = hash;
    return {};
}

Result<void> take_topic(Magnet& magnet, std::string_view topic) {
    if (skip_prefix(topic, "urn:btih:")) {
        return take_hash(magnet.hash_v1, topic.size() == 32 ? from_base32(topic) : from_hex(topic));
    }
    if (skip_prefix(topic, "urn:btmh:")) {
        // A multihash: 0x12 is SHA-256, 0x20 its length.
        if (!topic.starts_with("1220")) return broken("its hash is of an unknown kind");
        return take_hash(magnet.hash_v2, from_hex(topic.substr(4)));
    }
    return {};  // the same file in another network
}

bool is_peer_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.size() > 260) return false;
    const std::string_view host = text.substr(0, colon);
    const auto port = parse_number(text.substr(colon + 1));
    const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
    const bool named = std::ranges::all_of(host, [](char c) {
        return c > ' ' && c < 0x7f && !std::string_view(":/[]@?#\\").contains(c);
    });
    const bool address =
        bracketed && std::ranges::all_of(host.substr(1, host.size() - 2), [](char c) {
            return std::string_view("0123456789abcdefABCDEF:.").contains(c);
        });
    return !host.empty() && (named || address) && port && *port >= 1 && *port <= 65535;
}

Result<void> take_selection(Magnet& magnet, std::string_view list) {
    while (true) {
        const std::size_t comma = list.find(',');
        const std::string_view range = list.substr(0, comma);
        const std::size_t dash = range.find('-');
        const auto first = parse_number(range.substr(0, dash));
        const auto last =
            dash == std::string_view::npos ? first : parse_number(range.substr(dash + 1));
        if (!first || !last || *first < 0 || *last < *first || *last > UINT32_MAX) {
            return broken("its selection of files is damaged");
        }
        if (magnet.selected.size() >= max_ranges) return broken("it selects too many files");
        magnet.selected.emplace_back(static_cast<std::uint32_t>(*first),
                                     static_cast<std::uint32_t>(*last));
        if (comma == std::string_view::npos) return {};
        list.remove_prefix(comma + 1);
    }
}

Result<void> take_parameter(Magnet& magnet, std::string_view key, std::string_view raw) {
    const std::string value = decode_percent(raw);
    const auto add = [&](std::vector<std::string>& list, std::size_t limit) {
        if (list.size() < limit && std::ranges::find(list, value) == list.end())
            list.push_back(value);
    };
    // Several of a kind may be numbered: xt.1, xt.2.
    if (key == "xt" || key.starts_with("xt.")) return take_topic(magnet, value);
    if (key == "so") return take_selection(magnet, value);
    if ((key == "tr" || key.starts_with("tr.")) && is_tracker_url(value)) {
        add(magnet.trackers, max_trackers);
    } else if (key == "x.pe" && is_peer_address(value)) {
        add(magnet.peers, max_peers);
    } else if (key == "dn") {
        // Forms write a space as '+'; a plus sign itself comes as %2B.
        std::string spaced(raw);
        std::ranges::replace(spaced, '+', ' ');
        magnet.name = decode_percent(spaced);
    }
    return {};
}

}  // namespace

Result<Magnet> Magnet::parse(std::string_view text) {
    if (text.size() > max_magnet_bytes) return broken("it is too long");
    if (!skip_prefix(text, "magnet:?")) return broken("it does not begin with magnet:?");
    text = text.substr(0, text.find('#'));
    Magnet magnet;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        skip_prefix(pair, "amp;");  // copied out of a web page's source
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        if (auto ok = take_parameter(magnet, pair.substr(0, equals), pair.substr(equals + 1));
            !ok) {
            return std::unexpected(ok.error());
        }
    }
    if (!magnet.hash_v1 && !magnet.hash_v2)
        return broken("it has no BitTorrent hash (xt=urn:btih:)");
    return magnet;
}

std::string Magnet::to_string() const {
    std::string text = "magnet:?";
    const auto add = [&](std::string_view key, std::string_view value) {
        if (!text.ends_with('?')) text += '&';
        text += fmt::format("{}={}", key, value);
    };
    if (hash_v1) add("xt", "urn:btih:" + hash_v1->hex());
    if (hash_v2) add("xt", "urn:btmh:1220" + hash_v2->hex());
    if (!name.empty()) add("dn", encode_percent(name));
    for (const std::string& tracker : trackers) add("tr", encode_percent(tracker));
    for (const std::string& peer : peers) add("x.pe", encode_percent(peer, ":[]"));
    std::string ranges;
    for (const auto& [first, last] : selected) {
        ranges += ranges.empty() ? "" : ",";
        ranges += first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    }
    if (!ranges.empty()) add("so", ranges);
    return text;
}

InfoHash Magnet::info_hash() const {
    return hash_v1 ? *hash_v1 : InfoHash::from(hash_v2->view());
}

}  // namespace shoal::metainfo

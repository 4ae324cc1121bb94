#include "wire/handshake.h"

#include <algorithm>
#include <cassert>
#include <string_view>

#include "base/text.h"

namespace shoal::wire {
namespace {

constexpr std::string_view protocol =
    "\x13"
    "BitTorrent protocol";
constexpr std::size_t reserved_at = 20;
constexpr std::size_t hash_at = 28;
constexpr std::size_t id_at = 48;

// Places of the capability bits in the eight reserved bytes.
constexpr std::size_t extended_byte = 5;
constexpr std::byte extended_bit{0x10};
constexpr std::size_t fast_byte = 7;
constexpr std::byte fast_bit{0x04};
constexpr std::size_t upgrades_byte = 7;
constexpr std::byte upgrades_bit{0x10};

}  // namespace

std::array<std::byte, Handshake::size> Handshake::encode() const {
    std::array<std::byte, size> out{};
    std::ranges::copy(bytes_of(protocol), out.begin());
    if (extended) out[reserved_at + extended_byte] |= extended_bit;
    if (fast) out[reserved_at + fast_byte] |= fast_bit;
    if (upgrades) out[reserved_at + upgrades_byte] |= upgrades_bit;
    std::ranges::copy(info_hash.bytes, out.begin() + hash_at);
    std::ranges::copy(peer_id.bytes, out.begin() + id_at);
    return out;
}

Result<Handshake> Handshake::parse(Bytes bytes) {
    if (bytes.size() < size || !text_of(bytes).starts_with(protocol)) {
        return fail(ErrorCode::bad_data, "the other side does not speak BitTorrent");
    }
    const Bytes reserved = bytes.subspan(reserved_at, 8);
    const auto has = [&](std::size_t byte, std::byte bit) {
        return (reserved[byte] & bit) != std::byte{0};
    };
    Handshake handshake;
    handshake.extended = has(extended_byte, extended_bit);
    handshake.fast = has(fast_byte, fast_bit);
    handshake.upgrades = has(upgrades_byte, upgrades_bit);
    handshake.info_hash = InfoHash::from(bytes.subspan(hash_at));
    handshake.peer_id = PeerId::from(bytes.subspan(id_at));
    return handshake;
}

PeerId make_peer_id(Bytes random) {
    constexpr std::string_view style = "-SH0100-";
    assert(random.size() >= PeerId::size - style.size());
    PeerId id;
    const auto rest = std::ranges::copy(bytes_of(style), id.bytes.begin()).out;
    std::copy_n(random.begin(), PeerId::size - style.size(), rest);
    return id;
}

std::string client_of(const PeerId& id) {
    const std::string_view text = text_of(id.view()).substr(0, 8);
    const bool styled = text.front() == '-' && text.back() == '-' &&
                        std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
    return styled ? std::string(text) : to_hex(id.view().first(8));
}

}  // namespace shoal::wire

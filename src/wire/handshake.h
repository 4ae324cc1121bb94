// The first 68 bytes of a peer connection (BEP 3), with the capability bits of BEP 6, 10 and 52.
#pragma once
#include <array>
#include <string>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"

namespace shoal::wire {

using PeerId = Digest<20>;

struct Handshake {
    static constexpr std::size_t size = 68;

    bool fast = false;      ///< fast extension (BEP 6)
    bool extended = false;  ///< extension protocol (BEP 10)
    bool upgrades = false;  ///< can speak v2 on a connection begun with the v1 hash (BEP 52)
    InfoHash info_hash;
    PeerId peer_id;

    [[nodiscard]] std::array<std::byte, size> encode() const;
    /// bad_data: fewer than 68 bytes, or another protocol.
    static Result<Handshake> parse(Bytes bytes);
};

/// A peer id in the Azureus style, "-SH0100-" and twelve bytes from `random`.
PeerId make_peer_id(Bytes random);

/// The client a peer id belongs to, printable: "-TR3000-" for a known style, else hexadecimal.
std::string client_of(const PeerId& id);

}  // namespace shoal::wire

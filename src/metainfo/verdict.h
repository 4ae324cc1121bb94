// What the hashes of a piece say about it, v1 and v2 alike.
#pragma once
#include <cstdint>

#include "metainfo/metainfo.h"
#include "metainfo/piece_digests.h"

namespace shoal::metainfo {

enum class Verdict : std::uint8_t {
    good,
    bad,
    /// A hybrid torrent whose SHA-1 holds while its SHA-256 does not, or the reverse: the torrent
    /// itself is at fault, not the peer that sent the piece.
    halves_disagree,
};

/// The halves by which a piece can be checked: a hybrid torrent whose layers are not known (it came
/// by magnet link) has its v1 half alone. A v2 torrent must have its layers.
Format checked_format(const Info& info);
/// What the digests of a piece in checked_format() say about it.
Verdict judge(const Info& info, PieceIndex piece, const PieceDigests& found);

}  // namespace shoal::metainfo

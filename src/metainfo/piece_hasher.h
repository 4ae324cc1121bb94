// Checks the bytes of one piece against what the torrent says, v1 and v2 alike.
#pragma once
#include <cstdint>

#include "metainfo/metainfo.h"
#include "metainfo/piece_digester.h"

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

/// Takes the first piece_data_size bytes of a piece in order, in portions of any size, and adds
/// the zeros of its padding itself. One use each. Distinct objects may be used by distinct
/// threads at once.
class PieceHasher {
  public:
    /// The info must outlive this object.
    PieceHasher(const Info& info, PieceIndex piece);

    /// Bytes beyond piece_data_size must not come.
    void update(Bytes bytes) { digester_.update(bytes); }
    /// A piece of which bytes are missing is bad.
    [[nodiscard]] Verdict finish();

  private:
    const Info& info_;
    PieceIndex piece_;
    PieceDigester digester_;
};

}  // namespace shoal::metainfo

// Checks the bytes of one piece against what the torrent says, v1 and v2 alike.
#pragma once
#include <cstdint>
#include <optional>

#include "base/hash.h"
#include "metainfo/metainfo.h"

namespace shoal::metainfo {

enum class Verdict : std::uint8_t {
    good,
    bad,
    /// A hybrid torrent whose SHA-1 holds while its SHA-256 does not, or the reverse: the torrent
    /// itself is at fault, not the peer that sent the piece.
    halves_disagree,
};

/// Takes the first piece_data_size bytes of a piece in order, in portions of any size, and adds
/// the zeros of its padding itself. One use each. Distinct objects may be used by distinct
/// threads at once.
class PieceHasher {
  public:
    /// The info must outlive this object, and has_layers() must hold.
    PieceHasher(const Info& info, PieceIndex piece);

    void update(Bytes bytes);
    [[nodiscard]] Verdict finish();

  private:
    void finish_block();

    const Info& info_;
    PieceIndex piece_;
    std::optional<Sha1> v1_;
    std::optional<Sha256> block_;  ///< running digest of the current block (v2)
    std::uint32_t block_filled_ = 0;
    std::vector<Sha256Digest> blocks_;
};

}  // namespace shoal::metainfo

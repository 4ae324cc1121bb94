// Computes what the hashes of a piece are, v1 and v2 alike, from its bytes.
#pragma once
#include <cstdint>
#include <optional>

#include "base/hash.h"
#include "metainfo/merkle.h"
#include "metainfo/metainfo.h"

namespace shoal::metainfo {

struct PieceDigests {
    Sha1Digest v1;    ///< zero when v2 only
    Sha256Digest v2;  ///< Merkle root over the piece's blocks (BEP 52); zero when v1 only
};

/// Takes the first piece_data_size bytes of a piece in order, in portions of any size, and adds
/// the zeros of its padding itself. One use each. Distinct objects may be used by distinct
/// threads at once.
class PieceDigester {
  public:
    /// The layout must outlive this object.
    PieceDigester(const Layout& layout, Format format, PieceIndex piece);

    /// Bytes beyond piece_data_size must not come.
    void update(Bytes bytes);
    /// Whether all bytes are there; finish() requires it.
    [[nodiscard]] bool complete() const;
    [[nodiscard]] PieceDigests finish();

  private:
    void update_blocks(Bytes bytes);
    void add_whole_blocks(Bytes bytes);
    void finish_block();

    const Layout& layout_;
    PieceIndex piece_;
    std::uint32_t received_ = 0;
    std::optional<Sha1> v1_;
    std::optional<Sha256> block_;  ///< running digest of the current block (v2)
    std::uint32_t block_filled_ = 0;
    MerkleRoot blocks_;
};

}  // namespace shoal::metainfo

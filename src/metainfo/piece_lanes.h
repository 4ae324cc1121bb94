// Computes the hashes of several pieces at once, v1 and v2 alike, each piece in a lane of its own.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "hashing/many.h"
#include "metainfo/merkle.h"
#include "metainfo/metainfo.h"
#include "metainfo/piece_digests.h"

namespace shoal::metainfo {

/// The pieces may be of different torrents. In each lane: begin(), then update() until left() is
/// 0, then finish(). Not thread-safe; distinct objects may be used by distinct threads.
class PieceLanes {
  public:
    static constexpr std::size_t count = hashing::enough_messages;

    PieceLanes() : v1_(count) {}

    /// What the lane was busy with is forgotten.
    void begin(std::size_t lane, const Layout& layout, Format format, PieceIndex piece);

    /// Takes parts[lane] as the next bytes of each lane's piece, up to piece_data_size. Each must
    /// be a multiple of block_size, but for the last of a piece; a lane may go without. The zeros
    /// of padding are added here, some at every call, and must not come.
    void update(const std::array<Bytes, count>& parts);

    /// Bytes that are still to be taken, and those of them that are data.
    [[nodiscard]] std::uint32_t left(std::size_t lane) const;
    [[nodiscard]] std::uint32_t data_left(std::size_t lane) const;
    /// Requires that nothing is left.
    [[nodiscard]] PieceDigests finish(std::size_t lane);

  private:
    struct Lane {
        Format format = Format::v1;
        std::uint32_t data_left = 0;
        std::uint32_t padding_left = 0;
        std::uint32_t merkle_leaves = 0;
        MerkleRoot blocks;
    };

    void update_v1(const std::array<Bytes, count>& parts);
    void update_v2(const std::array<Bytes, count>& parts);

    std::array<Lane, count> lanes_;
    hashing::ManyHasher<Sha1Digest> v1_;
    std::vector<Bytes> blocks_;
    std::vector<Sha256Digest> block_digests_;
};

}  // namespace shoal::metainfo

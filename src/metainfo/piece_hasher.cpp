#include "metainfo/piece_hasher.h"

namespace shoal::metainfo {

PieceHasher::PieceHasher(const Info& info, PieceIndex piece)
    : info_(info),
      piece_(piece),
      format_(info.has_layers() ? info.format() : Format::v1),
      digester_(info.layout(), format_, piece) {}

Verdict PieceHasher::finish() {
    if (!digester_.complete()) return Verdict::bad;
    const PieceDigests found = digester_.finish();
    const bool v1 = format_ == Format::v2 || found.v1 == info_.piece_hash_v1(piece_);
    const bool v2 = format_ == Format::v1 || found.v2 == info_.piece_hash_v2(piece_);
    if (v1 && v2) return Verdict::good;
    // With one half alone the other counts as fulfilled, and is no witness.
    return format_ == Format::hybrid && v1 != v2 ? Verdict::halves_disagree : Verdict::bad;
}

}  // namespace shoal::metainfo

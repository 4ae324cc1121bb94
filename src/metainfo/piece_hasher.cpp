#include "metainfo/piece_hasher.h"

namespace shoal::metainfo {

PieceHasher::PieceHasher(const Info& info, PieceIndex piece)
    : info_(info), piece_(piece), digester_(info.layout(), info.format(), piece) {}

Verdict PieceHasher::finish() {
    if (!digester_.complete()) return Verdict::bad;
    const PieceDigests found = digester_.finish();
    const bool v1 = !info_.has_v1() || found.v1 == info_.piece_hash_v1(piece_);
    const bool v2 = !info_.has_v2() || found.v2 == info_.piece_hash_v2(piece_);
    if (v1 && v2) return Verdict::good;
    // With one half alone the other counts as fulfilled, and is no witness.
    return info_.format() == Format::hybrid && v1 != v2 ? Verdict::halves_disagree : Verdict::bad;
}

}  // namespace shoal::metainfo

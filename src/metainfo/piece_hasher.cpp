#include "metainfo/piece_hasher.h"

namespace shoal::metainfo {

Format checked_format(const Info& info) {
    return info.has_layers() ? info.format() : Format::v1;
}

Verdict judge(const Info& info, PieceIndex piece, const PieceDigests& found) {
    const Format format = checked_format(info);
    const bool v1 = format == Format::v2 || found.v1 == info.piece_hash_v1(piece);
    const bool v2 = format == Format::v1 || found.v2 == info.piece_hash_v2(piece);
    if (v1 && v2) return Verdict::good;
    // With one half alone the other counts as fulfilled, and is no witness.
    return format == Format::hybrid && v1 != v2 ? Verdict::halves_disagree : Verdict::bad;
}

PieceHasher::PieceHasher(const Info& info, PieceIndex piece)
    : info_(info), piece_(piece), digester_(info.layout(), checked_format(info), piece) {}

Verdict PieceHasher::finish() {
    if (!digester_.complete()) return Verdict::bad;
    return judge(info_, piece_, digester_.finish());
}

}  // namespace shoal::metainfo

#include "metainfo/verdict.h"

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

}  // namespace shoal::metainfo

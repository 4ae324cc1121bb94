// What the hashes of a piece are, v1 and v2 alike.
#pragma once
#include "base/digest.h"

namespace shoal::metainfo {

struct PieceDigests {
    Sha1Digest v1;    ///< zero when v2 only
    Sha256Digest v2;  ///< Merkle root over the piece's blocks (BEP 52); zero when v1 only
};

}  // namespace shoal::metainfo

// The kernels for one message, on every processor.
#pragma once
#include "hashing/compress.h"

namespace shoal::hashing {

Compress sha1_plain;
Compress sha256_plain;

}  // namespace shoal::hashing

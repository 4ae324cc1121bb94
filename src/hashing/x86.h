// The kernels for x86-64. Each runs only on processors that have what its name says.
#pragma once
#include "hashing/compress.h"

namespace shoal::hashing {

Compress sha1_avx512;    ///< 16 messages
Compress sha256_avx512;  ///< 16 messages
Compress sha1_avx2;      ///< 8 messages
Compress sha256_avx2;    ///< 8 messages
// By the instructions made for it, which take two messages in turns in little more time than one.
Compress sha1_sha_ni;    ///< 2 messages
Compress sha256_sha_ni;  ///< 2 messages

}  // namespace shoal::hashing

// Bytes to be hashed, and what OpenSSL says about them.
#pragma once
#include <random>
#include <vector>

#include "base/hash.h"

namespace shoal::hashing::testing {

inline ByteVector random_bytes(std::size_t size) {
    std::mt19937 random(static_cast<unsigned>(size));
    ByteVector bytes(size);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    return bytes;
}

template <class DigestType>
DigestType expected(Bytes message) {
    Hasher<DigestType> hasher;
    hasher.update(message);
    return hasher.finish();
}

template <class DigestType>
std::vector<DigestType> expected(const std::vector<Bytes>& messages) {
    std::vector<DigestType> digests;
    for (const Bytes message : messages) digests.push_back(expected<DigestType>(message));
    return digests;
}

}  // namespace shoal::hashing::testing

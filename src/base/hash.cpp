// OpenSSL's older interface, which it now discourages: the newer one looks its algorithms up by
// name and reads a configuration first, which takes a millisecond of each start of the program.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hash.h"

#include <openssl/sha.h>
#include <type_traits>

namespace shoal {

template <class DigestType>
struct Hasher<DigestType>::Context {
    static constexpr bool is_sha1 = std::is_same_v<DigestType, Sha1Digest>;

    std::conditional_t<is_sha1, SHA_CTX, SHA256_CTX> state;

    Context() { restart(); }

    // None of them can fail: they allocate nothing.

    void restart() {
        if constexpr (is_sha1) {
            SHA1_Init(&state);
        } else {
            SHA256_Init(&state);
        }
    }
    void update(Bytes bytes) {
        if constexpr (is_sha1) {
            SHA1_Update(&state, bytes.data(), bytes.size());
        } else {
            SHA256_Update(&state, bytes.data(), bytes.size());
        }
    }
    DigestType finish() {
        DigestType digest;
        auto* const out = reinterpret_cast<unsigned char*>(digest.bytes.data());
        if constexpr (is_sha1) {
            SHA1_Final(out, &state);
        } else {
            SHA256_Final(out, &state);
        }
        restart();
        return digest;
    }
};

template <class DigestType>
Hasher<DigestType>::Hasher() : context_(std::make_unique<Context>()) {}
template <class DigestType>
Hasher<DigestType>::~Hasher() = default;
template <class DigestType>
Hasher<DigestType>::Hasher(Hasher&&) noexcept = default;
template <class DigestType>
Hasher<DigestType>& Hasher<DigestType>::operator=(Hasher&&) noexcept = default;

template <class DigestType>
void Hasher<DigestType>::update(Bytes bytes) {
    context_->update(bytes);
}

template <class DigestType>
DigestType Hasher<DigestType>::finish() {
    return context_->finish();
}

template class Hasher<Sha1Digest>;
template class Hasher<Sha256Digest>;

Sha1Digest sha1(Bytes bytes) {
    Sha1 hasher;
    hasher.update(bytes);
    return hasher.finish();
}

Sha256Digest sha256(Bytes bytes) {
    Sha256 hasher;
    hasher.update(bytes);
    return hasher.finish();
}

}  // namespace shoal

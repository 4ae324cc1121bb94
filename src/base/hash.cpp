#include "base/hash.h"

#include <new>
#include <openssl/evp.h>
#include <type_traits>

namespace shoal {
namespace {

template <class DigestType>
const EVP_MD* algorithm() {
    // Fetched once: the implicit fetch of EVP_sha1() on every start takes locks and lookups.
    static const EVP_MD* const fetched =
        EVP_MD_fetch(nullptr, std::is_same_v<DigestType, Sha1Digest> ? "SHA1" : "SHA256", nullptr);
    return fetched;
}

void require(int ok) {
    // OpenSSL digests fail only when memory runs out.
    if (ok != 1) throw std::bad_alloc();
}

}  // namespace

template <class DigestType>
struct Hasher<DigestType>::Context {
    EVP_MD_CTX* evp = EVP_MD_CTX_new();

    Context() {
        if (evp == nullptr) throw std::bad_alloc();
        restart();
    }
    ~Context() { EVP_MD_CTX_free(evp); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    void restart() { require(EVP_DigestInit_ex(evp, algorithm<DigestType>(), nullptr)); }
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
    require(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()));
}

template <class DigestType>
DigestType Hasher<DigestType>::finish() {
    DigestType digest;
    require(EVP_DigestFinal_ex(context_->evp, reinterpret_cast<unsigned char*>(digest.bytes.data()),
                               nullptr));
    context_->restart();
    return digest;
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

// SHA-1 and SHA-256 over bytes that arrive in any portions.
#pragma once
#include <memory>

#include "base/bytes.h"
#include "base/digest.h"

namespace shoal {

/// One running digest. Not thread-safe; distinct objects may be used by distinct threads.
template <class DigestType>
class Hasher {
  public:
    Hasher();
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void update(Bytes bytes);
    /// Returns the digest and starts anew.
    DigestType finish();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

using Sha1 = Hasher<Sha1Digest>;
using Sha256 = Hasher<Sha256Digest>;

Sha1Digest sha1(Bytes bytes);
Sha256Digest sha256(Bytes bytes);

}  // namespace shoal

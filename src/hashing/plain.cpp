// OpenSSL's compression functions, which use what a processor has for one message. Only its older
// interface, which it now discourages, lets a message's state in and out.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "hashing/plain.h"

#include <algorithm>
#include <openssl/sha.h>

#include "hashing/kernels.h"

namespace shoal::hashing {

void sha1_plain(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    SHA_CTX context{};
    context.h0 = state[0];
    context.h1 = state[1];
    context.h2 = state[2];
    context.h3 = state[3];
    context.h4 = state[4];
    SHA1_Update(&context, data[0], blocks * unit);
    state[0] = context.h0;
    state[1] = context.h1;
    state[2] = context.h2;
    state[3] = context.h3;
    state[4] = context.h4;
}

void sha256_plain(std::uint32_t* state, const std::byte* const* data, std::size_t blocks) {
    SHA256_CTX context{};
    std::copy_n(state, 8, context.h);
    SHA256_Update(&context, data[0], blocks * unit);
    std::copy_n(context.h, 8, state);
}

}  // namespace shoal::hashing

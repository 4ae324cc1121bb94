#include "base/base64.h"

#include <algorithm>
#include <openssl/evp.h>

namespace shoal {
namespace {

constexpr std::string_view url_safe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string to_base64url(Bytes bytes) {
    std::string text(((bytes.size() + 2) / 3) * 4 + 1, '\0');  // with room for a final NUL
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                    reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()));
    text.resize((bytes.size() * 4 + 2) / 3);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

std::optional<ByteVector> from_base64url(std::string_view text) {
    // OpenSSL would take blanks and padding, too.
    if (text.find_first_not_of(url_safe) != std::string_view::npos) return std::nullopt;
    std::string padded(text);
    std::replace(padded.begin(), padded.end(), '-', '+');
    std::replace(padded.begin(), padded.end(), '_', '/');
    padded.append((4 - text.size() % 4) % 4, '=');
    ByteVector bytes(padded.size() / 4 * 3);
    const int decoded = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                        reinterpret_cast<const unsigned char*>(padded.data()),
                                        static_cast<int>(padded.size()));
    if (decoded < 0) return std::nullopt;
    bytes.resize(text.size() * 3 / 4);
    // Bits beyond the last byte would be a second text of the same value.
    if (to_base64url(bytes) != text) return std::nullopt;
    return bytes;
}

}  // namespace shoal

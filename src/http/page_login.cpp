#include "http/page_login.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "http/guard.h"

namespace shoal::http {
namespace {

bool same(std::string_view one, std::string_view other) {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace

PageLogin::PageLogin(std::string instance) : cookie_("shoal-" + std::move(instance)) {}

std::string_view PageLogin::cookie_of(const Request& request) const {
    return cookie(request, cookie_);
}

std::string_view PageLogin::secret(const Request& request) const {
    const std::string_view secret = cookie_of(request);
    if (secret.empty() || !changes_state(request)) return secret;
    return same(request.header(token_header), token_of(secret)) ? secret : std::string_view{};
}

std::string PageLogin::token_of(std::string_view secret) {
    Sha256 hasher;
    hasher.update(bytes_of("shoal page token "));
    hasher.update(bytes_of(secret));
    const Sha256Digest digest = hasher.finish();
    return to_base64url(digest.view());
}

void PageLogin::set(const Request& request, Response& response, std::string_view value,
                    std::chrono::seconds lifetime) const {
    response.add_header(
        "Set-Cookie", fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", cookie_,
                                  value, lifetime.count(), request.secure ? "; Secure" : ""));
}

void PageLogin::begin(const Request& request, Response& response, std::string_view secret,
                      std::chrono::seconds lifetime) const {
    set(request, response, secret, lifetime);
}

void PageLogin::end(const Request& request, Response& response) const {
    set(request, response, "", std::chrono::seconds(0));
}

}  // namespace shoal::http

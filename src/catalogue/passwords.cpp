#include "catalogue/passwords.h"

#include <array>
#include <cstring>
#include <sodium.h>
#include <utf8proc.h>

#include "base/text.h"
#include "catalogue/names.h"
#include "catalogue/secrets.h"

namespace shoal::catalogue {

Result<std::string> check_password(std::string_view password, std::size_t least) {
    if (password.size() > max_password_bytes) {
        return fail(ErrorCode::usage, "the password is longer than {} bytes", max_password_bytes);
    }
    if (!is_valid_utf8(password) || password.contains('\0')) {
        return fail(ErrorCode::usage, "the password is no text in UTF-8");
    }
    std::string composed = map_utf8(password, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (count_characters(composed) < least || composed.empty()) {
        return fail(ErrorCode::usage, "the password is too short: it needs {} characters at least",
                    std::max<std::size_t>(least, 1));
    }
    return composed;
}

Passwords::Passwords(PasswordCost cost) : cost_(cost) {
    nobody_ = hash(new_token()).value_or("");
}

Result<std::string> Passwords::hash(std::string_view password) const {
    std::array<char, crypto_pwhash_STRBYTES> encoded{};
    if (sodium_init() < 0 ||
        crypto_pwhash_str_alg(encoded.data(), password.data(), password.size(), cost_.operations,
                              cost_.memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return fail(ErrorCode::failed, "no memory left to hash a password; try again in a moment");
    }
    return std::string(encoded.data());
}

bool Passwords::verify(const std::optional<std::string>& hash, std::string_view password) const {
    const std::string& against = hash ? *hash : nobody_;
    const bool same =
        crypto_pwhash_str_verify(against.c_str(), password.data(), password.size()) == 0;
    return same && hash.has_value();
}

}  // namespace shoal::catalogue

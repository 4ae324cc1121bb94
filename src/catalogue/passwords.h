// Passwords: what one may look like, and Argon2id.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace shoal::catalogue {

inline constexpr std::size_t default_least_password = 8;  ///< characters
inline constexpr std::size_t max_password_bytes = 1024;

/// What one hash costs. The default takes 64 MiB and some 50 ms.
struct PasswordCost {
    unsigned long long operations = 2;
    std::size_t memory = 64 << 20;  ///< bytes
};

/// The password in Unicode's composed form, so that it is the same from every keyboard.
/// usage: shorter than `least` characters, too long, or no text.
Result<std::string> check_password(std::string_view password, std::size_t least);

/// Blocks for as long as the hash takes, and takes its memory: run on a queue of its own that lets
/// only a few through at a time. Immutable; may be used by many threads.
class Passwords {
  public:
    explicit Passwords(PasswordCost cost = {});

    /// The encoded hash: algorithm, cost, salt and hash as one text. failed: no memory.
    [[nodiscard]] Result<std::string> hash(std::string_view password) const;
    /// Whether the password is the one of the hash. Without a hash (nobody has that name) the
    /// answer is no, after the same time.
    [[nodiscard]] bool verify(const std::optional<std::string>& hash,
                              std::string_view password) const;

  private:
    PasswordCost cost_;
    std::string nobody_;  ///< the hash of a password that nobody knows
};

}  // namespace shoal::catalogue

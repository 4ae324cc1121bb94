// Which passkeys are good, in memory: every announce asks, and none may wait for the database.
#pragma once
#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "catalogue/secrets.h"

namespace shoal::catalogue {

/// Thread-safe.
class Passkeys {
  public:
    /// The secrets must outlive it.
    explicit Passkeys(const Secrets& secrets) : secrets_(secrets) {}

    struct Entry {
        std::int64_t generation = 0;  ///< that of the only passkey that is good
        bool enabled = false;
    };

    void set(std::int64_t user, Entry entry);
    void replace_all(std::unordered_map<std::int64_t, Entry> entries);

    /// Whose passkey it is; nothing when it was revoked, is made up, or its user disabled.
    /// Allocates nothing.
    [[nodiscard]] std::optional<std::int64_t> user_of(std::string_view passkey) const;

    /// The user's passkey; nothing for a user that is unknown or disabled.
    [[nodiscard]] std::optional<std::string> of_user(std::int64_t user) const;

  private:
    [[nodiscard]] std::optional<Entry> find(std::int64_t user) const;

    const Secrets& secrets_;
    mutable std::shared_mutex mutex_;
    std::unordered_map<std::int64_t, Entry> entries_;
};

}  // namespace shoal::catalogue

#include "catalogue/passkeys.h"

#include <mutex>

namespace shoal::catalogue {

void Passkeys::set(std::int64_t user, Entry entry) {
    const std::lock_guard lock(mutex_);
    entries_[user] = entry;
}

void Passkeys::replace_all(std::unordered_map<std::int64_t, Entry> entries) {
    const std::lock_guard lock(mutex_);
    entries_ = std::move(entries);
}

std::optional<Passkeys::Entry> Passkeys::find(std::int64_t user) const {
    const std::shared_lock lock(mutex_);
    const auto found = entries_.find(user);
    if (found == entries_.end() || !found->second.enabled) return std::nullopt;
    return found->second;
}

std::optional<std::int64_t> Passkeys::user_of(std::string_view passkey) const {
    const auto user = Secrets::claimed_id(passkey);
    if (!user) return std::nullopt;
    const auto entry = find(*user);
    if (!entry || !secrets_.verify(passkey, SecretKind::passkey, *user, entry->generation)) {
        return std::nullopt;
    }
    return user;
}

std::optional<std::string> Passkeys::of_user(std::int64_t user) const {
    const auto entry = find(user);
    if (!entry) return std::nullopt;
    return secrets_.derive(SecretKind::passkey, user, entry->generation);
}

}  // namespace shoal::catalogue

// The tracker's secret key, and what is derived from it: passkeys and codes that can be shown
// again; and tokens, which cannot.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal::catalogue {

/// What a derived text is good for; one of a kind is none of another.
enum class SecretKind : char {
    passkey = 'p',     ///< id: the user; generation: counts the passkeys given out before
    invitation = 'i',  ///< id: the invitation
    setup = 's',       ///< id: 0
    page = 'w',        ///< id: the second at which it ends, as Unix counts
    instance = 'n',    ///< id: 0
};

/// Derived texts are 32 characters of base64url: the id, then a MAC of 128 bits over kind, id and
/// generation. Nothing about them is stored. Immutable; may be used by many threads.
class Secrets {
  public:
    static constexpr std::size_t key_bytes = 32;
    static constexpr std::size_t derived_characters = 32;

    /// Reads the key file, or makes it (mode 0600) when there is none; of processes that start at
    /// once all get the same. bad_data: a file that is no key; refused: one that others may read.
    static Result<Secrets> open(const std::filesystem::path& file);

    Secrets(Secrets&&) noexcept;
    Secrets& operator=(Secrets&&) = delete;
    Secrets(const Secrets&) = delete;
    Secrets& operator=(const Secrets&) = delete;
    ~Secrets();

    [[nodiscard]] std::string derive(SecretKind kind, std::int64_t id,
                                     std::int64_t generation) const;

    /// Eight characters of base64url that tell one key from another, and nothing of it.
    [[nodiscard]] std::string instance() const;

    /// The id that a derived text claims, unchecked; nothing when it has another form.
    static std::optional<std::int64_t> claimed_id(std::string_view text);
    /// Whether the text is what derive() gives. Takes the same time for every text of the right
    /// form; allocates nothing.
    [[nodiscard]] bool verify(std::string_view text, SecretKind kind, std::int64_t id,
                              std::int64_t generation) const;

  private:
    static constexpr std::size_t mac_bytes = 16;
    using Raw = std::array<unsigned char, 8 + mac_bytes>;

    Secrets() = default;
    static std::optional<Raw> decode(std::string_view text);
    [[nodiscard]] Raw raw(SecretKind kind, std::int64_t id, std::int64_t generation) const;

    std::array<unsigned char, key_bytes> key_{};
};

/// 256 random bits as 43 characters of base64url.
std::string new_token();
/// Whether two secrets are the same; the time it takes tells nothing of where they differ.
bool same_secret(std::string_view one, std::string_view other);
/// What is stored instead of a token. A token has too many bits to be guessed, so that a quick
/// hash is enough.
std::string token_hash(std::string_view token);

}  // namespace shoal::catalogue

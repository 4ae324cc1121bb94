// Join links: how a tracker's address, its key and an invitation travel from one person to another.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/tls_client.h"

namespace shoal::discovery {

/// "http://HOST:PORT/join#1/k=FINGERPRINT/i=CODE". What stands behind the '#' never travels to a
/// server, so that opening the link with a browser tells the way nothing. The 1 is the version of
/// that part. It has no character that a shell or a chat would take for its own.
struct JoinLink {
    std::string host;  ///< name in lower case, or address; without brackets
    std::uint16_t port = 0;
    net::KeyFingerprint fingerprint;        ///< of the tracker's TLS key
    std::optional<std::string> invitation;  ///< 32 characters of base64url; a secret
    std::optional<std::string> setup;       ///< likewise; makes the first administrator

    bool operator==(const JoinLink&) const = default;

    /// With the invitation or the set-up code, so it is for people's eyes and no log.
    [[nodiscard]] std::string to_string() const;
    /// The tracker's address without anything secret: "http://HOST:PORT".
    [[nodiscard]] std::string server() const;
};

inline constexpr std::size_t max_join_link_bytes = 1024;

/// Blanks around it are ignored, as are parameters that this version does not know.
/// bad_data: no join link, or a damaged one. unsupported: of another version. The message repeats
/// nothing of the link.
Result<JoinLink> parse_join_link(std::string_view text);

}  // namespace shoal::discovery

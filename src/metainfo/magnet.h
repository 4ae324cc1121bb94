// Magnet links (BEP 9, BEP 53): a torrent named by its hash, as one line of text.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/error.h"

namespace shoal::metainfo {

struct Magnet {
    std::optional<Sha1Digest> hash_v1;    ///< xt=urn:btih:, hexadecimal or base32
    std::optional<Sha256Digest> hash_v2;  ///< xt=urn:btmh:1220…
    std::string name;                     ///< dn, for show; empty when absent
    std::vector<std::string> trackers;    ///< tr
    std::vector<std::string> peers;       ///< x.pe, as HOST:PORT
    /// so: files to select (BEP 53), as first and last index; empty for all.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> selected;

    /// bad_data: no magnet link, none with a usable hash, or a damaged selection. Trackers and
    /// peers that cannot be such are left out.
    static Result<Magnet> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    /// What peers and trackers call it by; v1 where there is one.
    [[nodiscard]] InfoHash info_hash() const;
};

/// A longer text is no magnet link.
inline constexpr std::size_t max_magnet_bytes = 128 << 10;

}  // namespace shoal::metainfo

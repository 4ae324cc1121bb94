// What a peer shares or fetches, as its record says it: what must survive a restart.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"

namespace shoal::node {

enum class Kind : std::uint8_t {
    published,   ///< the user's own, under a name in the group
    fetched,     ///< from the group by its name, and shared on under it
    seeded,      ///< the user's own, by a torrent, outside the group's catalogue
    downloaded,  ///< by a torrent or magnet link, outside the group's catalogue
};

/// What the user wants of it.
enum class Intent : std::uint8_t {
    running,
    paused,   ///< no traffic
    stopped,  ///< nor is it in the catalogue
};

/// Files of a torrent that follow each other.
struct FileRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    bool operator==(const FileRange&) const = default;
};

/// What a record can hold.
constexpr std::size_t max_file_ranges = 20'000;

/// The ranges of files for which `wanted` is false, and the reverse for a torrent of `files` files.
std::vector<FileRange> unwanted_ranges(const std::vector<bool>& wanted);
std::vector<bool> wanted_of(const std::vector<FileRange>& unwanted, std::size_t files);

struct Item {
    std::int64_t id = 0;
    Kind kind = Kind::published;
    Intent intent = Intent::running;
    std::string name;                   ///< in the group, or the torrent's
    std::filesystem::path path;         ///< absolute: where the content is, or is to be
    std::optional<InfoHash> info_hash;  ///< none while it is being hashed
    std::uint32_t piece_length = 0;     ///< bytes, as asked for; 0: chosen by size
    bool watched = false;               ///< found in the shared folder
    bool complete = false;              ///< all of it was verified at the path
    /// Of the content as it was when it was verified; see content_stamp().
    std::optional<Sha1Digest> stamp{};
    std::string magnet{};                 ///< of a download without a torrent yet
    std::vector<std::string> trackers{};  ///< besides the torrent's own, outside the group
    std::vector<std::string> from{};      ///< IP:PORT; not empty: these peers alone
    bool single_source = false;
    /// Patterns of the files to fetch, until it is known which files these are; none: all.
    std::vector<std::string> files{};
    /// Numbers of the torrent's files that are not wanted: first and last of each range, ascending.
    std::vector<FileRange> unwanted{};
    /// It stands at the path as far as it was wanted before, and more is wanted now.
    bool taken_back = false;
    ByteCount max_down = 0;  ///< bytes a second; 0: no limit
    ByteCount max_up = 0;
    std::int64_t added = 0;    ///< when it came to be here: seconds since 1970; 0: not known
    ByteCount downloaded = 0;  ///< payload bytes in earlier runs
    ByteCount uploaded = 0;

    /// Whether the group's catalogue, passkeys and wall apply.
    [[nodiscard]] bool of_group() const { return kind == Kind::published || kind == Kind::fetched; }
    /// Whether the content comes from peers, or came from them.
    [[nodiscard]] bool from_peers() const {
        return kind == Kind::fetched || kind == Kind::downloaded;
    }
    bool operator==(const Item&) const = default;
};

std::string_view kind_name(Kind kind);
std::string_view intent_name(Intent intent);
std::optional<Intent> parse_intent(std::string_view name);

/// One JSON document.
std::string encode_item(const Item& item);
/// bad_data: damaged, or of a later version.
Result<Item> decode_item(std::string_view document);

}  // namespace shoal::node

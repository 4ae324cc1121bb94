// What a torrent is: the contents of a .torrent file (BEP 3, 12, 27, 47, 52), parsed and checked.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "bencode/document.h"
#include "metainfo/layout.h"

namespace shoal::metainfo {

enum class Format : std::uint8_t { v1, v2, hybrid };

/// Tracker URLs in tiers (BEP 12): all of a tier are tried before the next.
using TrackerTiers = std::vector<std::vector<std::string>>;

/// Bounds on what a torrent may claim; beyond them parsing answers bad_data. They and the share of
/// memory that names may take keep a hostile torrent of any shape below 100 MiB in all.
inline constexpr std::size_t max_torrent_bytes = 40 << 20;
inline constexpr std::uint32_t max_pieces = 2'000'000;
inline constexpr std::uint32_t max_piece_length = 256 << 20;
inline constexpr std::size_t max_trackers = 200;

/// The info dictionary, parsed: all that decides which bytes the torrent stands for. Immutable
/// once its layers are known, and shared; may then be read from many threads. Movable, not
/// copyable, because its parts point into the encoded torrent that it owns.
class Info {
  public:
    /// Parses an encoded info dictionary, such as peers hand out for a magnet link (BEP 9). For
    /// v2 and hybrid torrents the piece layers stand outside it and come through add_layers().
    /// bad_data: anything broken, absurd or unsafe; unsupported: a meta version beyond 2.
    static Result<Info> parse(ByteVector encoded);

    Info(Info&&) = default;
    Info& operator=(Info&&) = default;
    Info(const Info&) = delete;
    Info& operator=(const Info&) = delete;
    ~Info() = default;

    [[nodiscard]] Format format() const { return format_; }
    [[nodiscard]] bool has_v1() const { return format_ != Format::v2; }
    [[nodiscard]] bool has_v2() const { return format_ != Format::v1; }
    /// Name of the file or folder; checked to be safe as one path component.
    [[nodiscard]] const std::string& name() const { return name_; }
    /// A folder, even if with a single file in it.
    [[nodiscard]] bool is_folder() const { return folder_; }
    [[nodiscard]] bool is_private() const { return private_; }
    [[nodiscard]] const Layout& layout() const { return layout_; }
    [[nodiscard]] Bytes encoded() const { return encoded_; }

    /// What peers and trackers call the torrent by: SHA-1 for v1 and hybrid, truncated for v2.
    [[nodiscard]] InfoHash info_hash() const;
    [[nodiscard]] const Sha1Digest& hash_v1() const { return hash_v1_; }    ///< zero when v2 only
    [[nodiscard]] const Sha256Digest& hash_v2() const { return hash_v2_; }  ///< zero when v1 only

    /// Expected SHA-1 of a piece; has_v1() must hold.
    [[nodiscard]] Sha1Digest piece_hash_v1(PieceIndex piece) const;
    /// Expected Merkle root over a piece's blocks (BEP 52); has_v2() and has_layers() must hold.
    [[nodiscard]] Sha256Digest piece_hash_v2(PieceIndex piece) const;
    /// Whether the v2 hashes of single pieces are known (always true for v1).
    [[nodiscard]] bool has_layers() const { return layers_known_; }

    /// Takes the "piece layers" dictionary (encoded), checking every layer against its file's
    /// root. bad_data: a layer that is missing or does not match.
    Result<void> add_layers(Bytes encoded_dictionary);
    /// The "piece layers" dictionary; has_v2() and has_layers() must hold.
    [[nodiscard]] std::string encode_layers() const;

  private:
    friend class InfoParser;
    friend struct Metainfo;
    /// The hashes of a file's pieces, one after the other; for files larger than a piece.
    struct Layer {
        FileIndex file;
        std::uint32_t first_piece;
        Bytes hashes;
    };

    Info() = default;
    Result<void> take_layers(std::optional<bencode::Value> dictionary);

    ByteVector storage_;  ///< the encoded dictionary, or a whole torrent with it inside
    ByteVector layer_storage_;
    Bytes encoded_;
    Bytes pieces_;  ///< the v1 piece hashes
    Format format_ = Format::v1;
    std::string name_;
    bool folder_ = false;
    bool private_ = false;
    bool layers_known_ = true;
    Layout layout_;
    Sha1Digest hash_v1_;
    Sha256Digest hash_v2_;
    std::vector<Layer> layers_;  ///< in file order
};

/// A .torrent file: the info and what surrounds it.
struct Metainfo {
    std::shared_ptr<const Info> info;
    TrackerTiers trackers;
    std::string comment;
    std::string created_by;
    std::optional<std::int64_t> creation_date;  ///< seconds since 1970

    /// bad_data, unsupported: as Info::parse. Trackers that are no URL are left out. Handing over
    /// a vector saves a copy of it.
    static Result<Metainfo> parse(ByteVector torrent);
    static Result<Metainfo> parse(Bytes torrent);
    /// The .torrent file's bytes; without piece layers while they are unknown, as they are for the
    /// info that a magnet link leads to. parse() refuses that.
    [[nodiscard]] std::string encode() const;
};

/// Whether the text is a URL that a tracker can have: http, https, udp, ws or wss with a host.
bool is_tracker_url(std::string_view text);

/// "v1", "v2" or "hybrid".
std::string_view format_name(Format format);

}  // namespace shoal::metainfo

// Making a torrent from files and the digests of its pieces. Reading the files is the caller's.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "metainfo/metainfo.h"
#include "metainfo/piece_digests.h"

namespace shoal::metainfo {

/// A file to be shared, as it will be called in the torrent.
struct NewFile {
    std::vector<std::string> path;  ///< below the folder; for a single file its name
    ByteCount length = 0;
    bool executable = false;  ///< kept in v2 and hybrid torrents
};

struct NewTorrent {
    std::string name;
    bool folder = false;
    std::vector<NewFile> files;  ///< in any order
    Format format = Format::v1;
    std::uint32_t piece_length = 0;  ///< bytes; 0 chooses by size
    bool is_private = false;
};

/// A power of two from 16 KiB to 16 MiB that makes about 1,000 to 2,000 pieces where it can.
std::uint32_t choose_piece_length(ByteCount content_size);

/// The torrent in the making. plan() settles the order of the files and the layout; then every
/// piece of layout() is digested with format() and given to set(), and finish() writes the info.
///
/// Files come in ascending order of the bytes of their paths: of the whole path with its slashes in
/// v1, as the field's tools have it ("a-b/x" before "a/x"), and component by component in v2 and
/// hybrid, as the file tree has it. Hybrid torrents get padding files (BEP 47) between them. v1
/// torrents are written as plain tools do, without attributes, so that the same input has the same
/// info hash everywhere.
class TorrentMaker {
  public:
    /// usage: no files; a piece length that is no power of two of at least 16 KiB, or one too small
    /// for the size; a folder that v2 cannot tell from a file. bad_data: names that a torrent
    /// cannot carry unchanged, the same path twice.
    static Result<TorrentMaker> plan(NewTorrent torrent);

    [[nodiscard]] const Layout& layout() const { return layout_; }
    [[nodiscard]] Format format() const { return torrent_.format; }

    /// Each piece once. Distinct pieces may be set by distinct threads at once.
    void set(PieceIndex piece, const PieceDigests& digests);
    /// The info, its layers known. All pieces must have been set. bad_data: the torrent would be
    /// beyond the bounds of metainfo.h.
    [[nodiscard]] Result<Info> finish() const;

  private:
    TorrentMaker() = default;
    /// The v2 hashes of a file's pieces.
    [[nodiscard]] std::span<const Sha256Digest> layer(FileIndex file) const;
    [[nodiscard]] std::vector<File> files_with_roots() const;
    [[nodiscard]] std::string encode_layers(const std::vector<File>& files) const;

    NewTorrent torrent_;
    Layout layout_;
    std::vector<Sha1Digest> pieces_v1_;
    std::vector<Sha256Digest> pieces_v2_;
};

}  // namespace shoal::metainfo

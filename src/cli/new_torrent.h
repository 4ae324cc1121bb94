// Making a torrent of a file or folder: for `shoal create`, and for the words of the peer's shell.
#pragma once
#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "disk/shared_tree.h"
#include "metainfo/create.h"
#include "metainfo/metainfo.h"

namespace shoal::cli {

struct NewTorrentOptions {
    std::string path;                   ///< what is shared
    std::vector<std::string> trackers;  ///< announce URLs, one a tier
    std::uint32_t piece_length = 0;     ///< 0: chosen by size
    metainfo::Format format = metainfo::Format::v1;
    bool is_private = false;
    unsigned threads = 0;  ///< 0: one a core
};

/// A torrent that is planned and not yet hashed.
class NewTorrent {
  public:
    /// Looks at names and sizes. usage: a malformed tracker URL or piece length. Otherwise as
    /// disk::scan_tree() and metainfo::TorrentMaker::plan().
    static Result<NewTorrent> plan(const NewTorrentOptions& options);

    [[nodiscard]] const disk::SharedTree& tree() const { return tree_; }
    [[nodiscard]] ByteCount size() const { return maker_.layout().content_size(); }
    /// Reads and hashes everything; once. See disk::hash_tree().
    Result<metainfo::Metainfo> make(const std::atomic<bool>& stop,
                                    const disk::HashProgress& progress);

  private:
    NewTorrent(disk::SharedTree tree, metainfo::TorrentMaker maker, metainfo::TrackerTiers trackers,
               unsigned threads);

    disk::SharedTree tree_;
    metainfo::TorrentMaker maker_;
    metainfo::TrackerTiers trackers_;
    unsigned threads_;
};

/// The torrent that stands where another is to go; nothing when the place is free. Found before the
/// hashing, so that a refusal costs no time. refused: something else is there.
Result<std::optional<metainfo::Metainfo>> torrent_in_place(const std::filesystem::path& path);

/// Writes the torrent unless the same one, which is `there`, stands in its place; whether it was
/// written. refused: another one does.
Result<bool> write_torrent(const std::filesystem::path& path,
                           const std::optional<metainfo::Metainfo>& there,
                           const metainfo::Metainfo& torrent);

/// A line on the terminal that says how far the hashing is.
class HashingLine {
  public:
    explicit HashingLine(ByteCount total);
    ~HashingLine();
    HashingLine(const HashingLine&) = delete;
    HashingLine& operator=(const HashingLine&) = delete;
    void show(ByteCount done);

  private:
    ByteCount total_;
    bool terminal_;
    bool shown_ = false;
    TimePoint start_ = Clock::now();
};

/// Bytes of a piece as users write them; 0 for an empty text. usage: no such length.
Result<std::uint32_t> parse_piece_length(const std::string& text);

}  // namespace shoal::cli

// The record of a download's progress, and how far to believe it. docs/resume-format.md gives its
// bytes.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/bitfield.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/random.h"
#include "disk/storage.h"
#include "metainfo/metainfo.h"

namespace shoal::disk {

/// What a download has reached, as its owner sees it.
struct Progress {
    Bitfield pieces;           ///< verified, and written before the call that saves this
    ByteCount downloaded = 0;  ///< since the torrent was begun, over all runs
    ByteCount uploaded = 0;
    bool clean = false;  ///< nothing will be written after this: an orderly end
};

struct Record {
    InfoHash info_hash;
    std::uint64_t generation = 0;  ///< counts the saves
    FileTime saved_at = 0;
    Progress progress;
    std::vector<bool> wanted;       ///< by file
    std::vector<FileStamp> stamps;  ///< by file, then `parts`: Storage::stamps()
};

ByteVector encode_record(const Record& record);

/// bad_data: damaged, of another version, or of another torrent. Takes no more memory than the
/// torrent itself asks for.
Result<Record> decode_record(Bytes encoded, const metainfo::Info& info);

/// What to do before a download goes on. Every piece is in at most one of the three.
struct ResumePlan {
    Bitfield believed;               ///< claimed by the record, and nothing speaks against it
    std::vector<PieceIndex> sample;  ///< claimed too, picked at random: to be hashed first; one
                                     ///< that is bad takes all believed ones down with it
    std::vector<PieceIndex> check;   ///< may be there: only a hash can tell. Ascending
    ByteCount downloaded = 0;
    ByteCount uploaded = 0;
    std::string doubt;  ///< why the record, or part of it, is not believed; empty when it is
};

/// Claimed pieces that are hashed again although nothing speaks against them.
inline constexpr std::size_t resume_sample = 8;

/// Compares a record with the files as stamps() has them: to be called right after prepare() or
/// look(). A file that changed since is not believed,
/// unless it changed as it would have by our own writes between the last save and a crash. Blocks
/// on the disk. No record: everything that has data is to be hashed.
Result<ResumePlan> plan_resume(const Record* record, Storage& storage, Random& random);

}  // namespace shoal::disk

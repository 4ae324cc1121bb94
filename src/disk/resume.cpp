#include "disk/resume.h"

#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstring>
#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace shoal::disk {
namespace {

constexpr std::string_view magic = "SHOALREC";
constexpr std::uint32_t version = 1;
constexpr std::size_t head_bytes = 80;
constexpr std::size_t stamp_bytes = 16;
constexpr std::uint32_t clean_flag = 1;

/// How much later than its record a file may have been written to by a run that crashed: runs save
/// every few seconds, so that what is later was written by someone else.
constexpr FileTime crash_slack = FileTime{60} * 1'000'000'000;

std::size_t record_bytes(std::size_t pieces, std::size_t files) {
    return head_bytes + (pieces + 7) / 8 + (files + 7) / 8 + (files + 1) * stamp_bytes +
           Sha256Digest::size;
}

/// Puts values into bytes of which there are enough, one behind the other.
class Writer {
  public:
    explicit Writer(MutableBytes rest) : rest_(rest) {}

    void bytes(Bytes bytes) {
        std::ranges::copy(bytes, rest_.begin());
        rest_ = rest_.subspan(bytes.size());
    }
    template <std::integral T>
    void number(T value) {
        store_big_endian(static_cast<std::make_unsigned_t<T>>(value), rest_.first(sizeof value));
        rest_ = rest_.subspan(sizeof value);
    }

  private:
    MutableBytes rest_;
};

/// Takes values off the front of bytes whose number was checked before.
class Reader {
  public:
    explicit Reader(Bytes rest) : rest_(rest) {}

    Bytes bytes(std::size_t count) {
        const Bytes taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    template <class T>
    T number() {
        return static_cast<T>(load_big_endian<std::make_unsigned_t<T>>(bytes(sizeof(T))));
    }

  private:
    Bytes rest_;
};

std::unexpected<Error> damaged(std::string_view why) {
    return fail(ErrorCode::bad_data, "the record of the download {}", why);
}

Bitfield to_bitfield(const std::vector<bool>& flags) {
    Bitfield bits(flags.size());
    for (std::size_t i = 0; i < flags.size(); ++i) {
        if (flags[i]) bits.set(i);
    }
    return bits;
}

/// Compares what the record says of each file with what there is.
class Judge {
  public:
    Judge(const Record& record, const Storage& storage, const std::vector<FileStamp>& now)
        : record_(record), storage_(storage), now_(now) {}

    /// The pieces of which a file is not as the record has it.
    Bitfield doubted() {
        Bitfield doubted(storage_.layout().piece_count());
        const auto& files = storage_.layout().files();
        for (std::uint32_t i = 0; i < files.size(); ++i) {
            const FileIndex file(i);
            if (files[i].padding || files[i].length == 0) continue;
            const auto [first, last] = storage_.layout().pieces_of(file);
            const bool believed = storage_.is_wanted(file)
                                      ? is_believed(i, files[i].length, is_whole(first, last))
                                      : is_believed(files.size(), -1, false);
            for (PieceIndex piece = first; !believed && piece < last; ++piece) {
                doubted.set(piece);
                if (doubt_.empty() && record_.progress.pieces[piece]) note(file);
            }
        }
        return doubted;
    }
    [[nodiscard]] const std::string& doubt() const { return doubt_; }

  private:
    [[nodiscard]] bool is_whole(PieceIndex first, PieceIndex last) const {
        for (PieceIndex piece = first; piece < last; ++piece) {
            if (!record_.progress.pieces[piece]) return false;
        }
        return true;
    }

    /// length: what the file must have; -1 for the side file, whose length follows its use.
    [[nodiscard]] bool is_believed(std::size_t number, ByteCount length, bool whole) const {
        const FileStamp& then = record_.stamps[number];
        const FileStamp& now = now_[number];
        if (then.size < 0 || now.size < 0) return false;
        if (length >= 0 ? now.size != length : now.size < then.size) return false;
        if (now.modified == then.modified) return true;
        if (whole || record_.progress.clean) return false;  // we had no reason to touch it
        return now.modified > then.modified && now.modified <= record_.saved_at + crash_slack;
    }

    void note(FileIndex file) {
        doubt_ = fmt::format("'{}' is not as the last run left it", storage_.path_of(file));
    }

    const Record& record_;
    const Storage& storage_;
    const std::vector<FileStamp>& now_;
    std::string doubt_;
};

void take_sample(ResumePlan& plan, Random& random) {
    std::vector<PieceIndex> believed;
    believed.reserve(plan.believed.count());
    plan.believed.for_each_set(
        [&](std::size_t piece) { believed.emplace_back(static_cast<std::uint32_t>(piece)); });
    const std::size_t count = std::min(resume_sample, believed.size());
    for (std::size_t i = 0; i < count; ++i) {
        std::swap(believed[i], believed[i + random.below(believed.size() - i)]);
        plan.sample.push_back(believed[i]);
        plan.believed.clear(believed[i]);
    }
}

}  // namespace

ByteVector encode_record(const Record& record) {
    const Progress& progress = record.progress;
    assert(record.stamps.size() == record.wanted.size() + 1);
    ByteVector out(record_bytes(progress.pieces.size(), record.wanted.size()));
    const std::size_t content_bytes = out.size() - Sha256Digest::size;
    Writer writer{MutableBytes(out)};
    writer.bytes(bytes_of(magic));
    writer.number(version);
    writer.number(progress.clean ? clean_flag : 0u);
    writer.number(record.generation);
    writer.number(record.saved_at);
    writer.number(progress.downloaded);
    writer.number(progress.uploaded);
    writer.bytes(record.info_hash.view());
    writer.number(static_cast<std::uint32_t>(progress.pieces.size()));
    writer.number(static_cast<std::uint32_t>(record.wanted.size()));
    writer.number(std::uint32_t{0});
    writer.bytes(progress.pieces.to_bytes());
    writer.bytes(to_bitfield(record.wanted).to_bytes());
    for (const FileStamp& stamp : record.stamps) {
        writer.number(stamp.size);
        writer.number(stamp.modified);
    }
    writer.bytes(sha256(Bytes(out).first(content_bytes)).view());
    return out;
}

Result<Record> decode_record(Bytes encoded, const metainfo::Info& info) {
    const std::size_t pieces = info.layout().piece_count();
    const std::size_t files = info.layout().files().size();
    if (encoded.size() < head_bytes + Sha256Digest::size) return damaged("was cut short");
    const Bytes content = encoded.first(encoded.size() - Sha256Digest::size);
    if (sha256(content) != Sha256Digest::from(encoded.last(Sha256Digest::size))) {
        return damaged("is damaged");
    }
    Reader reader(content);
    Record record;
    if (text_of(reader.bytes(magic.size())) != magic) return damaged("is none");
    if (reader.number<std::uint32_t>() != version) return damaged("has an unknown version");
    record.progress.clean = (reader.number<std::uint32_t>() & clean_flag) != 0;
    record.generation = reader.number<std::uint64_t>();
    record.saved_at = reader.number<FileTime>();
    record.progress.downloaded = reader.number<ByteCount>();
    record.progress.uploaded = reader.number<ByteCount>();
    record.info_hash = InfoHash::from(reader.bytes(InfoHash::size));
    const auto piece_count = reader.number<std::uint32_t>();
    const auto file_count = reader.number<std::uint32_t>();
    static_cast<void>(reader.number<std::uint32_t>());
    if (record.info_hash != info.info_hash() || piece_count != pieces || file_count != files ||
        encoded.size() != record_bytes(pieces, files)) {
        return damaged("belongs to another torrent");
    }
    record.progress.pieces = Bitfield(pieces);
    Bitfield wanted(files);
    if (!record.progress.pieces.assign(reader.bytes((pieces + 7) / 8)) ||
        !wanted.assign(reader.bytes((files + 7) / 8)) || record.progress.downloaded < 0 ||
        record.progress.uploaded < 0) {
        return damaged("has impossible values");
    }
    record.wanted.resize(files);
    wanted.for_each_set([&](std::size_t file) { record.wanted[file] = true; });
    record.stamps.resize(files + 1);
    for (FileStamp& stamp : record.stamps) {
        stamp.size = reader.number<ByteCount>();
        stamp.modified = reader.number<FileTime>();
    }
    return record;
}

Result<ResumePlan> plan_resume(const Record* record, Storage& storage, Random& random) {
    ResumePlan plan;
    const std::vector<FileStamp> now = storage.stamps();
    const auto with_data = storage.pieces_with_data();
    if (!with_data) return std::unexpected(with_data.error());
    plan.believed = Bitfield(storage.layout().piece_count());

    Bitfield doubted = plan.believed;
    if (record != nullptr) {
        plan.believed = record->progress.pieces;
        plan.downloaded = record->progress.downloaded;
        plan.uploaded = record->progress.uploaded;
        Judge judge(*record, storage, now);
        doubted = judge.doubted();
        plan.doubt = judge.doubt();
    }
    for (std::uint32_t i = 0; i < storage.layout().piece_count(); ++i) {
        const PieceIndex piece(i);
        const bool claimed = plan.believed[piece];
        if (claimed && (doubted[piece] || !(*with_data)[piece])) {
            // Without data it may still be good: file systems that compress keep zeros as holes.
            plan.believed.clear(piece);
            plan.check.push_back(piece);
        } else if (!claimed && (*with_data)[piece]) {
            plan.check.push_back(piece);
        }
    }
    take_sample(plan, random);
    return plan;
}

}  // namespace shoal::disk

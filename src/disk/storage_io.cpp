// The side of a Storage that touches bytes: reading, writing, verifying, and finding what has data.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/text.h"
#include "disk/storage.h"

// The bytes of pieces: to and from the files that they lie in.

namespace shoal::disk {
namespace {

/// Bytes that are read at once to be hashed, warmed or copied: they stay in the processor's cache
/// until they are used, and are enough for a disk to stream.
constexpr std::size_t chunk_bytes = 256 << 10;

/// Memory of the calling thread for one chunk.
MutableBytes chunk() {
    thread_local ByteVector memory(chunk_bytes);
    return memory;
}

/// Takes bytes from a list of buffers, run by run.
class Gather {
  public:
    explicit Gather(std::span<const Bytes> buffers) : rest_(buffers) {}

    /// The next bytes as a list that is valid until the next call.
    std::span<const Bytes> take(ByteCount length) {
        taken_.clear();
        while (length > 0) {
            assert(!rest_.empty());
            const Bytes whole = rest_.front().subspan(used_);
            const Bytes part =
                whole.first(static_cast<std::size_t>(std::min(length, std::ssize(whole))));
            if (!part.empty()) taken_.push_back(part);
            length -= std::ssize(part);
            used_ += part.size();
            if (used_ == rest_.front().size()) {
                rest_ = rest_.subspan(1);
                used_ = 0;
            }
        }
        return taken_;
    }

  private:
    std::span<const Bytes> rest_;
    std::size_t used_ = 0;  ///< bytes of the first buffer that were taken
    std::vector<Bytes> taken_;
};

}  // namespace

bool is_absence(const Error& error) {
    return error.code == ErrorCode::not_found || error.code == ErrorCode::bad_data;
}

std::vector<Storage::Run> Storage::runs(const BlockRange& range) const {
    std::vector<Run> found;
    for (const metainfo::FileSlice& slice : layout().slices(range)) {
        const metainfo::File& file = layout().file(slice.file);
        Run run{slice.file.value(), slice.offset, slice.length};
        if (file.padding) {
            run = {zeros_id, 0, slice.length};
        } else if (!is_wanted(slice.file)) {
            run = {parts_, file.offset + slice.offset, slice.length};
            Run* last = found.empty() ? nullptr : &found.back();
            if (last != nullptr && last->file == parts_ &&
                last->offset + last->length == run.offset) {
                last->length += run.length;
                continue;
            }
        }
        found.push_back(run);
    }
    return found;
}

Result<void> Storage::write(PieceIndex piece, std::uint32_t offset,
                            std::span<const Bytes> buffers) {
    std::size_t length = 0;
    for (const Bytes buffer : buffers) length += buffer.size();
    assert(writable_ && offset + length <= layout().piece_size(piece));
    Gather gather(buffers);
    for (const Run& run : runs({piece, offset, static_cast<std::uint32_t>(length)})) {
        const auto bytes = gather.take(run.length);
        if (run.file == zeros_id) continue;
        if (auto done = write_run(run, bytes); !done) return done;
    }
    return {};
}

Result<void> Storage::write_run(const Run& run, std::span<const Bytes> from) {
    auto file = open_or_create(run.file, run.offset + run.length);
    if (!file) return std::unexpected(file.error());
    if (auto done = (*file)->write(run.offset, from); !done) {
        return write_error(done.error(), run.file);
    }
    // After the write: a sync that runs meanwhile would otherwise take the mark and miss the bytes.
    mark_dirty(run.file);
    return {};
}

Result<void> Storage::read(PieceIndex piece, std::uint32_t offset, MutableBytes to) const {
    assert(offset + to.size() <= layout().piece_size(piece));
    for (const Run& run : runs({piece, offset, static_cast<std::uint32_t>(to.size())})) {
        const auto part = to.first(static_cast<std::size_t>(run.length));
        to = to.subspan(part.size());
        if (run.file == zeros_id) {
            std::ranges::fill(part, std::byte{0});
        } else if (auto done = read_run(run, part); !done) {
            return done;
        }
    }
    return {};
}

Result<void> Storage::read_run(const Run& run, MutableBytes to) const {
    const auto file = open_existing(run.file);
    if (!file) return std::unexpected(file.error());
    const auto got = (*file)->read(run.offset, to);
    if (!got) return std::unexpected(got.error());
    if (*got == to.size()) return {};
    return fail(ErrorCode::bad_data,
                "'{}' was cut short: it ends at byte {}; check it with shoal verify",
                shown_path(run.file), run.offset + static_cast<ByteCount>(*got));
}

Result<std::vector<Extent>> Storage::extents(const BlockRange& range) const {
    std::vector<Extent> found;
    for (const Run& run : runs(range)) {
        if (run.file == zeros_id) {
            found.push_back({nullptr, 0, run.length});
            continue;
        }
        auto file = open_existing(run.file);
        if (!file) return std::unexpected(file.error());
        found.push_back({std::move(*file), run.offset, run.length});
    }
    return found;
}

Result<void> Storage::warm(const BlockRange& range) const {
    for (const Run& run : runs(range)) {
        if (run.file == zeros_id) continue;
        for (ByteCount done = 0; done < run.length;) {
            const ByteCount length = std::min<ByteCount>(chunk_bytes, run.length - done);
            const auto into = chunk().first(static_cast<std::size_t>(length));
            if (auto read = read_run({run.file, run.offset + done, length}, into); !read) {
                return read;
            }
            done += length;
        }
    }
    return {};
}

bool Storage::is_warm(std::span<const Extent> extents) {
    return std::ranges::all_of(extents, [](const Extent& extent) {
        return !extent.file || extent.file->is_cached(extent.offset, extent.length);
    });
}

void Storage::read_ahead(const BlockRange& range) const {
    for (const Run& run : runs(range)) {
        if (run.file == zeros_id) continue;
        const auto file = open_existing(run.file);
        // An error will show when the bytes are read.
        if (file) (*file)->read_ahead(run.offset, run.length);
    }
}

Mapping Storage::map(const BlockRange& range) const {
    const std::vector<Run> found = runs(range);
    if (found.size() != 1 || found.front().file == zeros_id) return {};
    const auto file = open_existing(found.front().file);
    return file ? (*file)->map(found.front().offset, found.front().length) : Mapping();
}

Result<bool> Storage::has_data(PieceIndex piece) const {
    for (const Run& run : runs({piece, 0, layout().piece_size(piece)})) {
        if (run.file == zeros_id) continue;
        const auto file = open_existing(run.file);
        if (!file && is_absence(file.error())) continue;
        if (!file) return std::unexpected(file.error());
        const auto data = (*file)->next_data(run.offset);
        if (!data) return std::unexpected(data.error());
        if (*data && **data < run.offset + run.length) return true;
    }
    return false;
}

Result<Bitfield> Storage::pieces_with_data() const {
    Bitfield found(layout().piece_count());
    const std::vector<FileStamp> there = stamps();
    bool any_unwanted = false;
    for (std::uint32_t i = 0; i < layout().files().size(); ++i) {
        const metainfo::File& file = layout().files()[i];
        if (file.length == 0 || file.padding) continue;
        if (!is_wanted(FileIndex(i))) {
            any_unwanted = true;
        } else if (there[i].size < 0) {
            continue;
        } else if (auto done = mark_data(i, file.offset, found); !done) {
            return std::unexpected(done.error());
        }
    }
    if (any_unwanted && place().parts) {
        if (auto done = mark_data(parts_, 0, found); !done) return std::unexpected(done.error());
    }
    return found;
}

Result<void> Storage::mark_data(std::uint32_t number, ByteCount torrent_offset,
                                Bitfield& found) const {
    // Past the handle cache: a walk over all files would push out those in use.
    const auto file = open_uncached(number, Access::read);
    if (!file && is_absence(file.error())) return {};
    if (!file) return std::unexpected(file.error());
    const ByteCount length =
        number == parts_ ? layout().total_size() : layout().files()[number].length;
    for (ByteCount at = 0; at < length;) {
        const auto data = (*file)->next_data(at);
        if (!data) return std::unexpected(data.error());
        if (!*data || **data >= length) break;
        const auto hole = (*file)->next_hole(**data);
        if (!hole) return std::unexpected(hole.error());
        const ByteCount end = std::min(length, hole->value_or(length));
        if (end <= **data) break;
        const ByteCount piece_length = layout().piece_length();
        const auto last = static_cast<std::size_t>((torrent_offset + end - 1) / piece_length);
        for (auto piece = static_cast<std::size_t>((torrent_offset + **data) / piece_length);
             piece <= last; ++piece) {
            found.set(piece);
        }
        at = end;
    }
    return {};
}

Result<void> Storage::change_wanted(const std::vector<bool>& before) {
    assert(before.size() == layout().files().size());
    if (before == wanted_files()) return {};
    if (auto done = make_folders(); !done) return done;
    std::vector<std::uint32_t> moved_out;
    for (std::uint32_t i = 0; i < before.size(); ++i) {
        const metainfo::File& file = layout().files()[i];
        if (file.padding || before[i] == is_wanted(FileIndex(i))) continue;
        const bool wanted = is_wanted(FileIndex(i));
        const Run from = wanted ? Run{parts_, file.offset, file.length} : Run{i, 0, file.length};
        auto done = copy_data(from, wanted ? i : parts_, wanted ? 0 : file.offset);
        if (!done) return done;
        if (!wanted) moved_out.push_back(i);
    }
    if (auto done = sync(); !done) return done;
    // Only now: until the copies are safe, the originals are what a power cut leaves.
    const ContentPlace where = place();
    for (const std::uint32_t file : moved_out) {
        handles_->erase({id_, file});
        const auto removed = where.root->remove(relative_path(where, file));
        if (!removed && !is_absence(removed.error())) return write_error(removed.error(), file);
    }
    return {};
}

Result<void> Storage::copy_data(const Run& from, std::uint32_t to, ByteCount to_offset) {
    const auto source = open_uncached(from.file, Access::read);
    if (!source && is_absence(source.error())) return {};
    if (!source) return std::unexpected(source.error());
    const ByteCount end = from.offset + from.length;
    for (ByteCount at = from.offset; at < end;) {
        const auto data = (*source)->next_data(at);
        if (!data) return std::unexpected(data.error());
        if (!*data || **data >= end) break;
        const auto hole = (*source)->next_hole(**data);
        if (!hole) return std::unexpected(hole.error());
        const ByteCount stop = std::min(end, hole->value_or(end));
        if (stop <= **data) break;
        for (at = **data; at < stop;) {
            const auto part = chunk().first(
                static_cast<std::size_t>(std::min<ByteCount>(chunk_bytes, stop - at)));
            const auto got = (*source)->read(at, part);
            if (!got) return std::unexpected(got.error());
            if (*got == 0) return {};
            const Bytes bytes = part.first(*got);
            const Run target{to, to_offset + at - from.offset, std::ssize(bytes)};
            if (auto done = write_run(target, std::span(&bytes, 1)); !done) return done;
            at += target.length;
        }
    }
    return {};
}

}  // namespace shoal::disk

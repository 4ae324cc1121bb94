// Files by POSIX calls.
#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <system_error>
#ifdef __linux__
#include <sys/vfs.h>
#endif

#include "base/memory.h"
#include "base/text.h"
#include "disk/posix_io.h"

namespace shoal::disk {
namespace {

struct Reason {
    ErrorCode code;
    std::string words;
};

Reason reason_of(int number) {
    switch (number) {
        case ENOENT:
            return {ErrorCode::not_found, "it does not exist"};
        case EACCES:
        case EPERM:
            return {ErrorCode::refused, "no permission; check the owner and mode of the path"};
        case EROFS:
            return {ErrorCode::refused, "the file system is read-only"};
        case EEXIST:
        case ENOTEMPTY:
            return {ErrorCode::refused, "there is something of that name already"};
        case ELOOP:
        case EXDEV:
            return {ErrorCode::refused,
                    "a symlink stands in the way, and none is followed here; remove it"};
        case EISDIR:
            return {ErrorCode::bad_data, "it is a folder"};
        case ENOTDIR:
            return {ErrorCode::bad_data, "there is a file where a folder was expected"};
        case ENOSPC:
        case EDQUOT:
            return {ErrorCode::no_space, "the disk is full; free some space and start again"};
        case EFBIG:
            return {ErrorCode::no_space,
                    "it is larger than this file system or the file size limit allows"};
        case EIO:
            return {ErrorCode::failed, "the device reports an error; check the disk"};
        case EMFILE:
        case ENFILE:
            return {ErrorCode::failed, "too many files are open; raise the limit (ulimit -n)"};
        default:
            return {ErrorCode::failed, std::generic_category().message(number)};
    }
}

const auto page = static_cast<ByteCount>(page_bytes());

/// Pages that a range touches.
ByteCount pages_of(ByteCount offset, ByteCount length) {
    return (offset + length - 1) / page - offset / page + 1;
}

/// Buffers that go into one call of the system.
constexpr std::size_t buffers_a_call = std::min(IOV_MAX, 256);

/// A row of buffers, for a call of the system that takes a part of them at a time.
template <class Buffer>
class Vectors {
  public:
    explicit Vectors(std::span<const Buffer> buffers) : rest_(buffers) { advance(0); }

    [[nodiscard]] bool empty() const { return rest_.empty(); }
    std::span<const iovec> next() {
        std::size_t count = 0;
        for (const Buffer buffer : rest_.first(std::min(rest_.size(), vectors_.size()))) {
            const auto bytes = count == 0 ? buffer.subspan(skip_) : buffer;
            vectors_[count++] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
        }
        return std::span(vectors_).first(count);
    }
    void advance(std::size_t bytes) {
        skip_ += bytes;
        while (!rest_.empty() && skip_ >= rest_.front().size()) {
            skip_ -= rest_.front().size();
            rest_ = rest_.subspan(1);
        }
    }

  private:
    std::span<const Buffer> rest_;
    std::size_t skip_ = 0;  ///< bytes of the first that are through
    std::array<iovec, buffers_a_call> vectors_{};
};

#ifdef __linux__
bool is_in_memory_file_system(int descriptor) {
    struct statfs found{};
    constexpr auto tmpfs = 0x01021994;
    constexpr auto ramfs = static_cast<decltype(found.f_type)>(0x858458f6);
    return ::fstatfs(descriptor, &found) == 0 && (found.f_type == tmpfs || found.f_type == ramfs);
}

/// Pages of a range that are in the page cache, as Linux 6.5 and later tell; nothing before.
std::optional<std::uint64_t> cached_pages(int descriptor, ByteCount offset, ByteCount length) {
    struct Range {
        std::uint64_t offset;
        std::uint64_t length;
    };
    struct Counts {
        std::uint64_t cached, dirty, writeback, evicted, recently_evicted;
    };
    constexpr long cachestat = 451;
    Range range{static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(length)};
    Counts counts{};
    if (::syscall(cachestat, descriptor, &range, &counts, 0) != 0) return std::nullopt;
    return counts.cached;
}
#else
bool is_in_memory_file_system(int) {
    return false;
}

std::optional<std::uint64_t> cached_pages(int, ByteCount, ByteCount) {
    return std::nullopt;
}
#endif

#ifdef __APPLE__
using Residency = char;
#else
using Residency = unsigned char;
#endif

/// Asks a mapping of the range, which is never touched, what of it is resident.
bool is_resident(int descriptor, ByteCount first_page, ByteCount page_count) {
    constexpr ByteCount at_once = 1024;
    std::array<Residency, at_once> resident{};
    while (page_count > 0) {
        const ByteCount pages = std::min(at_once, page_count);
        const auto bytes = static_cast<std::size_t>(pages * page);
        void* mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor,
                              static_cast<off_t>(first_page * page));
        if (mapped == MAP_FAILED) return false;
        const int asked = ::mincore(mapped, bytes, resident.data());
        ::munmap(mapped, bytes);
        const auto end = resident.begin() + pages;
        if (asked != 0 ||
            !std::all_of(resident.begin(), end, [](Residency r) { return (r & 1) != 0; })) {
            return false;
        }
        first_page += pages;
        page_count -= pages;
    }
    return true;
}

class PosixFile final : public File {
  public:
    PosixFile(Descriptor descriptor, std::string path)
        : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

    Result<std::size_t> read(ByteCount offset, std::span<const MutableBytes> to) const override {
        Vectors vectors(to);
        std::size_t filled = 0;
        while (!vectors.empty()) {
            const auto call = vectors.next();
            const ssize_t got =
                ::preadv(descriptor_.get(), call.data(), static_cast<int>(call.size()),
                         static_cast<off_t>(offset) + static_cast<off_t>(filled));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return system_error("read", path_);
            if (got == 0) break;
            vectors.advance(static_cast<std::size_t>(got));
            filled += static_cast<std::size_t>(got);
        }
        return filled;
    }

    Result<void> write(ByteCount offset, std::span<const Bytes> from) override {
        Vectors vectors(from);
        while (!vectors.empty()) {
            const auto call = vectors.next();
            const ssize_t sent =
                ::pwritev(descriptor_.get(), call.data(), static_cast<int>(call.size()),
                          static_cast<off_t>(offset));
            if (sent < 0 && errno == EINTR) continue;
            if (sent < 0) return system_error("write", path_);
            vectors.advance(static_cast<std::size_t>(sent));
            offset += sent;
        }
        return {};
    }

    Result<void> sync() override {
#ifdef __APPLE__
        const int done = ::fcntl(descriptor_.get(), F_FULLFSYNC);
#else
        const int done = ::fdatasync(descriptor_.get());
#endif
        if (done != 0) return system_error("flush to disk", path_);
        return {};
    }

    Result<void> resize(ByteCount size) override {
        while (::ftruncate(descriptor_.get(), static_cast<off_t>(size)) != 0) {
            if (errno != EINTR) return system_error("set the length of", path_);
        }
        return {};
    }

    Result<FileStatus> status() const override {
        struct stat found{};
        if (::fstat(descriptor_.get(), &found) != 0) return system_error("look at", path_);
        return to_status(found);
    }

    Result<std::optional<ByteCount>> next_data(ByteCount offset) const override {
        return seek(offset, SEEK_DATA);
    }

    Result<std::optional<ByteCount>> next_hole(ByteCount offset) const override {
        return seek(offset, SEEK_HOLE);
    }

    bool is_cached(ByteCount offset, ByteCount length) const override {
        return length <= 0 || is_in_memory() || has_all_pages(offset, length);
    }

    void read_ahead(ByteCount offset, ByteCount length) const override {
#ifdef POSIX_FADV_WILLNEED
        // To be asked for what is there costs more than a look.
        if (is_cached(offset, length)) return;
        ::posix_fadvise(descriptor_.get(), static_cast<off_t>(offset), static_cast<off_t>(length),
                        POSIX_FADV_WILLNEED);
#endif
    }

    Mapping map(ByteCount offset, ByteCount length) const override {
        struct stat found{};
        if (::fstat(descriptor_.get(), &found) != 0 || offset + length > found.st_size) return {};
        // Whoever asks of others' files is told that all of them is in memory.
        const uid_t user = ::geteuid();
        if (user != found.st_uid && user != 0) return {};
        // Pieces that are read at once lie side by side, and each thread reads others.
        thread_local LastRegion last;
        auto region = last.of(found);
        if (!region || !region->contains(offset, length)) {
            region = map_region(offset, offset + length, found.st_size);
            last = {region, found.st_dev, found.st_ino};
        }
        return region ? Mapping(std::move(region), offset, length) : Mapping();
    }

    Result<void> lock() override {
        if (::flock(descriptor_.get(), LOCK_EX | LOCK_NB) == 0) return {};
        if (errno != EWOULDBLOCK) return system_error("lock", path_);
        return fail(ErrorCode::refused, "'{}' is in use by another process", printable(path_));
    }

  private:
    enum class Medium : std::uint8_t { unknown, memory, other };

    struct LastRegion {
        std::weak_ptr<const MappedRegion> region;
        dev_t device = 0;
        ino_t inode = 0;

        /// None when it was of another file, or is no longer good.
        [[nodiscard]] std::shared_ptr<const MappedRegion> of(const struct stat& file) const {
            auto found = region.lock();
            const bool good = found && !found->is_damaged();
            return good && device == file.st_dev && inode == file.st_ino ? found : nullptr;
        }
    };

    /// With the range from `begin` to `end`, and what is around it if that is in memory, too.
    [[nodiscard]] std::shared_ptr<const MappedRegion> map_region(ByteCount begin, ByteCount end,
                                                                 ByteCount size) const {
        constexpr ByteCount usual = 16 << 20;
        const ByteCount first = begin / usual * usual;
        const ByteCount last = std::max(end, std::min(size, first + usual));
        // What is not there would be waited for page by page; and a hole that is looked at through
        // a mapping takes memory.
        if (has_all_pages(first, last - first)) {
            return MappedRegion::map(descriptor_.get(), first, last - first);
        }
        const ByteCount own = begin / page * page;
        return has_all_pages(own, end - own) ? MappedRegion::map(descriptor_.get(), own, end - own)
                                             : nullptr;
    }

    /// Whether a range is in the page cache, holes of a file in memory not counted.
    [[nodiscard]] bool has_all_pages(ByteCount offset, ByteCount length) const {
        const ByteCount pages = pages_of(offset, length);
        const auto cached = cached_pages(descriptor_.get(), offset, length);
        return cached ? *cached >= static_cast<std::uint64_t>(pages)
                      : is_resident(descriptor_.get(), offset / page, pages);
    }

    /// Asks the system once.
    bool is_in_memory() const {
        Medium medium = medium_.load(std::memory_order_relaxed);
        if (medium == Medium::unknown) {
            medium = is_in_memory_file_system(descriptor_.get()) ? Medium::memory : Medium::other;
            medium_.store(medium, std::memory_order_relaxed);
        }
        return medium == Medium::memory;
    }

    Result<std::optional<ByteCount>> seek(ByteCount offset, int what) const {
        const off_t found = ::lseek(descriptor_.get(), static_cast<off_t>(offset), what);
        if (found >= 0) return std::optional<ByteCount>(found);
        if (errno == ENXIO) return std::optional<ByteCount>();
        if (errno != EINVAL && errno != ENOTSUP) return system_error("look for holes in", path_);
        const auto now = status();
        if (!now) return std::unexpected(now.error());
        if (offset >= now->size) return std::optional<ByteCount>();
        return std::optional(what == SEEK_DATA ? offset : now->size);
    }

    const Descriptor descriptor_;
    const std::string path_;
    mutable std::atomic<Medium> medium_ = Medium::unknown;
};

}  // namespace

std::unexpected<Error> system_error(std::string_view doing, std::string_view path, int number) {
    const Reason reason = reason_of(number);
    return fail(reason.code, "cannot {} '{}': {}", doing, printable(path), reason.words);
}

FileStatus to_status(const struct stat& found) {
    FileStatus status;
    status.kind = S_ISREG(found.st_mode)   ? FileKind::file
                  : S_ISDIR(found.st_mode) ? FileKind::folder
                  : S_ISLNK(found.st_mode) ? FileKind::symlink
                                           : FileKind::other;
    status.size = found.st_size;
    status.allocated = static_cast<ByteCount>(found.st_blocks) * 512;
#ifdef __APPLE__
    const timespec& modified = found.st_mtimespec;
#else
    const timespec& modified = found.st_mtim;
#endif
    status.modified = static_cast<FileTime>(modified.tv_sec) * 1'000'000'000 + modified.tv_nsec;
    status.links = found.st_nlink;
    status.device = found.st_dev;
    status.inode = found.st_ino;
    return status;
}

std::shared_ptr<File> make_posix_file(Descriptor descriptor, std::string path) {
    return std::make_shared<PosixFile>(std::move(descriptor), std::move(path));
}

}  // namespace shoal::disk

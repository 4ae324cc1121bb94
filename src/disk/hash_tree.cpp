// Hashing the pieces of a tree by several threads.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/text.h"
#include "disk/posix_io.h"
#include "disk/shared_tree.h"

namespace shoal::disk {
namespace {

using metainfo::FileSlice;
using metainfo::Layout;
using metainfo::PieceDigester;
using metainfo::TorrentMaker;

constexpr std::size_t read_size = 1 << 20;
/// A thread takes at least this much at a time, so that reading stays sequential.
constexpr ByteCount batch_size = 4 << 20;

/// What the threads share.
class Job {
  public:
    Job(const SharedTree& tree, TorrentMaker& maker, const std::atomic<bool>& stop)
        : tree_(tree), maker_(maker), stop_(stop) {
        files_.resize(layout().files().size());
        for (std::size_t i = 0; i < files_.size(); ++i) {
            const metainfo::File& file = layout().files()[i];
            if (file.padding) continue;
            files_[i] = &*std::ranges::lower_bound(tree.files, file.path, {}, &SharedFile::path);
        }
    }

    [[nodiscard]] const Layout& layout() const { return maker_.layout(); }
    [[nodiscard]] const SharedFile& file(FileIndex index) const { return *files_[index.value()]; }
    [[nodiscard]] TorrentMaker& maker() { return maker_; }
    [[nodiscard]] bool stopped() const { return stop_ || failed_; }

    [[nodiscard]] std::filesystem::path disk_path(const SharedFile& file) const {
        std::filesystem::path path = tree_.root;
        if (tree_.folder) {
            for (const std::string& name : file.path) path /= name;
        }
        return path;
    }

    [[nodiscard]] std::unexpected<Error> changed(const SharedFile& file) const {
        return fail(ErrorCode::failed,
                    "'{}' changed while it was read: try again when nobody writes to it",
                    printable(disk_path(file).native()));
    }

    [[nodiscard]] static bool is_same(const SharedFile& file, const struct stat& now) {
        return S_ISREG(now.st_mode) && now.st_size == file.length &&
               now.st_mtim.tv_sec * 1'000'000'000 + now.st_mtim.tv_nsec == file.modified;
    }

    /// The next pieces to hash, first and one past the last; equal when there are none left.
    std::pair<std::uint32_t, std::uint32_t> take() {
        const auto batch = static_cast<std::uint32_t>(
            std::max<ByteCount>(1, batch_size / layout().piece_length()));
        const std::uint32_t first = std::min(next_.fetch_add(batch), layout().piece_count());
        return {first, std::min(first + batch, layout().piece_count())};
    }

    void report(const Error& error) {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = error;
        failed_ = true;
    }

    void add_done(ByteCount bytes) { done_ += bytes; }

    void thread_ended() {
        const std::lock_guard lock(mutex_);
        ++ended_;
        wake_.notify_all();
    }

    void wait_for(unsigned threads, const HashProgress& progress) {
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, std::chrono::milliseconds(100),
                               [&] { return ended_ == threads; })) {
            lock.unlock();
            progress(done_);
            lock.lock();
        }
        progress(done_);
    }

    /// Also finds files that grew or were written to after their last byte was read.
    Result<void> result() {
        if (error_) return std::unexpected(*error_);
        if (stop_) return fail(ErrorCode::cancelled, "interrupted");
        for (const SharedFile& file : tree_.files) {
            struct stat now{};
            const auto path = disk_path(file);
            if (::stat(path.c_str(), &now) != 0 || !is_same(file, now)) return changed(file);
        }
        return {};
    }

  private:
    const SharedTree& tree_;
    TorrentMaker& maker_;
    const std::atomic<bool>& stop_;
    std::vector<const SharedFile*> files_;  ///< by FileIndex; none for padding
    std::atomic<std::uint32_t> next_ = 0;
    std::atomic<ByteCount> done_ = 0;
    std::atomic<bool> failed_ = false;

    std::mutex mutex_;  ///< guards what follows
    std::condition_variable wake_;
    std::optional<Error> error_;
    unsigned ended_ = 0;
};

/// One thread's work: pieces, one batch after the other, with one file open at a time.
class Worker {
  public:
    explicit Worker(Job& job) : job_(job), buffer_(read_size) {}
    ~Worker() { close(); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void run() {
        while (!job_.stopped()) {
            const auto [first, end] = job_.take();
            if (first == end) break;
            for (std::uint32_t piece = first; piece < end && !job_.stopped(); ++piece) {
                if (auto ok = hash(PieceIndex(piece)); !ok) job_.report(ok.error());
            }
        }
        job_.thread_ended();
    }

  private:
    Result<void> hash(PieceIndex piece) {
        const Layout& layout = job_.layout();
        PieceDigester digester(layout, job_.maker().format(), piece);
        const BlockRange data{piece, 0, layout.piece_data_size(piece)};
        for (const FileSlice& slice : layout.slices(data)) {
            if (auto ok = open(slice.file); !ok) return ok;
            if (auto ok = read(slice, digester); !ok) return ok;
            // A file that a thread is through with is not kept open behind the others' backs.
            if (slice.offset + slice.length == layout.file(slice.file).length) close();
        }
        if (!job_.stopped()) job_.maker().set(piece, digester.finish());
        return {};
    }

    Result<void> open(FileIndex index) {
        if (descriptor_ >= 0 && open_ == index) return {};
        close();
        const SharedFile& file = job_.file(index);
        const auto path = job_.disk_path(file);
        descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor_ < 0 && errno == ENOENT) return job_.changed(file);
        if (descriptor_ < 0) return system_error("open", path.native());
        struct stat now{};
        if (::fstat(descriptor_, &now) != 0) return system_error("read", path.native());
        if (!Job::is_same(file, now)) return job_.changed(file);
        ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
        open_ = index;
        return {};
    }

    Result<void> read(const FileSlice& slice, PieceDigester& digester) {
        const SharedFile& file = job_.file(slice.file);
        for (ByteCount at = 0; at < slice.length && !job_.stopped();) {
            const auto want = std::min<ByteCount>(slice.length - at, read_size);
            const ssize_t n = ::pread(descriptor_, buffer_.data(), static_cast<std::size_t>(want),
                                      slice.offset + at);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return system_error("read", job_.disk_path(file).native());
            if (n == 0) return job_.changed(file);
            digester.update(Bytes(buffer_).first(static_cast<std::size_t>(n)));
            job_.add_done(n);
            at += n;
        }
        return {};
    }

    void close() {
        if (descriptor_ >= 0) ::close(descriptor_);
        descriptor_ = -1;
    }

    Job& job_;
    ByteVector buffer_;
    int descriptor_ = -1;
    FileIndex open_;
};

}  // namespace

Result<void> hash_tree(const SharedTree& tree, TorrentMaker& maker, unsigned threads,
                       const std::atomic<bool>& stop, const HashProgress& progress) {
    Job job(tree, maker, stop);
    {
        std::vector<std::jthread> pool;
        pool.reserve(threads);
        for (unsigned i = 0; i < threads; ++i) {
            pool.emplace_back([&job] { Worker(job).run(); });
        }
        job.wait_for(threads, progress);
    }
    return job.result();
}

}  // namespace shoal::disk

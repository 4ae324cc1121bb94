// Hashing the pieces of a tree by several threads.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <thread>

#include "base/text.h"
#include "disk/piece_batch.h"
#include "disk/posix_io.h"
#include "disk/shared_tree.h"

namespace shoal::disk {
namespace {

using metainfo::FileSlice;
using metainfo::Layout;
using metainfo::TorrentMaker;

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

    [[nodiscard]] static bool is_same(const SharedFile& file, const FileStatus& now) {
        return now.kind == FileKind::file && now.size == file.length &&
               now.modified == file.modified;
    }

    /// The next piece to hash; nothing when there is none left.
    std::optional<PieceIndex> take() {
        const std::uint32_t piece = next_++;
        if (piece >= layout().piece_count()) return std::nullopt;
        return PieceIndex(piece);
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
            if (::stat(path.c_str(), &now) != 0 || !is_same(file, to_status(now))) {
                return changed(file);
            }
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

/// The files that one thread reads.
class OpenFiles {
  public:
    explicit OpenFiles(const Job& job) : job_(job) {}

    /// Pieces that lie side by side share one open file.
    Result<std::shared_ptr<File>> open(FileIndex index) {
        if (last_ && last_index_ == index) return last_;
        const SharedFile& file = job_.file(index);
        const auto path = job_.disk_path(file);
        Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (!descriptor && errno == ENOENT) return job_.changed(file);
        if (!descriptor) return system_error("open", path.native());
        auto opened = make_posix_file(std::move(descriptor), path.native());
        const auto now = opened->status();
        if (!now) return std::unexpected(now.error());
        if (!Job::is_same(file, *now)) return job_.changed(file);
        last_ = std::move(opened);
        last_index_ = index;
        return last_;
    }

    /// A file that a thread is through with is not kept open behind the others' backs.
    void forget(FileIndex index) {
        if (last_index_ == index) last_.reset();
    }

  private:
    const Job& job_;
    std::shared_ptr<File> last_;
    FileIndex last_index_;
};

/// One piece of the tree.
class TreePiece final : public PieceTask {
  public:
    TreePiece(Job& job, OpenFiles& files, PieceIndex piece)
        : PieceTask(job.layout(), job.maker().format(), piece), job_(job), files_(files) {}

    void read_ahead(const BlockRange& range) override {
        for (const FileSlice& slice : layout().slices(range)) {
            // An error will show when the bytes are read.
            if (open(slice.file)) file_->read_ahead(slice.offset, slice.length);
        }
    }

    Mapping map(const BlockRange& range) override {
        const auto slices = layout().slices(range);
        if (slices.size() != 1 || !open(slices.front().file)) return {};
        Mapping mapped = file_->map(slices.front().offset, slices.front().length);
        if (!mapped.empty()) note_read(slices.front());
        return mapped;
    }

    Result<Bytes> read(std::uint32_t offset, MutableBytes scratch) override {
        const BlockRange range{piece(), offset, static_cast<std::uint32_t>(scratch.size())};
        MutableBytes to = scratch;
        for (const FileSlice& slice : layout().slices(range)) {
            const auto part = to.first(static_cast<std::size_t>(slice.length));
            if (auto done = read(slice, part); !done) return std::unexpected(done.error());
            to = to.subspan(part.size());
        }
        return scratch;
    }

    void end(const Result<metainfo::PieceDigests>& result) override {
        if (result) {
            job_.maker().set(piece(), *result);
        } else {
            job_.report(result.error());
        }
    }

  private:
    Result<void> open(FileIndex index) {
        if (file_ && index_ == index) return {};
        auto opened = files_.open(index);
        if (!opened) return std::unexpected(opened.error());
        file_ = std::move(*opened);
        index_ = index;
        return {};
    }

    Result<void> read(const FileSlice& slice, MutableBytes to) {
        if (auto ok = open(slice.file); !ok) return ok;
        const auto got = file_->read(slice.offset, to);
        if (!got) return std::unexpected(got.error());
        const SharedFile& file = job_.file(slice.file);
        if (*got < to.size()) return job_.changed(file);
        note_read(slice);
        return {};
    }

    void note_read(const FileSlice& slice) {
        job_.add_done(slice.length);
        if (slice.offset + slice.length == job_.file(slice.file).length) {
            file_.reset();
            files_.forget(slice.file);
        }
    }

    Job& job_;
    OpenFiles& files_;
    std::shared_ptr<File> file_;  ///< the one that the piece's last bytes came from
    FileIndex index_;
};

/// One thread's work: as many pieces at once as can be hashed together.
void work(Job& job) {
    OpenFiles files(job);
    PieceBatch batch;
    while (!job.stopped()) {
        while (!batch.full()) {
            const auto piece = job.take();
            if (!piece) break;
            batch.add(std::make_unique<TreePiece>(job, files, *piece));
        }
        if (batch.empty()) break;
        batch.step();
    }
    job.thread_ended();
}

}  // namespace

Result<void> hash_tree(const SharedTree& tree, TorrentMaker& maker, unsigned threads,
                       const std::atomic<bool>& stop, const HashProgress& progress) {
    Job job(tree, maker, stop);
    {
        std::vector<std::jthread> pool;
        pool.reserve(threads);
        for (unsigned i = 0; i < threads; ++i) {
            pool.emplace_back([&job] { work(job); });
        }
        job.wait_for(threads, progress);
    }
    return job.result();
}

}  // namespace shoal::disk

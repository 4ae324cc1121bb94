// The asynchronous face of the disk: a few threads do the work, the network thread never waits.
#pragma once
#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bitfield.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/ids.h"
#include "disk/buffer_pool.h"
#include "disk/check_list.h"
#include "disk/resume.h"
#include "disk/storage.h"
#include "disk/store_queue.h"
#include "disk/stored_piece.h"
#include "disk/workspace.h"

namespace shoal::disk {

/// Starts work and returns at once. Every operation ends by a call of its handler, which takes one
/// Result, on the handler's associated executor, or on the service's when it has none. Handlers
/// may be completion tokens such as boost::asio::use_awaitable. Thread-safe.
///
/// Work is begun in the order of its asking within its class (store, read, save, check), several
/// at once. Classes take turns; a check of many pieces gets little more than what the others leave.
/// Calls for one piece must not overlap.
class DiskService {
  public:
    static constexpr unsigned default_threads = 3;

    explicit DiskService(boost::asio::any_io_executor executor, unsigned threads = default_threads);
    /// Finishes what was begun and all that was to be written; ends the rest with `cancelled`.
    ~DiskService();
    DiskService(const DiskService&) = delete;
    DiskService& operator=(const DiskService&) = delete;

    /// Hashes a piece while it is warm and, only if it is good, writes what is not on disk yet.
    /// Result<PieceOutcome>; the errors of Storage::write(). The buffers are given back before the
    /// handler runs. On a fast line it waits some milliseconds for others; see StoreQueue.
    template <class Token>
    auto store_piece(std::shared_ptr<Storage> storage, PieceJob job, Token&& token) {
        return begin<PieceOutcome>(
            std::forward<Token>(token),
            [this](Handler<PieceOutcome> handler, std::shared_ptr<Storage> to, PieceJob piece) {
                start_store(std::move(to), std::move(piece), std::move(handler));
            },
            std::move(storage), std::move(job));
    }

    /// Writes part of a piece that is not whole yet, unhashed, to make room in memory.
    /// Result<void>.
    template <class Token>
    auto spill(std::shared_ptr<Storage> storage, PieceIndex piece, std::vector<Segment> segments,
               Token&& token) {
        return begin<void>(
            std::forward<Token>(token),
            [this](Handler<void> handler, std::shared_ptr<Storage> to, PieceIndex index,
                   std::vector<Segment> parts) {
                start_spill(std::move(to), index, std::move(parts), std::move(handler));
            },
            std::move(storage), piece, std::move(segments));
    }

    /// Reads a range into the start of a buffer, which must be large enough, and hands it back.
    /// Result<Buffer>.
    template <class Token>
    auto read(std::shared_ptr<Storage> storage, BlockRange range, Buffer into, Token&& token) {
        return begin<Buffer>(
            std::forward<Token>(token),
            [this](Handler<Buffer> handler, std::shared_ptr<Storage> from, BlockRange what,
                   Buffer buffer) {
                start_read(std::move(from), what, std::move(buffer), std::move(handler));
            },
            std::move(storage), range, std::move(into));
    }

    /// Brings a range into memory, so that reading it does not wait for the disk. Ask
    /// Storage::is_warm() first: most ranges are. Result<void>.
    template <class Token>
    auto warm(std::shared_ptr<Storage> storage, BlockRange range, Token&& token) {
        return begin<void>(
            std::forward<Token>(token),
            [this](Handler<void> handler, std::shared_ptr<Storage> from, BlockRange what) {
                start_warm(std::move(from), what, std::move(handler));
            },
            std::move(storage), range);
    }

    /// Where blocks lie, in the order given and joined where they follow each other, all of it
    /// brought into memory, so that reading it does not wait for the disk.
    /// Result<std::vector<Extent>>.
    template <class Token>
    auto locate(std::shared_ptr<Storage> storage, std::vector<BlockRange> blocks, Token&& token) {
        return begin<std::vector<Extent>>(
            std::forward<Token>(token),
            [this](Handler<std::vector<Extent>> handler, std::shared_ptr<Storage> from,
                   std::vector<BlockRange> what) {
                start_locate(std::move(from), std::move(what), std::move(handler));
            },
            std::move(storage), std::move(blocks));
    }

    /// Hashes pieces as they are on disk, in the order given, several at once. Result<Bitfield>:
    /// those that are good. An error is a disk that cannot be read.
    template <class Token>
    auto check(std::shared_ptr<Storage> storage, std::vector<PieceIndex> pieces,
               CheckOptions options, Token&& token) {
        return begin<Bitfield>(
            std::forward<Token>(token),
            [this](Handler<Bitfield> handler, boost::asio::any_io_executor executor,
                   std::shared_ptr<Storage> of, std::vector<PieceIndex> list, CheckOptions how) {
                start_check(std::move(of), std::move(list), std::move(how), std::move(executor),
                            std::move(handler));
            },
            std::move(storage), std::move(pieces), std::move(options));
    }

    /// Does what a plan says: hashes its sample, then what may be there. Result<Bitfield>: all
    /// that a download may go on with.
    template <class Token>
    auto recover(std::shared_ptr<Storage> storage, ResumePlan plan, CheckOptions options,
                 Token&& token) {
        return begin<Bitfield>(
            std::forward<Token>(token),
            [this](Handler<Bitfield> handler, boost::asio::any_io_executor executor,
                   std::shared_ptr<Storage> of, ResumePlan what, CheckOptions how) {
                start_recover(std::move(of), std::move(what), std::move(how), std::move(executor),
                              std::move(handler));
            },
            std::move(storage), std::move(plan), std::move(options));
    }

    /// Workspace::save(). Result<void>.
    template <class Token>
    auto sync_and_save(std::shared_ptr<Workspace> workspace, std::shared_ptr<Storage> storage,
                       Progress progress, Token&& token) {
        return run<void>(
            [workspace = std::move(workspace), storage = std::move(storage),
             progress = std::move(progress)] { return workspace->save(*storage, progress); },
            std::forward<Token>(token));
    }

    /// Runs any other blocking work of the disk on its threads, such as opening a workspace.
    /// work: returns Result<T>, and is copied nowhere.
    template <class T, class Work, class Token>
    auto run(Work work, Token&& token) {
        return begin<T>(
            std::forward<Token>(token),
            [this](Handler<T> handler, Work what) {
                post(Class::save, [handler = std::move(handler),
                                   what = std::move(what)](bool cancelled) mutable {
                    Result<T> result =
                        cancelled ? Result<T>(std::unexpected(stopped_error())) : what();
                    // What the work held, such as a lock, is let go before anybody hears of it.
                    {
                        [[maybe_unused]] const Work spent = std::move(what);
                    }
                    handler(std::move(result));
                });
            },
            std::move(work));
    }

  private:
    template <class T>
    using Handler = std::move_only_function<void(Result<T>)>;
    /// Takes whether it is to end without doing anything.
    using Job = std::move_only_function<void(bool cancelled)>;
    enum class Class : std::uint8_t { store, read, save, check };
    static constexpr std::size_t class_count = 4;

    /// Turns a token into a Handler that posts to the right executor, and hands it to `start`,
    /// with that executor before the arguments when it takes one.
    template <class T, class Token, class Start, class... Args>
    auto begin(Token&& token, Start start, Args&&... args) {
        return boost::asio::async_initiate<Token, void(Result<T>)>(
            [this, start = std::move(start)](auto handler, auto... rest) mutable {
                auto executor = boost::asio::get_associated_executor(handler, executor_);
                // The work guard keeps the executor's context running until the handler ran.
                Handler<T> posting = [handler = std::move(handler),
                                      guard = boost::asio::make_work_guard(executor)](
                                         Result<T> result) mutable {
                    boost::asio::post(guard.get_executor(), [handler = std::move(handler),
                                                             result = std::move(result)]() mutable {
                        std::move(handler)(std::move(result));
                    });
                };
                if constexpr (std::is_invocable_v<Start&, Handler<T>, boost::asio::any_io_executor,
                                                  decltype(rest)...>) {
                    start(std::move(posting), boost::asio::any_io_executor(executor),
                          std::move(rest)...);
                } else {
                    start(std::move(posting), std::move(rest)...);
                }
            },
            token, std::forward<Args>(args)...);
    }

    void start_store(std::shared_ptr<Storage> storage, PieceJob job, Handler<PieceOutcome> handler);
    void start_spill(std::shared_ptr<Storage> storage, PieceIndex piece,
                     std::vector<Segment> segments, Handler<void> handler);
    void start_read(std::shared_ptr<Storage> storage, BlockRange range, Buffer into,
                    Handler<Buffer> handler);
    void start_warm(std::shared_ptr<Storage> storage, BlockRange range, Handler<void> handler);
    void start_locate(std::shared_ptr<Storage> storage, std::vector<BlockRange> blocks,
                      Handler<std::vector<Extent>> handler);
    void start_check(std::shared_ptr<Storage> storage, std::vector<PieceIndex> pieces,
                     CheckOptions options, boost::asio::any_io_executor executor,
                     Handler<Bitfield> handler);
    void start_recover(std::shared_ptr<Storage> storage, ResumePlan plan, CheckOptions options,
                       boost::asio::any_io_executor executor, Handler<Bitfield> handler);
    void post(Class work_class, Job job);
    void open_tickets(std::size_t wanted);
    bool return_ticket();
    void check_some(std::unique_ptr<PieceBatch> batch, bool cancelled);
    void work();
    /// The class whose first job is to be done next; nothing when none may be.
    [[nodiscard]] std::optional<Class> choose(TimePoint now) const;
    [[nodiscard]] bool has_thread_for(Class work_class) const;
    [[nodiscard]] bool pieces_are_due(TimePoint now) const;
    /// Whether pieces could be stored before any thread looks at them.
    [[nodiscard]] bool pieces_are_unwatched() const;
    [[nodiscard]] bool idle() const;
    /// batch: of the calling thread, empty; it must outlive the job.
    Job take(Class work_class, PieceBatch& batch);
    /// Until there may be something to do.
    void wait(std::unique_lock<std::mutex>& lock);

    const boost::asio::any_io_executor executor_;
    const unsigned thread_count_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::array<std::deque<Job>, class_count> queues_;
    StoreQueue pieces_;                           ///< to be stored: of the class `store` as well
    TimePoint watched_until_ = TimePoint::max();  ///< when a waiting thread looks at them
    std::array<unsigned, class_count> running_{};
    unsigned turn_ = 0;
    /// Batches of pieces that go through the queue of checks, at most one a thread, as long as
    /// there are any pieces to be checked.
    unsigned tickets_ = 0;
    bool stopping_ = false;
    CheckList checks_;
    std::vector<std::jthread> threads_;
};

}  // namespace shoal::disk

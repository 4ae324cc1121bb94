// Blocking work off the network threads: a few threads and a bounded queue before them.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"

namespace shoal::catalogue {

/// Thread-safe. Work is begun in the order of its asking.
class WorkQueue {
  public:
    /// name: what is busy when the queue is full ("the database").
    /// capacity: how much may wait besides what is being done.
    WorkQueue(boost::asio::any_io_executor executor, std::string name, unsigned threads,
              std::size_t capacity);
    /// Finishes what was begun; what still waits ends with `cancelled`.
    ~WorkQueue();
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;

    /// Runs work(), which returns a Result<T>, on one of the threads, and hands that to the token's
    /// handler (a callback, use_awaitable, …) on its associated executor, or on the queue's when it
    /// has none. timeout: the queue is full, and nothing was done.
    template <class T, class Work, class Token>
    auto run(Work work, Token&& token) {
        return boost::asio::async_initiate<Token, void(Result<T>)>(
            [this](auto handler, Work what) {
                auto executor = boost::asio::get_associated_executor(handler, executor_);
                // The guard keeps the executor's context running until the handler ran.
                start([handler = std::move(handler), what = std::move(what),
                       guard =
                           boost::asio::make_work_guard(executor)](const Error* refusal) mutable {
                    Result<T> result = refusal ? Result<T>(std::unexpected(*refusal)) : what();
                    boost::asio::post(guard.get_executor(), [handler = std::move(handler),
                                                             result = std::move(result)]() mutable {
                        std::move(handler)(std::move(result));
                    });
                });
            },
            token, std::move(work));
    }

  private:
    /// Takes why it is not to be done, or nothing.
    using Job = std::move_only_function<void(const Error* refusal)>;

    void start(Job job);
    void work();

    const boost::asio::any_io_executor executor_;
    const std::string name_;
    const std::size_t capacity_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> waiting_;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace shoal::catalogue

#include "catalogue/work_queue.h"

namespace shoal::catalogue {

WorkQueue::WorkQueue(boost::asio::any_io_executor executor, std::string name, unsigned threads,
                     std::size_t capacity)
    : executor_(std::move(executor)), name_(std::move(name)), capacity_(capacity) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkQueue::~WorkQueue() {
    std::deque<Job> left;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(waiting_);
    }
    wake_.notify_all();
    threads_.clear();
    const Error error{ErrorCode::cancelled, "the program is ending"};
    for (Job& job : left) job(&error);
}

void WorkQueue::start(Job job) {
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_ && waiting_.size() < capacity_) {
            waiting_.push_back(std::move(job));
            wake_.notify_one();
            return;
        }
    }
    const Error error{ErrorCode::timeout, fmt::format("{} is busy; try again in a moment", name_)};
    job(&error);
}

void WorkQueue::work() {
    for (;;) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        Job job = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        job(nullptr);
    }
}

}  // namespace shoal::catalogue

#include "disk/disk_service.h"

#include <algorithm>
#include <cassert>
#include <optional>

namespace shoal::disk {
namespace {

/// Every so many turns a check goes first, so that it ends even when there is always other work.
constexpr unsigned check_turn = 8;

/// Steps of a batch before other work may come in between: about 4 MiB.
constexpr unsigned steps_a_turn = 4;

Result<std::vector<Extent>> locate_blocks(const Storage& storage,
                                          const std::vector<BlockRange>& blocks) {
    std::vector<Extent> all;
    for (auto at = blocks.begin(); at != blocks.end();) {
        BlockRange run = *at++;
        for (;
             at != blocks.end() && at->piece == run.piece && at->offset == run.offset + run.length;
             ++at) {
            run.length += at->length;
        }
        auto extents = storage.extents(run);
        if (!extents) return extents;
        if (!Storage::is_warm(*extents)) {
            if (auto warmed = storage.warm(run); !warmed) return std::unexpected(warmed.error());
        }
        std::ranges::move(*extents, std::back_inserter(all));
    }
    return all;
}

}  // namespace

DiskService::DiskService(boost::asio::any_io_executor executor, unsigned threads)
    : executor_(std::move(executor)), thread_count_(std::max(1u, threads)) {
    for (unsigned i = 0; i < thread_count_; ++i) threads_.emplace_back([this] { work(); });
}

DiskService::~DiskService() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    threads_.clear();
}

void DiskService::post(Class work_class, Job job) {
    {
        const std::lock_guard lock(mutex_);
        queues_[static_cast<std::size_t>(work_class)].push_back(std::move(job));
    }
    wake_.notify_one();
}

std::optional<DiskService::Class> DiskService::choose(TimePoint now) const {
    const auto waiting = [&](Class c) {
        const bool pieces = c == Class::store && pieces_are_due(now);
        return pieces || !queues_[static_cast<std::size_t>(c)].empty();
    };
    const auto running = [&](Class c) { return running_[static_cast<std::size_t>(c)]; };
    const unsigned all_but_one = std::max(1u, thread_count_ - 1);
    const bool busy = waiting(Class::store) || waiting(Class::read) || waiting(Class::save);

    const bool check =
        waiting(Class::check) && running(Class::check) < (busy ? all_but_one : thread_count_);
    if (check && turn_ % check_turn == 0) return Class::check;
    constexpr std::array order = {Class::store, Class::read, Class::save};
    for (std::size_t i = 0; i < order.size(); ++i) {
        const Class candidate = order[(turn_ + i) % order.size()];
        if (waiting(candidate) && has_thread_for(candidate)) return candidate;
    }
    if (check) return Class::check;
    return std::nullopt;
}

bool DiskService::has_thread_for(Class work_class) const {
    // A disk may let writes wait for seconds, and flushes longer still: a thread is kept for what
    // peers ask for, most of which is in memory, and another for what they send.
    const auto running = [&](Class c) { return running_[static_cast<std::size_t>(c)]; };
    const auto all_but = [&](unsigned kept) {
        return thread_count_ > kept ? thread_count_ - kept : 1;
    };
    if (work_class == Class::read) return true;
    if (work_class == Class::save && running(Class::save) >= all_but(2)) return false;
    return running(Class::store) + running(Class::save) < all_but(1);
}

bool DiskService::pieces_are_due(TimePoint now) const {
    return !pieces_.empty() && (stopping_ || pieces_.due() <= now);
}

bool DiskService::pieces_are_unwatched() const {
    return !pieces_.empty() && has_thread_for(Class::store) && pieces_.due() < watched_until_;
}

bool DiskService::idle() const {
    return pieces_.empty() &&
           std::ranges::all_of(queues_, [](auto& queue) { return queue.empty(); });
}

DiskService::Job DiskService::take(Class work_class, PieceBatch& batch) {
    auto& queue = queues_[static_cast<std::size_t>(work_class)];
    if (queue.empty()) {
        assert(work_class == Class::store);
        pieces_.take(batch);
        return [&batch](bool) {
            while (!batch.empty()) batch.step();
        };
    }
    Job job = std::move(queue.front());
    queue.pop_front();
    return job;
}

void DiskService::wait(std::unique_lock<std::mutex>& lock) {
    // One thread at most looks at the clock: to set a timer is dear.
    if (!pieces_are_unwatched()) return wake_.wait(lock);
    watched_until_ = pieces_.due();
    wake_.wait_until(lock, watched_until_);
    watched_until_ = TimePoint::max();
}

void DiskService::work() {
    PieceBatch batch;  // of pieces to be stored
    std::unique_lock lock(mutex_);
    for (;;) {
        const TimePoint now = Clock::now();
        const auto chosen = choose(now);
        if (!chosen) {
            if (stopping_ && idle()) break;
            wait(lock);
            continue;
        }
        ++turn_;
        const auto index = static_cast<std::size_t>(*chosen);
        Job job = take(*chosen, batch);
        ++running_[index];
        const bool cancelled = stopping_ && (*chosen == Class::read || *chosen == Class::check);
        // Each thread that finds work passes on what is left; the one that ends it looks itself.
        if (choose(now) || pieces_are_unwatched()) wake_.notify_one();
        lock.unlock();
        job(cancelled);
        job = nullptr;
        lock.lock();
        --running_[index];
    }
    wake_.notify_all();
}

void DiskService::start_store(std::shared_ptr<Storage> storage, PieceJob job,
                              Handler<PieceOutcome> handler) {
    auto piece =
        std::make_unique<StoredPiece>(std::move(storage), std::move(job), std::move(handler));
    {
        const std::lock_guard lock(mutex_);
        pieces_.add(std::move(piece), Clock::now());
        if (!pieces_are_unwatched()) return;
    }
    wake_.notify_one();
}

void DiskService::start_spill(std::shared_ptr<Storage> storage, PieceIndex piece,
                              std::vector<Segment> segments, Handler<void> handler) {
    post(Class::store, [storage = std::move(storage), piece, segments = std::move(segments),
                        handler = std::move(handler)](bool) mutable {
        auto done = write_segments(*storage, piece, segments);
        segments.clear();
        handler(std::move(done));
    });
}

void DiskService::start_read(std::shared_ptr<Storage> storage, BlockRange range, Buffer into,
                             Handler<Buffer> handler) {
    assert(into.size() >= range.length);
    post(Class::read, [storage = std::move(storage), range, into = std::move(into),
                       handler = std::move(handler)](bool cancelled) mutable {
        auto done =
            cancelled ? Result<void>(std::unexpected(stopped_error()))
                      : storage->read(range.piece, range.offset, into.bytes().first(range.length));
        if (!done) {
            into = Buffer();
            return handler(std::unexpected(done.error()));
        }
        handler(std::move(into));
    });
}

void DiskService::start_warm(std::shared_ptr<Storage> storage, BlockRange range,
                             Handler<void> handler) {
    post(Class::read, [storage = std::move(storage), range,
                       handler = std::move(handler)](bool cancelled) mutable {
        handler(cancelled ? Result<void>(std::unexpected(stopped_error())) : storage->warm(range));
    });
}

void DiskService::start_locate(std::shared_ptr<Storage> storage, std::vector<BlockRange> blocks,
                               Handler<std::vector<Extent>> handler) {
    post(Class::read, [storage = std::move(storage), blocks = std::move(blocks),
                       handler = std::move(handler)](bool cancelled) mutable {
        handler(cancelled ? Result<std::vector<Extent>>(std::unexpected(stopped_error()))
                          : locate_blocks(*storage, blocks));
    });
}

void DiskService::start_check(std::shared_ptr<Storage> storage, std::vector<PieceIndex> pieces,
                              CheckOptions options, boost::asio::any_io_executor executor,
                              Handler<Bitfield> handler) {
    const std::size_t count = pieces.size();
    checks_.add(std::move(storage), std::move(pieces), std::move(options), std::move(executor),
                std::move(handler));
    open_tickets(std::clamp<std::size_t>(count, 1, thread_count_));
}

void DiskService::open_tickets(std::size_t wanted) {
    for (; wanted > 0; --wanted) {
        {
            const std::lock_guard lock(mutex_);
            if (tickets_ == thread_count_) return;
            ++tickets_;
        }
        post(Class::check,
             [this](bool cancelled) { check_some(std::make_unique<PieceBatch>(), cancelled); });
    }
}

/// Unless there is a check that nobody else may have seen.
bool DiskService::return_ticket() {
    const std::lock_guard lock(mutex_);
    if (!checks_.empty()) return false;
    --tickets_;
    return true;
}

/// A ticket's turn; then it queues up again, so that other work comes in between.
void DiskService::check_some(std::unique_ptr<PieceBatch> batch, bool cancelled) {
    if (cancelled) {
        checks_.abandon();
        batch->abandon(stopped_error());
    }
    for (unsigned i = 0; i < steps_a_turn; ++i) {
        checks_.fill(*batch);
        if (!batch->empty()) {
            batch->step();
        } else if (return_ticket()) {
            return;
        }
    }
    post(Class::check, [this, batch = std::move(batch)](bool stop) mutable {
        check_some(std::move(batch), stop);
    });
}

void DiskService::start_recover(std::shared_ptr<Storage> storage, ResumePlan plan,
                                CheckOptions options, boost::asio::any_io_executor executor,
                                Handler<Bitfield> handler) {
    // In two steps: the sample first, and then what is left to be hashed, which are all claimed
    // pieces when the sample does not hold.
    auto second = [this, storage, believed = std::move(plan.believed),
                   check = std::move(plan.check), sampled = plan.sample.size(), options, executor,
                   handler = std::move(handler)](Result<Bitfield> sample) mutable {
        if (!sample) return handler(std::move(sample));
        if (sample->count() < sampled) {
            believed.for_each_set(
                [&](std::size_t piece) { check.emplace_back(static_cast<std::uint32_t>(piece)); });
            std::ranges::sort(check);
            believed.fill(false);
        }
        sample->for_each_set([&](std::size_t piece) { believed.set(piece); });
        auto unite = [believed = std::move(believed),
                      handler = std::move(handler)](Result<Bitfield> checked) mutable {
            if (checked) {
                believed.for_each_set([&](std::size_t piece) { checked->set(piece); });
            }
            handler(std::move(checked));
        };
        start_check(std::move(storage), std::move(check), std::move(options), std::move(executor),
                    std::move(unite));
    };
    start_check(std::move(storage), std::move(plan.sample), options, executor, std::move(second));
}

}  // namespace shoal::disk

#include "discovery/announcer.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_map>

#include "base/random.h"

namespace shoal::discovery {

/// Outlives the Announcer while handlers of its timers are pending; `over` then makes them idle.
class Announcer::Impl : public std::enable_shared_from_this<Announcer::Impl> {
  public:
    Impl(boost::asio::any_io_executor executor, AnnouncerOptions options,
         AnnouncerCallbacks callbacks)
        : executor_(std::move(executor)),
          options_(std::move(options)),
          callbacks_(std::move(callbacks)),
          trackers_(options_.tiers, options_.user_trackers, random_seed(), options_.schedule),
          key_(static_cast<std::uint32_t>(random_seed())),
          timer_(executor_) {}

    void start() {
        trackers_.start(Clock::now());
        post_pump();
    }

    void completed() {
        trackers_.completed(Clock::now());
        post_pump();
    }

    void need_peers() {
        trackers_.need_peers(Clock::now());
        post_pump();
    }

    void stop(std::function<void()> done) {
        stop_done_ = std::move(done);
        cancel_announces();
        trackers_.stop();
        timer_.expires_after(options_.stop_timeout);
        timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            if (!error) self->finish_stop();
        });
        stopping_ = true;
        post_pump();
    }

    /// No callback is made after this.
    void end() {
        over_ = true;
        timer_.cancel();
        cancel_announces();
        callbacks_ = {};
        stop_done_ = nullptr;
    }

    [[nodiscard]] std::vector<TrackerStatus> status() const { return trackers_.status(); }

  private:
    void cancel_announces() {
        for (auto& [tracker, announce] : announces_) announce->cancel();
        announces_.clear();
    }

    /// Work is never done within a caller's call, so that callbacks cannot surprise it.
    void post_pump() {
        if (pump_posted_) return;
        pump_posted_ = true;
        boost::asio::post(executor_, [self = shared_from_this()] {
            self->pump_posted_ = false;
            self->pump();
        });
    }

    /// Begins every announce that is due and sets the timer for the next.
    void pump() {
        if (over_) return;
        while (const auto task = trackers_.next(Clock::now())) begin(*task);
        if (stopping_) {
            if (trackers_.finished()) finish_stop();
            return;
        }
        if (const auto when = trackers_.wake()) {
            timer_.expires_at(*when);
            timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
                if (!error) self->pump();
            });
        } else {
            timer_.cancel();
        }
    }

    void begin(const TrackerList::Task& task) {
        const TransferStats stats = callbacks_.stats();
        AnnounceRequest request;
        request.info_hash = options_.info_hash;
        request.peer_id = options_.peer_id;
        request.port = options_.port;
        request.uploaded = stats.uploaded;
        request.downloaded = stats.downloaded;
        request.left = stats.left;
        request.event = task.event;
        request.numwant = task.event == Event::stopped ? 0 : options_.numwant;
        request.key = key_;
        HttpOptions http = options_.http;
        if (stopping_) http.timeout = std::min(http.timeout, options_.stop_timeout);
        announces_[task.tracker] = HttpAnnounce::start(
            executor_, task.url, request, std::move(http),
            [self = shared_from_this(), tracker = task.tracker](Result<AnnounceAnswer> answer) {
                self->ended(tracker, std::move(answer));
            });
    }

    void ended(std::size_t tracker, Result<AnnounceAnswer> answer) {
        announces_.erase(tracker);
        const TimePoint now = Clock::now();
        if (answer) {
            trackers_.succeeded(tracker, *answer, now);
        } else {
            trackers_.failed(tracker, answer.error(), now);
        }
        // Planned before the callbacks, which may stop or destroy the announcer.
        post_pump();
        if (!stopping_) tell(tracker, answer);
    }

    void tell(std::size_t tracker, Result<AnnounceAnswer>& answer) {
        // A copy, because end() empties the members while one of them runs.
        const AnnouncerCallbacks callbacks = callbacks_;
        if (callbacks.on_status) callbacks.on_status(trackers_.status()[tracker]);
        if (over_ || stopping_ || !answer) return;
        if (answer->external_address && callbacks.on_external_address) {
            callbacks.on_external_address(*answer->external_address);
        }
        if (over_ || stopping_ || answer->peers.empty()) return;
        callbacks.on_peers(std::move(answer->peers));
    }

    void finish_stop() {
        if (over_) return;
        const auto done = std::exchange(stop_done_, nullptr);
        end();
        if (done) done();
    }

    boost::asio::any_io_executor executor_;
    AnnouncerOptions options_;
    AnnouncerCallbacks callbacks_;
    TrackerList trackers_;
    std::uint32_t key_;
    boost::asio::steady_timer timer_;
    std::unordered_map<std::size_t, std::shared_ptr<HttpAnnounce>> announces_;
    std::function<void()> stop_done_;
    bool pump_posted_ = false;
    bool stopping_ = false;
    bool over_ = false;
};

Announcer::Announcer(boost::asio::any_io_executor executor, AnnouncerOptions options,
                     AnnouncerCallbacks callbacks)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options), std::move(callbacks))) {
}

Announcer::~Announcer() {
    impl_->end();
}

void Announcer::start() {
    impl_->start();
}

void Announcer::completed() {
    impl_->completed();
}

void Announcer::need_peers() {
    impl_->need_peers();
}

void Announcer::stop(std::function<void()> done) {
    impl_->stop(std::move(done));
}

std::vector<TrackerStatus> Announcer::status() const {
    return impl_->status();
}

}  // namespace shoal::discovery

#include "http/event_stream.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>
#include <deque>
#include <fmt/format.h>
#include <iterator>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "http/problem.h"

namespace shoal::http {
namespace {

namespace asio = boost::asio;

/// A stream hands out no more than about this at once.
constexpr std::size_t portion = 64 * 1024;

}  // namespace

/// What the hub and its streams share; streams may outlive the hub.
class EventHub::Core : public std::enable_shared_from_this<Core> {
  public:
    Core(asio::any_io_executor executor, EventLimits limits)
        : executor_(std::move(executor)),
          limits_(limits),
          timer_(executor_),
          epoch_(fmt::format("{:016x}", random_seed())) {}

    void publish(Event event) {
        event.number = ++last_;
        kept_bytes_ += event.data.size();
        kept_.push_back(std::move(event));
        while (kept_.size() > limits_.kept_events ||
               (kept_.size() > 1 && kept_bytes_ > limits_.kept_bytes)) {
            kept_bytes_ -= kept_.front().data.size();
            kept_.pop_front();
        }
        wake_soon();
    }

    [[nodiscard]] const EventLimits& limits() const { return limits_; }
    [[nodiscard]] std::uint64_t last() const { return last_; }
    [[nodiscard]] std::string id_of(std::uint64_t number) const {
        return fmt::format("{}-{}", epoch_, number);
    }
    /// The number in an id of this epoch that has been given.
    [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view id) const {
        if (!id.starts_with(epoch_) || !id.substr(epoch_.size()).starts_with('-')) return {};
        const auto number = parse_number(id.substr(epoch_.size() + 1));
        if (!number || *number < 0 || static_cast<std::uint64_t>(*number) > last_) return {};
        return static_cast<std::uint64_t>(*number);
    }

    /// The events after a number, or nothing when some of them are lost.
    [[nodiscard]] bool has_all_after(std::uint64_t number) const {
        return number + kept_.size() >= last_;
    }
    [[nodiscard]] const Event& event(std::uint64_t number) const {
        return kept_[kept_.size() - static_cast<std::size_t>(last_ - number) - 1];
    }

    void add(Stream* stream);
    void remove(const Stream* stream);
    void end(std::function<bool(const Stream&)> which);
    void wake_soon();
    [[nodiscard]] const std::vector<Stream*>& streams() const { return streams_; }

  private:
    void wake_all();
    void keep_alive();

    asio::any_io_executor executor_;
    EventLimits limits_;
    asio::steady_timer timer_;  ///< runs only while there are streams
    std::string epoch_;
    std::deque<Event> kept_;
    std::size_t kept_bytes_ = 0;
    std::uint64_t last_ = 0;
    std::vector<Stream*> streams_;
    bool waking_ = false;
};

class EventHub::Stream final : public BodyStream {
  public:
    Stream(std::shared_ptr<Core> core, Listener listener, std::optional<std::string_view> last_id)
        : core_(std::move(core)), listener_(std::move(listener)), told_(core_->last()) {
        if (last_id) {
            const auto number = core_->number_of(*last_id);
            lost_ = !number;
            if (number) told_ = *number;
        }
        core_->add(this);
    }
    ~Stream() override { core_->remove(this); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    void on_ready(std::function<void()> ready) override { ready_ = std::move(ready); }

    bool pull(std::string& out) override {
        if (ended_) return false;
        // An id without data is remembered by clients and shown to nobody.
        if (std::exchange(beat_, false)) fmt::format_to(std::back_inserter(out), ":\n{}\n", id());
        if (lost_ || !core_->has_all_after(told_)) {
            lost_ = false;
            told_ = core_->last();
            fmt::format_to(std::back_inserter(out), "event: reset\n{}data: {{}}\n\n", id());
        }
        while (told_ < core_->last() && out.size() < portion) {
            const Event& event = core_->event(++told_);
            if (!may_see(event)) continue;
            fmt::format_to(std::back_inserter(out), "event: {}\n{}data: {}\n\n", event.type, id(),
                           event.data);
        }
        if (listener_.live && listener_.live->version != shown_) {
            shown_ = listener_.live->version;
            fmt::format_to(std::back_inserter(out), "event: {}\ndata: {}\n\n", listener_.live->type,
                           listener_.live->data);
        }
        return true;
    }

    [[nodiscard]] bool may_see(const Event& event) const {
        return !ended_ && (!listener_.may_see || listener_.may_see(event));
    }
    [[nodiscard]] const std::string& owner() const { return listener_.owner; }
    [[nodiscard]] std::function<void()> ready() const { return ready_; }
    void end() { ended_ = true; }
    void beat() { beat_ = true; }

  private:
    [[nodiscard]] std::string id() const { return fmt::format("id: {}\n", core_->id_of(told_)); }

    std::shared_ptr<Core> core_;
    Listener listener_;
    std::function<void()> ready_;
    std::uint64_t told_;       ///< the number of the last event told or passed over
    std::uint64_t shown_ = 0;  ///< the version of the live document that was told last
    bool lost_ = false;        ///< the client knows another past
    bool beat_ = true;         ///< its first words are the id to go on from
    bool ended_ = false;
};

void EventHub::Core::add(Stream* stream) {
    streams_.push_back(stream);
    if (streams_.size() == 1) keep_alive();
}

void EventHub::Core::remove(const Stream* stream) {
    std::erase(streams_, stream);
    if (streams_.empty()) timer_.cancel();
}

void EventHub::Core::end(std::function<bool(const Stream&)> which) {
    for (Stream* stream : streams_) {
        if (which(*stream)) stream->end();
    }
    wake_soon();
}

/// Once for all that is published in one go, and never from within a stream's own functions.
void EventHub::Core::wake_soon() {
    if (streams_.empty() || std::exchange(waking_, true)) return;
    asio::post(executor_, [self = shared_from_this()] { self->wake_all(); });
}

void EventHub::Core::wake_all() {
    waking_ = false;
    // Waking a stream may destroy it, and what is called with it; so both are copies.
    for (const Stream* stream : std::vector<Stream*>(streams_.begin(), streams_.end())) {
        if (std::find(streams_.begin(), streams_.end(), stream) == streams_.end()) continue;
        const std::function<void()> ready = stream->ready();
        if (ready) ready();
    }
}

void EventHub::Core::keep_alive() {
    timer_.expires_after(limits_.keep_alive);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self || self->streams_.empty()) return;
        for (Stream* stream : self->streams_) stream->beat();
        self->wake_soon();
        self->keep_alive();
    });
}

EventHub::EventHub(asio::any_io_executor executor, EventLimits limits)
    : core_(std::make_shared<Core>(std::move(executor), limits)) {}

EventHub::~EventHub() {
    core_->end([](const Stream&) { return true; });
}

void EventHub::publish(std::string type, const boost::json::value& data, std::string audience) {
    core_->publish({0, std::move(type), boost::json::serialize(data), std::move(audience)});
}

void EventHub::show(LiveDocument& document, std::string data) {
    if (data == document.data) return;
    document.data = std::move(data);
    ++document.version;
    core_->wake_soon();
}

void EventHub::serve(const Request& request, Response& response, Listener listener) {
    const auto& streams = core_->streams();
    const auto same_owner =
        std::count_if(streams.begin(), streams.end(),
                      [&](const Stream* stream) { return stream->owner() == listener.owner; });
    const bool too_many_own = !listener.owner.empty() && static_cast<std::size_t>(same_owner) >=
                                                             core_->limits().streams_per_owner;
    if (too_many_own || streams.size() >= core_->limits().streams) {
        response.add_header("Retry-After", "10");
        return send_problem(response, too_many_own ? 429 : 503,
                            "too many event streams are open; close one or try again later");
    }
    response.content_type = "text/event-stream";
    response.add_header("Cache-Control", "no-store");
    response.add_header("X-Accel-Buffering", "no");  // proxies are to pass each event on at once
    const std::string_view last_id = request.header("Last-Event-ID");
    response.stream = std::make_unique<Stream>(
        core_, std::move(listener),
        last_id.empty() ? std::nullopt : std::optional<std::string_view>(last_id));
}

void EventHub::end_streams_of(std::string_view owner) {
    core_->end([&](const Stream& stream) { return stream.owner() == owner; });
}

bool EventHub::is_heard(const Event& event) const {
    return std::ranges::any_of(core_->streams(),
                               [&](const Stream* stream) { return stream->may_see(event); });
}

std::size_t EventHub::streams() const {
    return core_->streams().size();
}

}  // namespace shoal::http

#include "cli/following.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <poll.h>

#include "base/text.h"
#include "cli/item_words.h"
#include "cli/report.h"

namespace shoal::cli {
namespace {

using boost::json::object;

/// How long an answer is waited for in between: short at first, because small things are quick.
constexpr Duration first_pause = 50ms;
constexpr Duration longest_pause = 500ms;
constexpr Duration report_period = 1s;
/// How long a publication may take from its last hash to the group's list.
constexpr Duration listing_time = 15s;

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

class Follower {
  public:
    Follower(const Api& api, object item) : api_(api), item_(std::move(item)) {
        std::signal(SIGINT, [](int) { interrupted = true; });
        std::signal(SIGTERM, [](int) { interrupted = true; });
    }

    /// Until it is done; what became of it.
    Result<std::string> run(bool events) {
        for (;;) {
            if (auto outcome = outcome_of(item_)) return ended(std::move(*outcome));
            if (waits_for_list()) return ended(item_line(item_) + ": not in the group's list yet");
            line_.show(text_of(item_, "name"), status_of(item_));
            if (events) report();
            pause();
            if (interrupted) {
                return ended(fail(ErrorCode::cancelled,
                                  "interrupted; the peer goes on with it: see `shoal status`"));
            }
            auto now = refreshed(api_, item_);
            if (!now && now.error().code == ErrorCode::not_found) {
                return ended(fail(ErrorCode::failed, "{}: it was removed meanwhile",
                                  text_of(item_, "name")));
            }
            if (!now) return ended(std::unexpected(now.error()));
            item_ = std::move(*now);
        }
    }

    [[nodiscard]] const object& item() const { return item_; }
    [[nodiscard]] double taken() const { return seconds(Clock::now() - started_); }

  private:
    Result<std::string> ended(Result<std::string> outcome) {
        line_.clear();
        return outcome;
    }

    /// Whether it has been ready for long and the tracker still does not know.
    bool waits_for_list() {
        if (text_of(item_, "state") != "sharing") return false;
        if (!ready_) ready_ = Clock::now();
        return Clock::now() - *ready_ > listing_time;
    }

    void report() {
        if (Clock::now() - reported_ < report_period) return;
        reported_ = Clock::now();
        report_progress(status_of(item_).transfer);
    }

    void pause() {
        const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(pause_);
        ::poll(nullptr, 0, static_cast<int>(time.count()));
        pause_ = std::min(pause_ * 3 / 2, longest_pause);
    }

    const Api& api_;
    object item_;
    ProgressLine line_;
    Duration pause_ = first_pause;
    const TimePoint started_ = Clock::now();
    TimePoint reported_{};
    std::optional<TimePoint> ready_;
};

}  // namespace

Result<void> follow_fetch(const Context& context, const Api& api, const object& item) {
    if (context.json) {
        const auto status = api.get("/api/v1/status");
        const object* peer = status ? status->if_object() : nullptr;
        print_json({{"event", "ready"},
                    {"address", peer == nullptr ? "" : text_of(*peer, "listen")},
                    {"id", id_of(item)}});
    }
    Follower follower(api, item);
    const auto done = follower.run(context.json);
    if (!done) return std::unexpected(done.error());
    const ByteCount bytes = number_of(follower.item(), "total");
    if (context.json) {
        print_json({{"event", "complete"}, {"bytes", bytes}, {"seconds", follower.taken()}});
    } else {
        print_line(fmt::format("complete {} in {:.1f} s: {}", format_size(bytes), follower.taken(),
                               text_of(follower.item(), "path")));
    }
    return {};
}

Result<void> follow_publication(const Context& context, const Api& api, const object& item) {
    Follower follower(api, item);
    const auto done = follower.run(false);
    if (!done) return std::unexpected(done.error());
    if (context.json) {
        print_json(follower.item());
    } else {
        print_line(*done);
    }
    return {};
}

}  // namespace shoal::cli

#include "cli/signals.h"

#include <csignal>

namespace shoal::cli {

Signals::Signals(const boost::asio::any_io_executor& executor, std::function<void(int)> stop)
    : signals_(executor, SIGINT, SIGTERM) {
    signals_.async_wait(
        [this, stop = std::move(stop)](const boost::system::error_code& error, int number) {
            if (error) return;
            cancel();
            stop(number);
        });
}

void Signals::cancel() {
    boost::system::error_code ignored;
    signals_.clear(ignored);
    signals_.cancel(ignored);  // clearing alone leaves the wait pending, and the executor at work
}

Hangups::Hangups(const boost::asio::any_io_executor& executor, std::function<void()> reload)
    : signals_(executor, SIGHUP), reload_(std::move(reload)) {
    wait();
}

void Hangups::wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
        if (error) return;
        reload_();
        wait();
    });
}

void Hangups::cancel() {
    boost::system::error_code ignored;
    signals_.clear(ignored);
    signals_.cancel(ignored);
}

}  // namespace shoal::cli

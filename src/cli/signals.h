// Signals. Ending by Ctrl-C or by a service manager: the first one asks for a clean end, a second
// one does not wait for it. SIGHUP asks for reading the configuration again.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>

namespace shoal::cli {

/// Watches SIGINT and SIGTERM while it exists.
class Signals {
  public:
    /// Stop is called on the executor, once, with the signal's number. From then on signals do
    /// what they do to any process, and the executor has no work left from here.
    Signals(const boost::asio::any_io_executor& executor, std::function<void(int)> stop);

    /// Watches no more, so that the executor can run out of work without a signal.
    void cancel();

  private:
    boost::asio::signal_set signals_;
};

/// Watches SIGHUP while it exists, which otherwise ends a process.
class Hangups {
  public:
    /// Called on the executor, for each signal.
    Hangups(const boost::asio::any_io_executor& executor, std::function<void()> reload);

    /// As Signals::cancel().
    void cancel();

  private:
    void wait();

    boost::asio::signal_set signals_;
    std::function<void()> reload_;
};

}  // namespace shoal::cli

// Ending by Ctrl-C or by a service manager: the first signal asks for a clean end, a second one
// does not wait for it.
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

}  // namespace shoal::cli

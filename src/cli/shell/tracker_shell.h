// The shell of a running tracker, for its operator.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <functional>
#include <memory>

#include "tracker/group_home.h"
#include "tracker/tracker_server.h"

namespace shoal::cli {

struct TrackerShellOptions {
    boost::asio::any_io_executor executor;     ///< the server's
    tracker::TrackerServer* server = nullptr;  ///< listening; outlives the shell
    const tracker::GroupHome* home = nullptr;  ///< null: an open tracker; outlives the shell
    std::filesystem::path history;             ///< the file; empty: none is kept
    /// The operator wants the tracker to end; called once, on the shell's thread, and must not
    /// block.
    std::function<void()> on_exit;
};

/// Opens the shell on standard input, which must be a terminal of ours; it reads on a thread of its
/// own. It is to be closed before the executor ends.
class TrackerShell {
  public:
    explicit TrackerShell(TrackerShellOptions options);
    /// Closes it and waits for its thread.
    ~TrackerShell();
    /// No further line is read. From any thread.
    void close();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace shoal::cli

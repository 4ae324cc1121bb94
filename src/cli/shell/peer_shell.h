// The shell of a running peer, for its user. All that it does goes through the peer's own REST
// interface.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/item_words.h"
#include "cli/shell/words.h"

namespace shoal::cli {

struct PeerShellOptions {
    std::string url;             ///< of the peer's REST interface: http://127.0.0.1:8080
    std::string token;           ///< for it; a secret
    std::filesystem::path data;  ///< the data folder; the history is kept there
    /// The user wants the peer to end; called once, on the shell's thread, and must not block.
    std::function<void()> on_exit;
};

/// Opens the shell on standard input, which must be a terminal of ours (terminal_is_ours()); it
/// reads on a thread of its own. The peer's interface must answer by now. It is to be closed before
/// the interface ends.
class PeerShell {
  public:
    explicit PeerShell(PeerShellOptions options);
    /// Closes it and waits for its thread.
    ~PeerShell();
    /// No further line is read. From any thread.
    void close();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// What the arguments of `fetch` ask for: NAME [DESTINATION] [IP PORT], with HOST:PORT behind a
/// destination as well. usage: a port that is none.
Result<FetchWish> read_fetch(const Words& words);

}  // namespace shoal::cli

// The words of the peer's shell that begin something which goes on behind the prompt.
#pragma once
#include <filesystem>

#include "cli/api.h"
#include "cli/command.h"
#include "cli/shell/shell.h"
#include "cli/shell/words.h"

namespace shoal::cli {

/// Each takes its arguments as the shell's help has them, begins, and returns within about two
/// seconds; what becomes of it is told in one line when it is over. On the shell's thread.
class PeerSharing {
  public:
    /// The interface and the shell must outlive it.
    PeerSharing(const Api& api, Shell& shell, std::filesystem::path data);

    Result<void> publish(const Words& words);
    Result<void> fetch(const Words& words);
    Result<void> download(const Words& words);
    /// Hashes in the foreground, until Ctrl-C.
    Result<void> create(const Words& words);
    /// The same where a torrent has to be made first.
    Result<void> upload(const Words& words);

  private:
    Result<std::filesystem::path> make_torrent(const std::string& path,
                                               const std::filesystem::path& folder,
                                               const std::string& tracker);
    [[nodiscard]] Result<std::filesystem::path> content_of(const std::string& torrent) const;
    void first_answer(boost::json::object item);
    void tell_later(const boost::json::object& item);

    const Api& api_;
    Shell& shell_;
    std::filesystem::path data_;
    Context context_{.shell = true};
};

}  // namespace shoal::cli

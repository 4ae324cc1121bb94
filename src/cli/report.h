// How a transfer tells of itself: events for scripts, a progress line for people.
#pragma once
#include <string>
#include <string_view>

#include "base/time.h"
#include "cli/command.h"
#include "engine/download.h"

namespace shoal::cli {

/// `ready HOST:PORT`, or the event of that name.
void report_ready(const Context& context, std::string_view address);
/// The progress event.
void report_progress(const engine::TransferStatus& status);

/// A line on a terminal's last line that is written over again and again; nothing where standard
/// error is no terminal.
class ProgressLine {
  public:
    ProgressLine();
    ~ProgressLine();
    void show(const std::string& name, const engine::DownloadStatus& status);
    /// Removes the line, so that other words can be written.
    void clear();

  private:
    bool terminal_;
    bool shown_ = false;
};

}  // namespace shoal::cli

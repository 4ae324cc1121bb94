// Lines from a terminal, with editing, history and completion (libedit).
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/shell/words.h"

namespace shoal::cli {

/// Whether standard input is a terminal that this process may read: one that it runs in the
/// background of would stop it.
bool terminal_is_ours();

struct LineEditorOptions {
    std::string prompt;
    std::filesystem::path history;  ///< the file; empty: none is kept
    /// The whole words that could stand at the cursor.
    std::function<std::vector<std::string>(const UnfinishedLine&)> complete;
    /// Called about twice a second while a line is waited for.
    std::function<void()> idle;
};

/// Takes the terminal with the first read(). Ctrl-C is no signal from then on: it clears the line.
/// Everything but notify() and close() is for one thread, on which the hooks are called, too.
class LineEditor {
  public:
    explicit LineEditor(LineEditorOptions options);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    /// The next line without its end, in UTF-8. Nothing: Ctrl-D in an empty line, the terminal has
    /// gone, or close() was called.
    std::optional<std::string> read();
    /// Keeps the line in the history.
    void remember(std::string_view line);

    /// Another line, between two read(): without editing and history, and unseen if it is secret.
    /// cancelled: Ctrl-C, Ctrl-D or close(). bad_data: more than 1024 bytes.
    Result<std::string> ask(std::string_view question, bool secret);

    /// Writes a line of its own: above the prompt while a line is read.
    void say(std::string_view line);

    /// The same from any thread: it is written as soon as a line is read, or at release().
    void notify(std::string_view line);

    /// Between two read(): whether Ctrl-C was pressed since the last time.
    bool interrupted();

    /// Gives the terminal back as it was; there is no further line.
    void release();

    /// From any thread: read() and ask() end, now and from now on.
    void close();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace shoal::cli

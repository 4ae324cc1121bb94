// A shell beside a running server: reads lines on a thread of its own and runs its commands there.
#pragma once
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cli/shell/command_table.h"
#include "cli/shell/line_editor.h"

namespace shoal::cli {

struct ShellOptions {
    std::string prompt;
    std::filesystem::path history;  ///< the file; empty: none is kept
    /// The user wants the program to end; called once, on the shell's thread, and must not block.
    std::function<void()> on_exit;
};

/// Commands are added before start(); `help` and `exit` are there already.
class Shell {
  public:
    explicit Shell(ShellOptions options);
    /// Closes it and waits for the command that is running.
    ~Shell();
    Shell(const Shell&) = delete;
    Shell& operator=(const Shell&) = delete;

    void add(ShellCommand command) { commands_.add(std::move(command)); }
    void start();
    /// From any thread: no further line is read, and the terminal is given back. The program that
    /// ends by itself calls it first.
    void close();
    /// Set once the shell is being closed. From any thread.
    [[nodiscard]] const std::atomic<bool>& closing() const { return closing_; }

    // For the commands, on the shell's thread:

    Result<std::string> ask(std::string_view question, bool secret) {
        return editor_.ask(question, secret);
    }
    /// A line for the user, whether or not they are writing one.
    void say(std::string_view line) { editor_.say(line); }
    /// Whether the user wants the command to end.
    bool interrupted() { return closing_ || editor_.interrupted(); }
    /// Called about twice a second while the user writes or does nothing, until it returns false.
    void watch(std::function<bool()> look) { watches_.push_back(std::move(look)); }

  private:
    void add_own_commands();
    void run();
    void look();
    Result<void> help(const Words& words);

    ShellOptions options_;
    CommandTable commands_;
    std::vector<std::function<bool()>> watches_;
    std::atomic<bool> closing_ = false;
    bool leaving_ = false;
    LineEditor editor_;
    std::thread thread_;
};

}  // namespace shoal::cli

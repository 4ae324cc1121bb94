#include "cli/shell/shell.h"

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"

namespace shoal::cli {

Shell::Shell(ShellOptions options)
    : options_(std::move(options)),
      editor_({.prompt = options_.prompt,
               .history = options_.history,
               .complete = [this](const UnfinishedLine& line) { return commands_.complete(line); },
               .idle = [this] { look(); }}) {
    add_own_commands();
}

Shell::~Shell() {
    close();
    if (thread_.joinable()) thread_.join();
}

void Shell::add_own_commands() {
    add({.word = "help",
         .arguments = "[WORD]",
         .help = "all words, or one of them",
         .most = 1,
         .run = [this](const Words& words) { return help(words); },
         .complete =
             [this](const Words&, std::string_view part) {
                 return commands_.complete({.before = {}, .word = std::string(part)});
             }});
    add({.word = "exit",
         .arguments = {},
         .help = "ends the program (also: Ctrl-D)",
         .run = [this](const Words&) -> Result<void> {
             leaving_ = true;
             return {};
         }});
}

void Shell::start() {
    show_log_by([this](std::string_view line) { editor_.notify(line); });
    thread_ = std::thread([this] { run(); });
}

void Shell::close() {
    closing_ = true;
    editor_.close();
}

void Shell::run() {
    print_line("Type help to see what can be done here.");
    while (!leaving_ && !closing_) {
        const auto line = editor_.read();
        if (!line) break;
        editor_.remember(*line);
        const auto done = commands_.run(*line);
        if (!done && !closing_) say("error: " + printable(done.error().message));
    }
    show_log_by({});
    editor_.release();
    if (!closing_ && options_.on_exit) options_.on_exit();
}

void Shell::look() {
    std::erase_if(watches_, [](const auto& look) { return !look(); });
}

Result<void> Shell::help(const Words& words) {
    if (words.empty()) {
        for (const std::string& line : commands_.help()) say(line);
        return {};
    }
    const auto command = commands_.find(words.front());
    if (!command) return std::unexpected(command.error());
    say((*command)->usage());
    say("    " + (*command)->help);
    return {};
}

}  // namespace shoal::cli

#include "cli/shell/command_table.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace shoal::cli {

std::string ShellCommand::usage() const {
    return arguments.empty() ? word : word + " " + arguments;
}

void CommandTable::add(ShellCommand command) {
    commands_.push_back(std::move(command));
}

Result<const ShellCommand*> CommandTable::find(std::string_view word) const {
    const auto found = std::ranges::find(commands_, word, &ShellCommand::word);
    if (found != commands_.end()) return &*found;
    const std::string near = nearest(word, words());
    return fail(ErrorCode::usage, "there is no command '{}': {}", printable(word),
                near.empty() ? "see help" : fmt::format("did you mean '{}'?", near));
}

Result<void> CommandTable::run(std::string_view line) const {
    auto words = split_words(line);
    if (!words) return std::unexpected(words.error());
    if (words->empty()) return {};
    const auto command = find(words->front());
    if (!command) return std::unexpected(command.error());
    words->erase(words->begin());
    if (words->size() < (*command)->least || words->size() > (*command)->most) {
        return fail(ErrorCode::usage, "write it as: {}", (*command)->usage());
    }
    return (*command)->run(*words);
}

std::vector<std::string> CommandTable::complete(const UnfinishedLine& line) const {
    std::vector<std::string> offered;
    if (line.before.empty()) {
        offered = words();
    } else if (const auto command = find(line.before.front()); command && (*command)->complete) {
        offered = (*command)->complete(line.before, line.word);
    }
    std::set<std::string> fitting;
    for (std::string& one : offered) {
        if (one.starts_with(line.word)) fitting.insert(std::move(one));
    }
    return {fitting.begin(), fitting.end()};
}

std::vector<std::string> CommandTable::help() const {
    constexpr std::size_t widest = 44;
    std::size_t width = 0;
    for (const auto& command : commands_) {
        width = std::max(width, std::min(command.usage().size(), widest));
    }
    std::vector<std::string> lines;
    lines.reserve(commands_.size());
    for (const auto& command : commands_) {
        lines.push_back(fmt::format("  {:<{}}  {}", command.usage(), width, command.help));
    }
    return lines;
}

std::vector<std::string> CommandTable::words() const {
    std::vector<std::string> all;
    all.reserve(commands_.size());
    for (const auto& command : commands_) all.push_back(command.word);
    return all;
}

}  // namespace shoal::cli

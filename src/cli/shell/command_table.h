// The words that a shell knows: how they are used, what they do, and how their arguments are
// completed.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/shell/words.h"

namespace shoal::cli {

/// What could stand at the cursor behind these words, of which the first is the command's, where
/// the user has written a part already.
using Completion =
    std::function<std::vector<std::string>(const Words& before, std::string_view part)>;

struct ShellCommand {
    std::string word;
    std::string arguments;  ///< as they stand in help: "NAME [DESTINATION]"
    std::string help;       ///< what it does, in one line
    std::size_t least = 0;  ///< number of arguments
    std::size_t most = 0;
    /// Given the arguments, without the command's own word.
    std::function<Result<void>(const Words&)> run;
    Completion complete{};  ///< none: nothing is offered

    /// The word and its arguments.
    [[nodiscard]] std::string usage() const;
};

class CommandTable {
  public:
    /// The word must be new.
    void add(ShellCommand command);

    /// usage: there is no such word; the message says what is near.
    [[nodiscard]] Result<const ShellCommand*> find(std::string_view word) const;
    /// Runs a line; an empty one does nothing. usage: no such word, or another number of arguments
    /// than it takes. Otherwise what the command says.
    [[nodiscard]] Result<void> run(std::string_view line) const;
    /// All that could stand where the line ends, each a whole word without quotes, sorted.
    [[nodiscard]] std::vector<std::string> complete(const UnfinishedLine& line) const;

    /// Of all words, a line each.
    [[nodiscard]] std::vector<std::string> help() const;

  private:
    [[nodiscard]] std::vector<std::string> words() const;

    std::vector<ShellCommand> commands_;
};

}  // namespace shoal::cli

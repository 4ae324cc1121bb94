// What all subcommands share: how they are registered, how they end, and how they speak.
#pragma once
#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <string_view>

#include "base/error.h"

namespace shoal::cli {

/// The exit codes that scripts rely on.
enum class ExitCode : int {
    done = 0,
    failed = 1,
    usage = 2,
    not_found = 3,
    refused = 4,
    bad_data = 5,
    interrupted = 130,
};

ExitCode exit_code(ErrorCode code);

/// What a subcommand is given: where its result goes.
struct Context {
    bool json = false;  ///< --json: one JSON document, or one object a line, on standard output
    /// In a shell, where an empty list says that it is one.
    bool shell = false;
    /// The one document was printed, so that an error is told on standard error alone.
    bool answered = false;

    /// The action of the subcommand that was chosen; set by its callback, run by main().
    std::function<Result<void>()> action;
};

/// Registers the subcommands, each in the file of its name in commands/. Options are stored by
/// the subcommand itself; its callback sets context.action.
void add_commands(CLI::App& app, Context& context);

/// Writes to standard output at once. Says nothing when nobody reads any more.
void print_text(std::string_view text);
/// Where a list for people turned out to be empty: says so in a shell.
void print_none(const Context& context);
/// Writes one line to standard output in a single flushed write.
void print_line(std::string_view line);
void print_json(const boost::json::object& object);

/// Tells the user of an error: one line on standard error, and with --json an error event on
/// standard output. Control characters are removed.
void report_error(const Context& context, const Error& error);

}  // namespace shoal::cli

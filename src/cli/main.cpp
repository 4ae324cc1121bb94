// The program: reads the command line, runs one subcommand, ends with its exit code.
#include <csignal>
#include <exception>

#include "base/log.h"
#include "base/version.h"
#include "cli/command.h"

int main(int argc, char** argv) {
    using namespace shoal;
    // A peer or a reader of our output that goes away must be an error value, not a death.
    std::signal(SIGPIPE, SIG_IGN);

    cli::Context context;
    bool verbose = false;
    CLI::App app("Share large files by name inside a group, at the speed of the whole swarm.",
                 "shoal");
    app.set_version_flag("--version", "shoal " + std::string(version));
    app.add_flag("--json", context.json, "Results as JSON on standard output");
    app.add_flag("-v,--verbose", verbose, "Say on standard error what goes on");
    app.fallthrough();
    app.require_subcommand(1);
    cli::add_commands(app, context);

    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        cli::report_error(context,
                          {ErrorCode::usage, std::string(error.what()) + " (see shoal --help)"});
        return static_cast<int>(cli::ExitCode::usage);
    }
    start_logging(verbose ? spdlog::level::debug : spdlog::level::warn);
    try {
        if (const auto result = context.action(); !result) {
            cli::report_error(context, result.error());
            return static_cast<int>(cli::exit_code(result.error().code));
        }
    } catch (const std::exception& bug) {
        cli::report_error(context, {ErrorCode::failed, bug.what()});
        return static_cast<int>(cli::ExitCode::failed);
    }
    return static_cast<int>(cli::ExitCode::done);
}

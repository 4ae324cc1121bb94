#include "cli/command.h"

#include <boost/json/serialize.hpp>
#include <string>
#include <unistd.h>

#include "base/text.h"
#include "cli/commands/commands.h"

namespace shoal::cli {

ExitCode exit_code(ErrorCode code) {
    switch (code) {
        case ErrorCode::usage:
            return ExitCode::usage;
        case ErrorCode::not_found:
            return ExitCode::not_found;
        case ErrorCode::refused:
            return ExitCode::refused;
        case ErrorCode::bad_data:
            return ExitCode::bad_data;
        case ErrorCode::cancelled:
            return ExitCode::interrupted;
        case ErrorCode::failed:
        case ErrorCode::unsupported:
        case ErrorCode::no_space:
        case ErrorCode::timeout:
            return ExitCode::failed;
    }
    return ExitCode::failed;
}

void add_commands(CLI::App& app, Context& context) {
    add_create(app, context);
    add_download(app, context);
    add_info(app, context);
    add_magnet(app, context);
    add_peer(app, context);
    add_seed(app, context);
    add_tracker(app, context);
    add_verify(app, context);
    add_account(app, context);
    add_group(app, context);
    add_transfers(app, context);
    add_items(app, context);
    add_operators(app, context);
    add_open(app, context);
}

void print_text(std::string_view text) {
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t n = ::write(STDOUT_FILENO, text.data() + sent, text.size() - sent);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;  // nobody reads any more: what is being done goes on
        sent += static_cast<std::size_t>(n);
    }
}

void print_line(std::string_view line) {
    std::string text(line);
    text += '\n';
    print_text(text);
}

void print_none(const Context& context) {
    if (context.shell) print_line("none");
}

void print_json(const boost::json::object& object) {
    print_line(boost::json::serialize(object));
}

void report_error(const Context& context, const Error& error) {
    const std::string message = printable(error.message);
    fmt::print(stderr, "shoal: {}\n", message);
    if (context.json && !context.answered) {
        print_json({{"event", "error"},
                    {"code", static_cast<int>(exit_code(error.code))},
                    {"message", message}});
    }
}

}  // namespace shoal::cli

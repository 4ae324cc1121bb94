// The program's log: one logger, on standard error, so that standard output stays for results.
#pragma once
#include <functional>
#include <spdlog/spdlog.h>
#include <string_view>

namespace shoal {

/// Sets the process-wide logger up. Call once, before any thread starts. Text from outside goes
/// into a log line only through printable().
void start_logging(spdlog::level::level_enum level);

/// Has each line, without its end, shown by the function instead of standard error: for a shell,
/// whose prompt it must not tear apart. It is called on any thread, one at a time, and must neither
/// block nor log. An empty function leads back to standard error; the former one is not called any
/// more once this returns. Thread-safe.
void show_log_by(std::function<void(std::string_view)> show);

}  // namespace shoal

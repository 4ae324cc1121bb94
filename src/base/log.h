// The program's log: one logger, on standard error, so that standard output stays for results.
#pragma once
#include <spdlog/spdlog.h>

namespace shoal {

/// Sets the process-wide logger up. Call once, before any thread starts. Text from outside goes
/// into a log line only through printable().
void start_logging(spdlog::level::level_enum level);

}  // namespace shoal

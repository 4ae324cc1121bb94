#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

namespace shoal {

void start_logging(spdlog::level::level_enum level) {
    auto logger = spdlog::stderr_color_mt("shoal");
    logger->set_pattern("%H:%M:%S.%e %^%l%$ %v");
    logger->set_level(level);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace shoal

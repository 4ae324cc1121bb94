#include "base/log.h"

#include <mutex>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

namespace shoal {
namespace {

/// Standard error, or who shows the lines instead.
class ErrorSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    void show_by(std::function<void(std::string_view)> show) {
        const std::lock_guard lock(mutex_);
        show_ = std::move(show);
    }

  private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (!show_) return terminal_.log(message);
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        std::string_view text(line.data(), line.size());
        while (text.ends_with('\n')) text.remove_suffix(1);
        show_(text);
    }
    void flush_() override { terminal_.flush(); }
    void set_pattern_(const std::string& pattern) override {
        set_formatter_(std::make_unique<spdlog::pattern_formatter>(pattern));
    }
    void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override {
        terminal_.set_formatter(formatter->clone());
        formatter_ = std::move(formatter);
    }

    spdlog::sinks::stderr_color_sink_mt terminal_;
    std::function<void(std::string_view)> show_;
};

std::shared_ptr<ErrorSink>& error_sink() {
    static std::shared_ptr<ErrorSink> sink = std::make_shared<ErrorSink>();
    return sink;
}

}  // namespace

void start_logging(spdlog::level::level_enum level) {
    auto logger = std::make_shared<spdlog::logger>("shoal", error_sink());
    logger->set_pattern("%H:%M:%S.%e %^%l%$ %v");
    logger->set_level(level);
    spdlog::set_default_logger(std::move(logger));
}

void show_log_by(std::function<void(std::string_view)> show) {
    error_sink()->show_by(std::move(show));
}

}  // namespace shoal

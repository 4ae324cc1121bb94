#include "cli/report.h"

#include <algorithm>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

namespace shoal::cli {
namespace {

std::string time_left(const engine::TransferStatus& status) {
    if (status.down < 1) return "";
    const auto left =
        static_cast<std::int64_t>(static_cast<double>(status.total - status.have) / status.down);
    if (left >= 3600) return fmt::format("  {} h {:02} min left", left / 3600, left / 60 % 60);
    if (left >= 60) return fmt::format("  {} min {:02} s left", left / 60, left % 60);
    return fmt::format("  {} s left", left);
}

std::string words(const std::string& name, const engine::DownloadStatus& status) {
    using Stage = engine::DownloadStatus::Stage;
    const auto& transfer = status.transfer;
    switch (status.stage) {
        case Stage::opening:
            return fmt::format("{}: opening", name);
        case Stage::metadata:
            return fmt::format("{}: asking {} peers what it is", name, transfer.peers);
        case Stage::checking:
            return fmt::format("{}: checking what is here, {:.0f} %", name, status.checked * 100);
        case Stage::complete:
            return fmt::format("{}: complete  up {}/s  {} peers", name,
                               format_size(static_cast<ByteCount>(transfer.up)), transfer.peers);
        case Stage::transferring:
            break;
    }
    const double share = transfer.total == 0 ? 1.0
                                             : static_cast<double>(transfer.have) /
                                                   static_cast<double>(transfer.total);
    return fmt::format(
        "{}: {:5.1f} % of {}  {}/s  {} peers{}", name, share * 100, format_size(transfer.total),
        format_size(static_cast<ByteCount>(transfer.down)), transfer.peers, time_left(transfer));
}

/// Cut to the terminal's width, between characters.
std::string fitted(std::string text) {
    winsize size{};
    std::size_t width = 80;
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) width = size.ws_col;
    std::size_t columns = 0;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const bool starts = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
        if (starts && ++columns >= width) break;
    }
    text.resize(at);
    return text;
}

}  // namespace

void report_ready(const Context& context, std::string_view address) {
    if (context.json) {
        print_json({{"event", "ready"}, {"address", address}});
    } else {
        print_line(fmt::format("ready {}", address));
    }
}

void report_progress(const engine::TransferStatus& status) {
    print_json({{"event", "progress"},
                {"have", status.have},
                {"total", status.total},
                {"down", static_cast<std::int64_t>(status.down)},
                {"up", static_cast<std::int64_t>(status.up)},
                {"downloaded", status.downloaded},
                {"uploaded", status.uploaded},
                {"peers", status.peers},
                {"unavailable", status.unavailable}});
}

ProgressLine::ProgressLine() : terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
    clear();
}

void ProgressLine::show(const std::string& name, const engine::DownloadStatus& status) {
    if (!terminal_) return;
    fmt::print(stderr, "\r\x1b[K{}", fitted(words(printable(name), status)));
    std::fflush(stderr);
    shown_ = true;
}

void ProgressLine::clear() {
    if (!std::exchange(shown_, false)) return;
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
}

}  // namespace shoal::cli

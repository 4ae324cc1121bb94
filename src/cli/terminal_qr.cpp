#include "cli/terminal_qr.h"

#include <memory>
#include <qrencode.h>
#include <unistd.h>

#include "cli/command.h"

namespace shoal::cli {
namespace {

/// Light modules around the code. The standard wants four; cameras are content with two, and the
/// code of a join link then fits into the 24 lines of a small terminal.
constexpr int quiet_zone = 2;

constexpr std::string_view dark_on_light = "\x1b[38;5;16;48;5;231m";
constexpr std::string_view reset = "\x1b[0m";

/// The longest text in bytes of the largest code with the least error correction.
constexpr std::size_t max_text = 2953;

/// Whether a module is dark; all outside the code are light.
bool is_dark(const QRcode& code, int row, int column) {
    if (row < 0 || column < 0 || row >= code.width || column >= code.width) return false;
    return (code.data[static_cast<std::ptrdiff_t>(row) * code.width + column] & 1) != 0;
}

std::string_view glyph(bool upper, bool lower) {
    if (upper) return lower ? "█" : "▀";
    return lower ? "▄" : " ";
}

}  // namespace

Result<std::vector<std::string>> terminal_qr(std::string_view text) {
    if (text.empty() || text.size() > max_text) {
        return fail(ErrorCode::unsupported, "a QR code holds 1 to {} bytes, not {}", max_text,
                    text.size());
    }
    // A screen has no scratches and no dirt: the least error correction gives the smallest code.
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
        QRcode_encodeData(static_cast<int>(text.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L),
        &QRcode_free);
    if (!code) return fail(ErrorCode::failed, "the QR code cannot be made");

    std::vector<std::string> lines;
    for (int row = -quiet_zone; row < code->width + quiet_zone; row += 2) {
        std::string line(dark_on_light);
        for (int column = -quiet_zone; column < code->width + quiet_zone; ++column) {
            line += glyph(is_dark(*code, row, column), is_dark(*code, row + 1, column));
        }
        line += reset;
        lines.push_back(std::move(line));
    }
    return lines;
}

void print_qr(std::string_view text) {
    if (::isatty(STDOUT_FILENO) != 1) return;
    const auto lines = terminal_qr(text);
    if (!lines) return;
    for (const std::string& line : *lines) print_line(line);
}

}  // namespace shoal::cli

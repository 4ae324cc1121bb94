#include "cli/terminal_qr.h"

#include <gtest/gtest.h>
#include <memory>
#include <qrencode.h>

namespace shoal::cli {
namespace {

using Row = std::vector<bool>;

const std::string link =
    "http://192.168.1.88:5000/join#1/k=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    "/i=ABCDEFGHIJKLMNOPQRSTUVWXYZ012_-9";

/// Takes the text off the front; false when something else is there.
bool take(std::string_view& from, std::string_view text) {
    if (!from.starts_with(text)) return false;
    from.remove_prefix(text.size());
    return true;
}

/// Two rows of modules a line, true for dark, as a camera sees them.
std::vector<Row> modules_of(const std::vector<std::string>& lines) {
    std::vector<Row> rows;
    for (std::string_view line : lines) {
        EXPECT_TRUE(take(line, "\x1b[38;5;16;48;5;231m")) << line;
        Row upper;
        Row lower;
        while (!line.empty() && !take(line, "\x1b[0m")) {
            const bool both = take(line, "█");
            const bool high = !both && take(line, "▀");
            const bool low = !both && !high && take(line, "▄");
            if (!both && !high && !low && !take(line, " ")) {
                ADD_FAILURE() << line;
                return {};
            }
            upper.push_back(both || high);
            lower.push_back(both || low);
        }
        EXPECT_TRUE(line.empty()) << "something follows the colours' end";
        rows.push_back(std::move(upper));
        rows.push_back(std::move(lower));
    }
    return rows;
}

/// The library's own matrix with two light modules on each side, and one row more at the bottom
/// where the number of rows is odd.
std::vector<Row> expected(std::string_view text) {
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
        QRcode_encodeData(static_cast<int>(text.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L),
        &QRcode_free);
    const auto width = static_cast<std::size_t>(code->width);
    std::vector<Row> rows((width + 5) / 2 * 2, Row(width + 4, false));
    for (std::size_t row = 0; row < width; ++row) {
        for (std::size_t column = 0; column < width; ++column) {
            rows[row + 2][column + 2] = (code->data[row * width + column] & 1) != 0;
        }
    }
    return rows;
}

TEST(TerminalQr, ShowsTheCodeModuleByModule) {
    for (const std::string& text : {link, std::string("x"), std::string("bài giảng"),
                                    std::string("a\0b", 3), std::string(2953, 'x')}) {
        const auto lines = terminal_qr(text);
        ASSERT_TRUE(lines) << lines.error().message;
        EXPECT_EQ(modules_of(*lines), expected(text)) << text.substr(0, 100);
    }
}

TEST(TerminalQr, OfAJoinLinkFitsASmallTerminal) {
    const auto lines = terminal_qr(link);
    ASSERT_TRUE(lines);
    EXPECT_LT(lines->size(), 24u);
    EXPECT_LT(modules_of(*lines).at(0).size(), 80u);
}

TEST(TerminalQr, RefusesWhatNoCodeHolds) {
    for (const std::size_t size : {0u, 2954u, 1'000'000u}) {
        const auto lines = terminal_qr(std::string(size, 'x'));
        ASSERT_FALSE(lines) << size;
        EXPECT_EQ(lines.error().code, ErrorCode::unsupported);
    }
}

}  // namespace
}  // namespace shoal::cli

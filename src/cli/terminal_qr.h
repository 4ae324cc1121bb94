// QR codes as text, so that a telephone's camera can take a link from a terminal.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace shoal::cli {

/// The lines of a QR code (ISO/IEC 18004) of the text, without line ends. Each character is one
/// module wide and two high, and each line sets its own colours, dark on light, and resets them:
/// cameras read it on dark and light terminals alike. A join link takes about 45 columns and 23
/// lines. Thread-safe.
/// unsupported: the text is empty or longer than a QR code can be (2,953 bytes).
Result<std::vector<std::string>> terminal_qr(std::string_view text);

/// The same on standard output, if that is a terminal and the text is no longer than it may be.
void print_qr(std::string_view text);

}  // namespace shoal::cli

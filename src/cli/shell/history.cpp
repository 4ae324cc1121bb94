#include "cli/shell/history.h"

#include <algorithm>

#include "base/text.h"
#include "disk/private_file.h"

namespace shoal::cli {
namespace {

bool holds_secret(std::string_view line) {
    return line.find("/join#") != std::string_view::npos ||
           line.find("passkey") != std::string_view::npos;
}

}  // namespace

History::History(std::filesystem::path file) : file_(std::move(file)) {
    if (file_.empty()) return;
    const auto text = disk::read_private_file(file_, max_file);
    if (!text) return;
    for (std::string_view rest = *text; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        add(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

bool History::add(std::string_view line) {
    const bool same = !lines_.empty() && lines_.back() == line;
    const bool fit = line.find_first_not_of(" \t") != std::string_view::npos &&
                     line.size() <= max_line && printable(line) == line && !holds_secret(line);
    if (same || !fit) return false;
    lines_.emplace_back(line);
    if (lines_.size() > max_lines) lines_.pop_front();
    return true;
}

Result<void> History::save() const {
    if (file_.empty()) return {};
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return disk::write_private_file(file_, text);
}

}  // namespace shoal::cli

#include "http/event_parser.h"

#include <utility>

namespace shoal::http {
namespace {

constexpr std::size_t max_id = 256;

std::unexpected<Error> too_large() {
    return fail(ErrorCode::bad_data, "an event is larger than {} bytes", EventParser::max_event);
}

}  // namespace

Result<void> EventParser::feed(std::string_view part,
                               const std::function<void(const ReceivedEvent&)>& on_event) {
    while (!part.empty()) {
        const std::size_t end = part.find('\n');
        const std::string_view piece = part.substr(0, end);
        if (line_.size() + piece.size() > max_event) return too_large();
        line_ += piece;
        if (end == std::string_view::npos) return {};
        part.remove_prefix(end + 1);
        if (line_.ends_with('\r')) line_.pop_back();
        const std::string line = std::exchange(line_, {});
        if (!line.empty()) {
            if (auto taken = take_line(line); !taken) return taken;
            continue;
        }
        const ReceivedEvent event = std::exchange(event_, {});
        if (std::exchange(has_data_, false)) on_event(event);
    }
    return {};
}

Result<void> EventParser::take_line(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "event") event_.type = value;
    if (name == "id" && value.size() <= max_id) last_id_ = value;
    if (name != "data") return {};
    if (event_.data.size() + value.size() >= max_event) return too_large();
    if (std::exchange(has_data_, true)) event_.data += '\n';
    event_.data += value;
    return {};
}

}  // namespace shoal::http

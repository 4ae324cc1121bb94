#include "http/query.h"

#include "http/percent.h"

namespace shoal::http {

Result<void> Query::parse(std::string_view raw) {
    decoded_.clear();
    parameters_.clear();
    // Decoding never lengthens, so the views below stay valid while more is appended.
    decoded_.reserve(raw.size());
    const auto decoded = [&](std::string_view part) -> std::optional<std::string_view> {
        const std::size_t begin = decoded_.size();
        if (!decode_percent(part, Plus::blank, decoded_)) return std::nullopt;
        return std::string_view(decoded_).substr(begin);
    };
    while (!raw.empty()) {
        const std::size_t end = raw.find('&');
        const std::string_view pair = raw.substr(0, end);
        raw = end == std::string_view::npos ? std::string_view{} : raw.substr(end + 1);
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        const auto name = decoded(pair.substr(0, equals));
        const auto value = equals == std::string_view::npos ? std::optional(std::string_view{})
                                                            : decoded(pair.substr(equals + 1));
        const bool full = parameters_.size() >= max_parameters;
        if (!name || !value || full) {
            parameters_.clear();
            return fail(ErrorCode::bad_data, "{}",
                        full ? "too many parameters" : "malformed percent-coding in the query");
        }
        parameters_.push_back({*name, *value});
    }
    return {};
}

std::optional<std::string_view> Query::find(std::string_view name) const {
    for (const Parameter& parameter : parameters_) {
        if (parameter.name == name) return parameter.value;
    }
    return std::nullopt;
}

}  // namespace shoal::http

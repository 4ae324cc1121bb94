#include "http/json_body.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/json/parse.hpp>

#include "base/text.h"
#include "http/problem.h"

namespace shoal::http {
namespace {

namespace json = boost::json;

/// Whether the media type is application/json, whatever its parameters.
bool is_json(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return boost::beast::iequals(type, "application/json");
}

bool is_control(char c, bool lines) {
    if (lines && (c == '\n' || c == '\r' || c == '\t')) return false;
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

std::optional<json::object> read_json(const Request& request, Response& response,
                                      JsonLimits limits) {
    if (!is_json(request.header("Content-Type"))) {
        send_problem(response, 415, "the body has to be application/json");
        return std::nullopt;
    }
    if (request.body.size() > limits.bytes) {
        send_problem(response, 413, fmt::format("the body is larger than {} bytes", limits.bytes));
        return std::nullopt;
    }
    json::parse_options options;
    options.max_depth = limits.depth;
    json::error_code error;
    json::value value = json::parse(request.body, error, {}, options);
    if (error) {
        const bool deep = error == json::error::too_deep;
        send_problem(response, 400,
                     deep ? "the body is nested too deeply" : "the body is not well-formed JSON");
        return std::nullopt;
    }
    if (!value.is_object()) {
        send_problem(response, 400, "the body has to be a JSON object");
        return std::nullopt;
    }
    return std::move(value.get_object());
}

const json::value* JsonFields::find(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

const json::value* JsonFields::require(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) wrong(name, "is missing");
    return value;
}

void JsonFields::wrong(std::string_view name, std::string_view how) {
    if (!error_) error_ = Error{ErrorCode::usage, fmt::format("'{}' {}", name, how)};
}

std::optional<std::string> JsonFields::read_text(std::string_view name, const json::value& value,
                                                 const TextRule& rule) {
    if (!value.is_string()) {
        wrong(name, "must be text");
        return std::nullopt;
    }
    const std::string_view text = value.get_string();
    if (text.size() < rule.min_bytes) {
        wrong(name, text.empty() ? std::string("is empty")
                                 : fmt::format("is shorter than {} bytes", rule.min_bytes));
        return std::nullopt;
    }
    if (text.size() > rule.max_bytes) {
        wrong(name, fmt::format("is longer than {} bytes", rule.max_bytes));
        return std::nullopt;
    }
    const bool control =
        std::any_of(text.begin(), text.end(), [&](char c) { return is_control(c, rule.lines); });
    if (control || !is_valid_utf8(text)) {
        wrong(name, control ? "has control characters" : "is not UTF-8");
        return std::nullopt;
    }
    return std::string(text);
}

std::string JsonFields::text(std::string_view name, TextRule rule) {
    const json::value* value = require(name);
    return value == nullptr ? std::string() : read_text(name, *value, rule).value_or("");
}

std::optional<std::string> JsonFields::optional_text(std::string_view name, TextRule rule) {
    const json::value* value = find(name);
    return value == nullptr ? std::nullopt : read_text(name, *value, rule);
}

std::int64_t JsonFields::number(std::string_view name, std::int64_t min, std::int64_t max) {
    if (require(name) == nullptr) return min;
    return optional_number(name, min, max).value_or(min);
}

std::optional<std::int64_t> JsonFields::optional_number(std::string_view name, std::int64_t min,
                                                        std::int64_t max) {
    const json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    json::error_code error;
    const auto number = value->is_number() ? value->to_number<std::int64_t>(error) : 0;
    if (!value->is_number() || error == json::error::not_exact) {
        wrong(name, "must be a whole number");
    } else if (error || number < min || number > max) {
        wrong(name, fmt::format("must be from {} to {}", min, max));
    } else {
        return number;
    }
    return std::nullopt;
}

bool JsonFields::boolean(std::string_view name) {
    return require(name) != nullptr && optional_boolean(name).value_or(false);
}

std::optional<bool> JsonFields::optional_boolean(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_bool()) return value->get_bool();
    wrong(name, "must be true or false");
    return std::nullopt;
}

std::vector<std::string> JsonFields::texts(std::string_view name, std::size_t max_items,
                                           TextRule rule) {
    std::vector<std::string> all;
    const json::array* items = array(name, max_items);
    if (items == nullptr) return all;
    for (const json::value& item : *items) {
        auto text = read_text(name, item, rule);
        if (!text) return {};
        all.push_back(std::move(*text));
    }
    return all;
}

const json::object* JsonFields::object(std::string_view name) {
    const json::value* value = find(name);
    if (value != nullptr && !value->is_object()) wrong(name, "must be an object");
    return value == nullptr ? nullptr : value->if_object();
}

const json::array* JsonFields::array(std::string_view name, std::size_t max_items) {
    const json::value* value = find(name);
    if (value == nullptr) return nullptr;
    if (!value->is_array()) {
        wrong(name, "must be a list");
        return nullptr;
    }
    if (value->get_array().size() > max_items) {
        wrong(name, fmt::format("has more than {} items", max_items));
        return nullptr;
    }
    return &value->get_array();
}

}  // namespace shoal::http

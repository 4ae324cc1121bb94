#include "http/page.h"

#include <boost/json/object.hpp>

#include "base/base64.h"
#include "base/text.h"
#include "http/query.h"

namespace shoal::http {
namespace {

constexpr std::size_t max_key = 1000;

Result<std::size_t> read_number(std::string_view name, std::string_view text, std::size_t min,
                                std::size_t max) {
    const auto number = parse_number(text);
    if (!number || *number < 0 || static_cast<std::size_t>(*number) < min ||
        static_cast<std::size_t>(*number) > max) {
        return fail(ErrorCode::usage, "'{}' must be a number from {} to {}", name, min, max);
    }
    return static_cast<std::size_t>(*number);
}

}  // namespace

Result<Page> read_page(const Request& request) {
    Query query;
    if (const auto parsed = query.parse(request.query); !parsed) {
        return std::unexpected(Error{ErrorCode::usage, parsed.error().message});
    }
    Page page;
    if (const auto text = query.find("limit")) {
        const auto limit = read_number("limit", *text, 1, Page::max_limit);
        if (!limit) return std::unexpected(limit.error());
        page.limit = *limit;
    }
    const auto cursor = query.find("cursor");
    if (const auto text = query.find("offset")) {
        if (cursor) return fail(ErrorCode::usage, "'cursor' and 'offset' exclude each other");
        const auto offset = read_number("offset", *text, 0, Page::max_offset);
        if (!offset) return std::unexpected(offset.error());
        page.offset = *offset;
    }
    if (cursor) {
        const auto key = from_base64url(*cursor);
        if (!key || key->size() > max_key) {
            return fail(ErrorCode::usage, "'cursor' is none that this list has given");
        }
        page.after = text_of(*key);
    }
    return page;
}

void send_page(Response& response, boost::json::array items, std::optional<std::string_view> next) {
    boost::json::object page{{"items", std::move(items)}, {"next", nullptr}};
    if (next) page["next"] = to_base64url(bytes_of(*next));
    send_json(response, 200, page);
}

}  // namespace shoal::http

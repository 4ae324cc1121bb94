// Files that are being hashed and will be published.
#include "base/text.h"
#include "catalogue/names.h"
#include "catalogue/paging.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

constexpr std::size_t most_items = 10'000;  ///< read at all; PreparingLimits says how many may be
constexpr std::size_t most_bytes = 1 << 20;

Result<std::vector<PreparingFile>> read_files(const boost::json::object& body) {
    http::JsonFields list(body);
    const boost::json::array* items = list.array("items", most_items);
    if (list.error()) return std::unexpected(*list.error());
    if (items == nullptr) return fail(ErrorCode::usage, "'items' is missing");
    std::vector<PreparingFile> files;
    for (const auto& item : *items) {
        if (!item.is_object()) return fail(ErrorCode::usage, "'items' must hold objects");
        http::JsonFields fields(item.get_object());
        PreparingFile& file = files.emplace_back();
        file.name = fields.text("name");
        file.path = fields.text("path", {.max_bytes = catalogue::max_shared_path});
        file.size = static_cast<std::uint64_t>(fields.number("size", 0, INT64_MAX));
        file.pieces = static_cast<std::uint32_t>(fields.number("pieces", 0, UINT32_MAX));
        if (fields.error()) return std::unexpected(*fields.error());
    }
    return files;
}

Answer replace_files(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto body = http::read_json(request, response, {.bytes = most_bytes});
    if (!body) co_return;
    const auto where = own_daemon(*group, *caller, request, response);
    if (!where) co_return;
    auto files = read_files(*body);
    if (!files) co_return http::send_error(response, files.error());
    const PreparingDaemon daemon{parse_number(request.parameter("peer")).value_or(0),
                                 caller->user().name};
    const auto done = group->prepare(daemon, std::move(*files));
    if (!done) co_return http::send_conflict(response, done.error());
    group->presence().announced(*where, caller->user().id, Clock::now());
    http::send_nothing(response);
}

boost::json::object to_json(const Group& group, const PreparingFiles::Shown& shown) {
    const auto where = group.presence().daemon_at(shown.daemon.daemon);
    return {{"name", shown.file.name},
            {"path", shown.file.path},
            {"size", shown.file.size},
            {"pieces", shown.file.pieces},
            {"user", shown.daemon.user},
            {"peer", shown.daemon.daemon},
            {"address", where ? net::to_text(*where) : std::string()}};
}

Answer list_files(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (!caller) co_return;
    const auto page = page_request(request, response);
    if (!page) co_return;
    PreparingFiles::Place after;
    if (!page->after.empty()) {
        const auto cursor = catalogue::Cursor::decode(page->after);
        if (!cursor) co_return http::send_error(response, cursor.error());
        after = {cursor->id, cursor->key};
    }
    const auto shown = catalogue::page_of(
        group->preparing().list(after, page->limit + 1), *page,
        [](const auto& last) { return catalogue::Cursor{last.file.name, last.daemon.daemon}; });
    boost::json::array items;
    for (const auto& file : shown.items) items.push_back(to_json(*group, file));
    send_page(response, std::move(items), shown.next);
}

}  // namespace

void add_preparing(http::Router& router, const GroupPtr& group) {
    using http::Method;
    router.add(Method::put, "/api/v1/peers/{peer}/preparing", with(group, replace_files));
    router.add(Method::get, "/api/v1/preparing", with(group, list_files));
}

}  // namespace shoal::tracker::rest

#include "cli/item_words.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <poll.h>

#include "base/text.h"
#include "cli/group_words.h"

namespace shoal::cli {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using http::Method;

constexpr std::string_view items_path = "/api/v1/items";
constexpr Duration change_time = 10s;
constexpr int look_period = 50;  ///< milliseconds

std::string path_of(const object& item) {
    return std::string(items_path) + "/" + url_part(id_of(item));
}

Result<object> item_in(Result<value> answer) {
    if (!answer) return std::unexpected(answer.error());
    if (!answer->is_object()) return fail(ErrorCode::bad_data, "the peer answers with no item");
    return std::move(answer->get_object());
}

std::string rate_of(const object& item, std::string_view name) {
    return format_size(static_cast<ByteCount>(std::clamp(real_of(item, name), 0.0, 1e15))) + "/s";
}

double share_of(const object& item) {
    const std::string state = text_of(item, "state");
    if (state == "hashing" || state == "checking") return real_of(item, "progress");
    const auto total = number_of(item, "total");
    if (total <= 0) return state == "sharing" ? 1 : 0;
    return static_cast<double>(number_of(item, "have")) / static_cast<double>(total);
}

void print_item(const object& item) {
    print_line(fmt::format("{}  {}, {}", text_of(item, "name"), text_of(item, "kind"),
                           text_of(item, "state")));
    const auto tell = [](std::string_view what, const std::string& how) {
        if (!how.empty()) print_line(fmt::format("    {:<10}{}", what, how));
    };
    tell("path", text_of(item, "path"));
    tell("size", fmt::format("{}, {} pieces, {:.1f} % done", format_size(number_of(item, "size")),
                             number_of(item, "pieces"), share_of(item) * 100));
    tell("down", fmt::format("{}, {} in all", rate_of(item, "down"),
                             format_size(number_of(item, "downloaded"))));
    tell("up", fmt::format("{}, {} in all", rate_of(item, "up"),
                           format_size(number_of(item, "uploaded"))));
    tell("peers", std::to_string(number_of(item, "peers")));
    const auto missing = number_of(item, "unavailable");
    if (missing > 0) tell("missing", fmt::format("{} pieces that no peer has", missing));
    tell("info hash", text_of(item, "info_hash"));
    tell("group", flag_of(item, "listed") ? "in the list" : "not in the list");
    tell("note", text_of(item, "message"));
}

void print_peer(const object& status) {
    print_line(fmt::format("peer {}, page {}", text_of(status, "listen"), text_of(status, "web")));
    const value* tracker = status.if_contains("tracker");
    if (tracker != nullptr && tracker->is_object()) {
        const object& group = tracker->get_object();
        const std::string message = text_of(group, "message");
        print_line(fmt::format("{} at {}: {}{}{}", text_of(group, "user"), text_of(group, "url"),
                               flag_of(group, "connected") ? "connected" : "not connected",
                               message.empty() ? "" : ", ", message));
    } else {
        print_line("in no group: connect to a tracker first");
    }
    print_line(fmt::format("{} items, down {}, up {}", number_of(status, "items"),
                           rate_of(status, "down"), rate_of(status, "up")));
    print_line(fmt::format("shares what lies in {}", text_of(status, "shared")));
    print_line(fmt::format("fetches to {}", text_of(status, "downloads")));
}

bool is_in_state(const object& item, std::string_view wanted) {
    const std::string state = text_of(item, "state");
    if (wanted == "running") return state != "paused" && state != "stopped";
    return state == wanted || state == "failed" || state == "missing" || state == "changed";
}

/// Has the item go into a state and waits until it is there: the peer first lets go of the files.
Result<object> changed(const Api& api, const object& item, std::string_view wanted) {
    auto now = item_in(api.call(Method::patch, path_of(item), {{"state", wanted}}));
    const TimePoint end = Clock::now() + change_time;
    while (now && !is_in_state(*now, wanted) && Clock::now() < end) {
        ::poll(nullptr, 0, look_period);
        now = refreshed(api, item);
    }
    return now;
}

std::string stopped_line(const object& item) {
    return fmt::format("stopped {}: {} bytes sent, {} received", text_of(item, "name"),
                       number_of(item, "uploaded"), number_of(item, "downloaded"));
}

Result<void> remove(const Context& context, const Api& api, const object& item, bool data) {
    const auto gone =
        api.call(Method::delete_, path_of(item) + (data ? "?data=true" : "?data=false"));
    if (!gone) return std::unexpected(gone.error());
    if (context.json) print_json({{"removed", item}});
    return {};
}

/// The files that a refused fetch could have meant.
array candidates_in(const http::ClientResponse& response) {
    boost::system::error_code error;
    const value document = boost::json::parse(response.body, error);
    const object* problem = error ? nullptr : document.if_object();
    const value* candidates = problem == nullptr ? nullptr : problem->if_contains("candidates");
    if (candidates == nullptr || !candidates->is_array()) return {};
    return candidates->get_array();
}

void tell_candidates(Context& context, const array& candidates, const Error& error) {
    if (candidates.empty()) return;
    if (context.json) {
        print_json({{"event", "error"},
                    {"code", static_cast<int>(exit_code(error.code))},
                    {"message", printable(error.message)},
                    {"candidates", candidates}});
        context.answered = true;
        return;
    }
    for (const value& file : candidates) {
        if (file.is_object()) fmt::print(stderr, "{}\n", file_line(file.get_object()));
    }
}

Result<array> resolved(const std::vector<std::string>& peers) {
    array all;
    for (const std::string& peer : peers) {
        const auto where = net::parse_host_port(peer, default_peer_port);
        if (!where) return std::unexpected(where.error());
        const auto endpoints = net::listen_endpoints(*where);
        if (!endpoints) return std::unexpected(endpoints.error());
        for (const auto& endpoint : *endpoints) all.emplace_back(net::to_text(endpoint));
    }
    return all;
}

}  // namespace

std::string id_of(const object& item) {
    const value* id = item.if_contains("id");
    if (id == nullptr) return {};
    return id->is_string() ? std::string(id->get_string()) : boost::json::serialize(*id);
}

Result<object> find_item(const Api& api, const std::string& name) {
    std::vector<object> found;
    auto done = api.for_each(fmt::format("{}?limit=200&name={}", items_path, url_part(name)),
                             [&](const object& item) -> Result<void> {
                                 if (text_of(item, "name") == name) found.push_back(item);
                                 return {};
                             });
    if (!done) return std::unexpected(done.error());
    if (found.size() == 1) return std::move(found.front());
    if (found.empty() && parse_number(name)) {
        auto numbered = item_in(api.get(std::string(items_path) + "/" + name));
        if (numbered || numbered.error().code != ErrorCode::not_found) return numbered;
    }
    if (found.empty()) {
        return fail(ErrorCode::not_found, "nothing here is called '{}': see status",
                    printable(name));
    }
    std::string ids;
    for (const object& item : found) ids += (ids.empty() ? "" : ", ") + id_of(item);
    return fail(ErrorCode::refused, "several things are called '{}': name one by its number ({})",
                printable(name), printable(ids));
}

Result<object> refreshed(const Api& api, const object& item) {
    return item_in(api.get(path_of(item)));
}

Result<void> list_downloads(const Context& context, const Api& api) {
    array items;
    bool empty = true;
    auto done =
        api.for_each("/api/v1/downloads?limit=200", [&](const object& item) -> Result<void> {
            empty = false;
            if (context.json) {
                items.push_back(item);
            } else {
                print_line(item_line(item));
            }
            return {};
        });
    if (done && empty) print_none(context);
    if (done && context.json) print_json({{"items", std::move(items)}});
    return done;
}

Result<void> show_status(const Context& context, const Api& api, const std::string& name) {
    const auto document = name.empty() ? item_in(api.get("/api/v1/status")) : find_item(api, name);
    if (!document) return std::unexpected(document.error());
    if (context.json) {
        print_json(*document);
        return {};
    }
    if (!name.empty()) {
        print_item(*document);
        return {};
    }
    print_peer(*document);
    return api.for_each(fmt::format("{}?limit=200", items_path),
                        [](const object& item) -> Result<void> {
                            print_line(item_line(item));
                            return {};
                        });
}

Result<void> set_state(const Context& context, const Api& api, const std::string& name,
                       std::string_view state) {
    const auto item = find_item(api, name);
    if (!item) return std::unexpected(item.error());
    const auto now = changed(api, *item, state);
    if (!now) return std::unexpected(now.error());
    if (context.json) print_json(*now);
    return {};
}

Result<void> stop_sharing(const Context& context, const Api& api, const std::string& name) {
    std::vector<object> items;
    if (name.empty()) {
        auto done = api.for_each(fmt::format("{}?limit=200", items_path),
                                 [&](const object& item) -> Result<void> {
                                     if (text_of(item, "state") != "stopped") items.push_back(item);
                                     return {};
                                 });
        if (!done) return done;
    } else {
        auto item = find_item(api, name);
        if (!item) return std::unexpected(item.error());
        items.push_back(std::move(*item));
    }
    array stopped;
    for (const object& item : items) {
        auto one = changed(api, item, "stopped");
        if (!one) return std::unexpected(one.error());
        if (!context.json) print_line(stopped_line(*one));
        stopped.push_back(std::move(*one));
    }
    if (context.json) print_json({{"items", std::move(stopped)}});
    if (!context.json && items.empty()) print_line("nothing is shared: 0 bytes sent");
    return {};
}

Result<void> remove_item(const Context& context, const Api& api, const std::string& name,
                         bool data) {
    const auto item = find_item(api, name);
    if (!item) return std::unexpected(item.error());
    return remove(context, api, *item, data);
}

Result<void> unpublish(const Context& context, const Api& api, const std::string& name) {
    const auto item = find_item(api, name);
    if (!item) return std::unexpected(item.error());
    return remove(context, api, *item, false);
}

Result<object> begin_publish(const Api& api, const PublishWish& wish) {
    object body{{"path", absolute_path(wish.path)}};
    if (!wish.name.empty()) body["name"] = wish.name;
    if (wish.piece_length != 0) body["piece_length"] = wish.piece_length;
    if (wish.replace) body["replace"] = true;
    return item_in(api.call(Method::post, "/api/v1/publications", body));
}

Result<object> begin_fetch(Context& context, const Api& api, const FetchWish& wish) {
    object body{{is_info_hash(wish.what) ? "info_hash" : "name", wish.what},
                {"sources", wish.sources}};
    if (!wish.destination.empty()) body["destination"] = absolute_path(wish.destination);
    auto from = resolved(wish.from);
    if (!from) return std::unexpected(from.error());
    if (!from->empty()) body["from"] = std::move(*from);
    const auto response = api.send(Method::post, "/api/v1/downloads", body);
    if (!response) return std::unexpected(response.error());
    auto item = item_in(http::json_of(*response));
    if (!item) tell_candidates(context, candidates_in(*response), item.error());
    return item;
}

std::string item_line(const object& item) {
    const std::string message = text_of(item, "message");
    return fmt::format(
        "{:<10}{:>6.1f} %  {:>10}  down {:>10}  up {:>10}  {}{}{}", text_of(item, "state"),
        share_of(item) * 100, format_size(number_of(item, "size")), rate_of(item, "down"),
        rate_of(item, "up"), text_of(item, "name"), message.empty() ? "" : ": ", message);
}

engine::DownloadStatus status_of(const object& item) {
    using Stage = engine::DownloadStatus::Stage;
    engine::DownloadStatus status;
    const std::string state = text_of(item, "state");
    if (state == "metadata") {
        status.stage = Stage::metadata;
    } else if (state == "checking" || state == "hashing") {
        status.stage = Stage::checking;
    } else if (state == "sharing") {
        status.stage = Stage::complete;
    } else if (state != "queued") {
        status.stage = Stage::transferring;
    }
    status.checked = real_of(item, "progress");
    status.transfer = {.have = number_of(item, "have"),
                       .total = number_of(item, "total"),
                       .downloaded = number_of(item, "downloaded"),
                       .uploaded = number_of(item, "uploaded"),
                       .down = real_of(item, "down"),
                       .up = real_of(item, "up"),
                       .peers = static_cast<std::size_t>(number_of(item, "peers")),
                       .unavailable = static_cast<std::size_t>(number_of(item, "unavailable"))};
    return status;
}

std::optional<Result<std::string>> outcome_of(const object& item) {
    const std::string state = text_of(item, "state");
    const std::string name = text_of(item, "name");
    if (state == "sharing") {
        const std::string kind = text_of(item, "kind");
        const bool published = kind == "published";
        if (published && !flag_of(item, "listed") && text_of(item, "message").empty()) {
            return std::nullopt;
        }
        if (!published && number_of(item, "have") < number_of(item, "total")) return std::nullopt;
        const std::string message = text_of(item, "message");
        return fmt::format("{} {}: {}, {} pieces{}{}",
                           published          ? "published"
                           : kind == "seeded" ? "sharing"
                                              : "complete",
                           name, format_size(number_of(item, "size")), number_of(item, "pieces"),
                           message.empty() ? "" : "; ", message);
    }
    if (state == "failed" || state == "missing" || state == "changed" || state == "stopped") {
        const std::string message = text_of(item, "message");
        return fail(ErrorCode::failed, "{}: {}", name,
                    message.empty() ? fmt::format("it is {}", state) : message);
    }
    return std::nullopt;
}

std::string absolute_path(const std::string& path) {
    std::error_code error;
    const auto absolute = std::filesystem::absolute(path, error);
    return error ? path : absolute.lexically_normal().native();
}

bool is_info_hash(std::string_view text) {
    return (text.size() == 40 || text.size() == 64) &&
           text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

}  // namespace shoal::cli

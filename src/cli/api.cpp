#include "cli/api.h"

#include "base/text.h"
#include "node/home.h"

namespace shoal::cli {
namespace {

using boost::json::object;
using boost::json::value;
using http::Method;

constexpr std::size_t max_pages = 100'000;  ///< of a server that gives pages for ever

std::string raw_text(const object& members, std::string_view name) {
    const value* found = members.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string())
                                                  : std::string();
}

/// Whether a peer answers there; it has left its address behind if it was killed.
bool answers(const Api& api) {
    http::ClientRequest request{.method = Method::get, .url = api.url + "/healthz"};
    const auto health = http::request_and_wait(std::move(request), {.timeout = 10s});
    return health && health->status == 200;
}

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

}  // namespace

Api Api::of(const Account& account) {
    return {.url = account.tracker,
            .token = account.token.value_or(""),
            .pin = account.fingerprint,
            .is_peer = false};
}

Result<http::ClientResponse> Api::send(Method method, std::string_view path,
                                       const value& body) const {
    const std::string address = url + std::string(path);
    http::ClientRequest request{.method = method, .url = address, .bearer = token};
    if (!body.is_null()) request = http::json_request(method, address, body, token);
    return http::request_and_wait(std::move(request), {.pin = pin});
}

Result<value> Api::call(Method method, std::string_view path, const value& body) const {
    const auto response = send(method, path, body);
    if (!response) return std::unexpected(response.error());
    return http::json_of(*response);
}

Result<void> Api::for_each(const std::string& path,
                           const std::function<Result<void>(const object&)>& take) const {
    std::string cursor;
    for (std::size_t pages = 0; pages < max_pages; ++pages) {
        const auto page = get(cursor.empty() ? path : path + "&cursor=" + url_part(cursor));
        if (!page) return std::unexpected(page.error());
        const object* members = page->if_object();
        const value* items = members == nullptr ? nullptr : members->if_contains("items");
        if (items == nullptr || !items->is_array()) {
            return fail(ErrorCode::bad_data, "{} answers with no list", printable(url));
        }
        for (const value& item : items->get_array()) {
            if (!item.is_object()) continue;
            if (auto taken = take(item.get_object()); !taken) return taken;
        }
        cursor = raw_text(*members, "next");
        if (cursor.empty()) return {};
    }
    return fail(ErrorCode::bad_data, "{} answers with a list that has no end", printable(url));
}

void ApiOptions::add_to(CLI::App& command) {
    command.add_option("--api", api, "Address of another peer's or tracker's REST interface")
        ->type_name("URL");
    command.add_option("--data", data, "The peer's data folder (default: $XDG_DATA_HOME/shoal)")
        ->type_name("DIR");
}

std::filesystem::path ApiOptions::folder() const {
    return data.empty() ? default_data_folder() : std::filesystem::path(data);
}

Result<Api> ApiOptions::peer() const {
    auto peer = read_api_file(folder());
    if (!api.empty()) {
        const std::string url = without_slash(api);
        const auto account = Account::load(folder());
        if (account && without_slash(account->tracker) == url) return Api::of(*account);
        return Api{.url = url, .token = peer ? peer->token : "", .pin = {}, .is_peer = true};
    }
    if (!peer && peer.error().code != ErrorCode::not_found) return peer;
    if (peer && answers(*peer)) return peer;
    return fail(ErrorCode::failed, "no peer works in '{}': start one with `shoal peer`",
                printable(folder().native()));
}

Result<Api> ApiOptions::peer_or_tracker() const {
    auto found = peer();
    if (found || !api.empty() || found.error().code != ErrorCode::failed) return found;
    const auto account = Account::load(folder());
    if (!account) return std::unexpected(account.error());
    return Api::of(*account);
}

Result<Api> read_api_file(const std::filesystem::path& folder) {
    auto access = node::ApiAccess::load(folder);
    if (!access) return std::unexpected(access.error());
    return Api{.url = without_slash(std::move(access->url)),
               .token = std::move(access->token),
               .pin = {},
               .is_peer = true};
}

std::string text_of(const object& members, std::string_view name) {
    return printable(raw_text(members, name));
}

std::int64_t number_of(const object& members, std::string_view name) {
    const value* found = members.if_contains(name);
    if (found == nullptr || !found->is_number()) return 0;
    boost::system::error_code error;
    const auto number = found->to_number<std::int64_t>(error);
    return error ? 0 : number;
}

double real_of(const object& members, std::string_view name) {
    const value* found = members.if_contains(name);
    if (found == nullptr || !found->is_number()) return 0;
    return found->to_number<double>();
}

bool flag_of(const object& members, std::string_view name) {
    const value* found = members.if_contains(name);
    return found != nullptr && found->is_bool() && found->get_bool();
}

}  // namespace shoal::cli

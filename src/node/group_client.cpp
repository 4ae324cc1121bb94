#include "node/group_client.h"

#include <boost/json/serialize.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <span>

#include "base/text.h"
#include "http/problem.h"

namespace shoal::node {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;
using http::Method;

constexpr Duration patience[] = {10s};
constexpr Duration upload_patience[] = {60s};
/// What only asks is asked anew over another connection: on a link that loses packets, one that has
/// begun badly waits ever longer.
constexpr Duration question_patience[] = {4s, 6s, 10s};
/// The tracker says every 15 s that it is there.
constexpr Duration event_patience = 50s;
constexpr std::size_t most_files = 10'000;
constexpr std::size_t most_holders = 1'000;
constexpr std::size_t most_user_pages = 25;

std::unexpected<Error> not_understood() {
    return fail(ErrorCode::bad_data, "the tracker's answer is not what this version understands");
}

std::string_view text(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return value->get_string();
}

std::int64_t number(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

const json::array* list(const json::value& document, std::string_view name) {
    const json::object* object = document.if_object();
    const json::value* value = object ? object->if_contains(name) : nullptr;
    return value != nullptr ? value->if_array() : nullptr;
}

std::span<const Duration> patience_for(const http::ClientRequest& request) {
    if (request.method == Method::get) return question_patience;
    const bool large = request.body.size() > 256 * 1024;
    if (large) return upload_patience;
    return patience;
}

http::ClientOptions options_of(const Account& account, const std::optional<net::Address>& from,
                               Duration timeout) {
    return {.timeout = timeout, .local_address = from, .pin = account.fingerprint};
}

}  // namespace

std::string url_part(std::string_view text) {
    return boost::urls::encode(text, boost::urls::unreserved_chars);
}

Result<GroupFile> GroupFile::of(const json::value& document) {
    const json::object* object = document.if_object();
    if (object == nullptr) return not_understood();
    GroupFile file{.id = number(*object, "id"),
                   .name = std::string(text(*object, "name")),
                   .user = std::string(text(*object, "user")),
                   .peer = number(*object, "peer"),
                   .document = *object};
    const auto hash = from_hex(text(*object, "info_hash"));
    const auto address = net::parse_endpoint(text(*object, "address"));
    if (file.name.empty() || !hash || hash->size() != InfoHash::size || !address) {
        return not_understood();
    }
    file.info_hash = InfoHash::from(*hash);
    file.address = *address;
    const json::value* online = object->if_contains("online");
    file.online = online != nullptr && online->is_bool() && online->get_bool();
    return file;
}

awaitable<Result<http::ClientResponse>> GroupClient::send(http::ClientRequest request) {
    request.url = account_.tracker + request.url;
    request.bearer = account_.token.value_or("");
    Result<http::ClientResponse> response = fail(ErrorCode::failed, "nothing was asked");
    for (const Duration each : patience_for(request)) {
        response = co_await http::request(request, options_of(account_, from_, each));
        if (response || response.error().code != ErrorCode::timeout) break;
    }
    if (response && response->status == 401) lost_login_ = true;
    co_return response;
}

awaitable<Result<json::value>> GroupClient::call(Method method, std::string path,
                                                 json::value body) {
    http::ClientRequest request{.method = method, .url = std::move(path)};
    if (!body.is_null()) request = http::json_request(method, std::move(request.url), body);
    const auto response = co_await send(std::move(request));
    if (!response) co_return std::unexpected(response.error());
    co_return http::json_of(*response);
}

awaitable<Result<GroupClient::Me>> GroupClient::me() {
    const auto answer = co_await call(Method::get, "/api/v1/me");
    if (!answer) co_return std::unexpected(answer.error());
    const json::object* object = answer->if_object();
    if (object == nullptr || text(*object, "announce").empty()) co_return not_understood();
    co_return Me{.user = std::string(text(*object, "name")),
                 .announce = account_.tracker + std::string(text(*object, "announce")),
                 .interval = std::chrono::seconds(number(*object, "interval"))};
}

awaitable<Result<GroupClient::Registered>> GroupClient::register_peer(std::string daemon,
                                                                      std::uint16_t port) {
    json::object body{{"daemon", daemon}, {"port", port}};
    const auto answer = co_await call(Method::post, "/api/v1/peers", std::move(body));
    if (!answer) co_return std::unexpected(answer.error());
    const json::object* object = answer->if_object();
    if (object == nullptr) co_return not_understood();
    const auto address = net::parse_endpoint(text(*object, "address"));
    if (!address) co_return not_understood();
    co_return Registered{number(*object, "id"), *address};
}

awaitable<Result<void>> GroupClient::leave(std::int64_t peer) {
    const auto answer = co_await call(Method::delete_, fmt::format("/api/v1/peers/{}", peer));
    if (!answer) co_return std::unexpected(answer.error());
    co_return Result<void>();
}

awaitable<Result<bool>> GroupClient::report(std::int64_t peer, json::object report) {
    const auto response = co_await send(http::json_request(
        Method::put, fmt::format("/api/v1/peers/{}/pieces", peer), std::move(report)));
    if (!response) co_return std::unexpected(response.error());
    if (response->status == 409 || response->status == 404) co_return false;
    const auto taken = http::json_of(*response);
    if (!taken) co_return std::unexpected(taken.error());
    co_return true;
}

awaitable<Result<void>> GroupClient::prepare(std::int64_t peer, json::array items) {
    json::object body{{"items", std::move(items)}};
    const auto answer = co_await call(Method::put, fmt::format("/api/v1/peers/{}/preparing", peer),
                                      std::move(body));
    if (!answer) co_return std::unexpected(answer.error());
    co_return Result<void>();
}

awaitable<Result<void>> GroupClient::upload(std::shared_ptr<const metainfo::Info> info) {
    http::ClientRequest request{.method = Method::post,
                                .url = "/api/v1/torrents",
                                .body = metainfo::Metainfo{.info = std::move(info)}.encode(),
                                .content_type = "application/x-bittorrent"};
    const auto response = co_await send(std::move(request));
    if (!response) co_return std::unexpected(response.error());
    const auto taken = http::json_of(*response);
    if (!taken) co_return std::unexpected(taken.error());
    co_return Result<void>();
}

awaitable<Result<GroupFile>> GroupClient::publish(NewGroupFile file) {
    json::object body{{"peer", file.peer},
                      {"name", file.name},
                      {"path", file.path},
                      {"info_hash", file.info_hash.hex()},
                      {"replace", file.replace}};
    const auto answer = co_await call(Method::post, "/api/v1/files", std::move(body));
    if (!answer) co_return std::unexpected(answer.error());
    co_return GroupFile::of(*answer);
}

awaitable<Result<void>> GroupClient::unpublish(std::int64_t file) {
    const auto answer = co_await call(Method::delete_, fmt::format("/api/v1/files/{}", file));
    if (!answer && answer.error().code != ErrorCode::not_found) {
        co_return std::unexpected(answer.error());
    }
    co_return Result<void>();
}

awaitable<Result<std::vector<GroupFile>>> GroupClient::files(std::string query) {
    std::vector<GroupFile> files;
    std::string cursor;
    do {
        std::string path = "/api/v1/files?limit=200&" + query;
        if (!cursor.empty()) path += "&cursor=" + url_part(cursor);
        const auto page = co_await call(Method::get, std::move(path));
        if (!page) co_return std::unexpected(page.error());
        const json::array* items = list(*page, "items");
        if (items == nullptr) co_return not_understood();
        for (const json::value& item : *items) {
            auto file = GroupFile::of(item);
            if (!file) co_return std::unexpected(file.error());
            files.push_back(std::move(*file));
        }
        cursor = text(page->get_object(), "next");
    } while (!cursor.empty() && files.size() < most_files);
    co_return files;
}

awaitable<Result<std::shared_ptr<const metainfo::Info>>> GroupClient::torrent(InfoHash info_hash) {
    http::ClientRequest request{.method = Method::get,
                                .url = "/api/v1/torrents/" + info_hash.hex()};
    const auto response = co_await send(std::move(request));
    if (!response) co_return std::unexpected(response.error());
    if (response->status != 200) {
        co_return std::unexpected(
            http::error_of(response->status, response->content_type, response->body));
    }
    auto torrent = metainfo::Metainfo::parse(bytes_of(response->body));
    if (!torrent) co_return std::unexpected(torrent.error());
    if (torrent->info->info_hash() != info_hash) {
        co_return fail(ErrorCode::bad_data, "the tracker sent another torrent than {}",
                       info_hash.hex());
    }
    co_return std::move(torrent->info);
}

awaitable<Result<std::vector<net::TcpEndpoint>>> GroupClient::holders(InfoHash info_hash) {
    const auto answer = co_await call(Method::get, "/api/v1/swarms/" + info_hash.hex() + "/pieces");
    if (!answer) co_return std::unexpected(answer.error());
    const json::array* holders = list(*answer, "holders");
    if (holders == nullptr) co_return not_understood();
    std::vector<net::TcpEndpoint> endpoints;
    for (const json::value& holder : *holders) {
        const json::object* object = holder.if_object();
        if (object == nullptr || number(*object, "count") <= 0) continue;
        const auto endpoint = net::parse_endpoint(text(*object, "address"));
        if (endpoint && endpoints.size() < most_holders) endpoints.push_back(*endpoint);
    }
    co_return endpoints;
}

awaitable<Result<bool>> GroupClient::knows(net::Address address) {
    const auto answer =
        co_await call(Method::get, "/api/v1/addresses/" + url_part(address.to_string()));
    if (!answer) co_return std::unexpected(answer.error());
    const json::object* object = answer->if_object();
    const json::value* known = object ? object->if_contains("known") : nullptr;
    if (known == nullptr || !known->is_bool()) co_return not_understood();
    co_return known->get_bool();
}

awaitable<Result<std::map<net::TcpEndpoint, std::string>>> GroupClient::users() {
    std::map<net::TcpEndpoint, std::string> users;
    std::string cursor;
    for (std::size_t pages = 0; pages < most_user_pages; ++pages) {
        std::string path = "/api/v1/peers?limit=200";
        if (!cursor.empty()) path += "&cursor=" + url_part(cursor);
        const auto page = co_await call(Method::get, std::move(path));
        if (!page) co_return std::unexpected(page.error());
        const json::array* items = list(*page, "items");
        if (items == nullptr) co_return not_understood();
        for (const json::value& item : *items) {
            const json::object* object = item.if_object();
            if (object == nullptr) co_return not_understood();
            const auto address = net::parse_endpoint(text(*object, "address"));
            if (address) users[*address] = printable(text(*object, "user"));
        }
        cursor = text(page->get_object(), "next");
        if (cursor.empty()) break;
    }
    co_return users;
}

awaitable<Error> GroupClient::events(std::shared_ptr<http::EventParser> parser,
                                     std::function<void()> open,
                                     std::function<void(const http::ReceivedEvent&)> told) {
    const http::ClientRequest request{.method = Method::get,
                                      .url = account_.tracker + "/api/v1/events",
                                      .bearer = account_.token.value_or(""),
                                      .last_event_id = parser->last_id()};
    Result<void> understood;
    http::BodyTaker take = [&](std::string_view part) {
        if (part.empty()) open();
        understood = parser->feed(part, told);
        return understood.has_value();
    };
    const http::ClientOptions options = options_of(account_, from_, event_patience);
    const auto answer = co_await http::request_stream(request, options, std::move(take));
    if (!answer) co_return answer.error();
    if (!understood) co_return understood.error();
    if (answer->status == 401) lost_login_ = true;
    if (answer->status == 200) co_return Error{ErrorCode::failed, "the tracker ended its events"};
    co_return http::error_of(answer->status, answer->content_type, answer->body);
}

awaitable<Result<http::ClientResponse>> GroupClient::pass(Method method, std::string target,
                                                          std::string body,
                                                          std::string content_type) {
    http::ClientRequest request{.method = method,
                                .url = std::move(target),
                                .body = std::move(body),
                                .content_type = std::move(content_type)};
    co_return co_await send(std::move(request));
}

awaitable<Result<Account>> log_in(Account account, std::optional<net::Address> from,
                                  std::string user, std::string password) {
    const json::object body{{"username", user}, {"password", password}, {"label", "shoal"}};
    const auto answer = co_await http::request_json(
        http::json_request(Method::post, account.tracker + "/api/v1/sessions", body),
        options_of(account, from, patience[0]));
    if (!answer) co_return std::unexpected(answer.error());
    const json::object* object = answer->if_object();
    const std::string_view token = object ? text(*object, "token") : std::string_view();
    if (token.empty()) co_return not_understood();
    account.user = std::move(user);
    account.token = std::string(token);
    co_return account;
}

awaitable<Result<Account>> sign_up(Account account, std::optional<net::Address> from,
                                   Newcomer newcomer) {
    json::object body{{"username", newcomer.user}, {"password", newcomer.password}};
    if (newcomer.invitation) body["invitation"] = *newcomer.invitation;
    if (newcomer.setup) body["code"] = *newcomer.setup;
    const std::string path = newcomer.setup ? "/api/v1/setup" : "/api/v1/users";
    const auto made = co_await http::request_json(
        http::json_request(Method::post, account.tracker + path, std::move(body)),
        options_of(account, from, patience[0]));
    if (!made) co_return std::unexpected(made.error());
    co_return co_await log_in(std::move(account), std::move(from), std::move(newcomer.user),
                              std::move(newcomer.password));
}

}  // namespace shoal::node

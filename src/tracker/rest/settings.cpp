// What administrators may change while the tracker runs.
#include "http/guard.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

boost::json::object to_json(const GroupOptions& options) {
    return {{"access", name_of(options.access)},
            {"registration", name_of(options.registration)},
            {"interval", options.interval().count()},
            {"allow_plain_login", options.allow_plain_login}};
}

Answer show_settings(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in(group, request, response);
    if (caller) http::send_json(response, 200, to_json(group->options()));
}

/// One of a few words; nothing when it is missing, and an error when it is another.
template <class Value>
std::optional<Value> read_word(http::JsonFields& fields, std::string_view name,
                               std::optional<Value> (*parse)(std::string_view),
                               std::optional<Error>& error) {
    const auto word = fields.optional_text(name);
    if (!word) return std::nullopt;
    auto value = parse(*word);
    if (!value) error = Error{ErrorCode::usage, fmt::format("'{}' has no such value", name)};
    return value;
}

Result<Settings> read_settings(const boost::json::object& body) {
    http::JsonFields fields(body);
    Settings wanted;
    std::optional<Error> error;
    wanted.access = read_word(fields, "access", parse_access, error);
    wanted.registration = read_word(fields, "registration", parse_registration, error);
    if (const auto interval = fields.optional_number("interval", shortest_interval.count(),
                                                     longest_interval.count())) {
        wanted.interval = std::chrono::seconds(*interval);
    }
    if (fields.error()) return std::unexpected(*fields.error());
    if (error) return std::unexpected(*error);
    return wanted;
}

Answer change_settings(GroupPtr group, const http::Request& request, http::Response& response) {
    const auto caller = co_await log_in_admin(group, request, response);
    if (!caller) co_return;
    const auto body = http::read_json(request, response);
    if (!body) co_return;
    const auto wanted = read_settings(*body);
    if (!wanted) co_return http::send_error(response, wanted.error());
    const auto kept = co_await on_catalogue<void>(
        group, [&] { return group->catalogue().settings().set(to_values(*wanted)); });
    if (!kept) co_return http::send_error(response, kept.error());
    group->change(*wanted);
    const auto document = to_json(group->options());
    group->events().publish("settings", document, std::string(administrators));
    http::send_json(response, 200, document);
}

using TrackerPtr = std::shared_ptr<const Tracker>;

void show_open_settings(const TrackerPtr& tracker, const http::Request& request,
                        http::Response& response) {
    http::add_data_headers(response);
    if (!is_local(request)) {
        return http::send_error(response,
                                {ErrorCode::refused, "ask from the tracker's own machine"});
    }
    http::send_json(response, 200,
                    {{"access", name_of(Access::open)},
                     {"registration", name_of(Registration::closed)},
                     {"interval", tracker->options().interval.count()},
                     {"allow_plain_login", false}});
}

void refuse_open_settings(const TrackerPtr& /*tracker*/, const http::Request& /*request*/,
                          http::Response& response) {
    http::send_error(response, {ErrorCode::refused,
                                "an open tracker has no administrators: start it with other "
                                "options, or with --access group"});
}

}  // namespace

void add_settings(http::Router& router, const GroupPtr& group, const TrackerPtr& tracker) {
    using http::Method;
    if (group) {
        router.add(Method::get, "/api/v1/settings", with(group, show_settings));
        router.add(Method::patch, "/api/v1/settings", with(group, change_settings));
    } else {
        router.add(Method::get, "/api/v1/settings", with(tracker, show_open_settings));
        router.add(Method::patch, "/api/v1/settings", with(tracker, refuse_open_settings));
    }
}

}  // namespace shoal::tracker::rest

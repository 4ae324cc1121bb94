// The tracker's page, and what it has to know before anybody has logged in.
#include "base/version.h"
#include "http/guard.h"
#include "http/static_files.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {
namespace {

boost::json::object page_of(const Group& group) {
    return {{"program", "tracker"}, {"version", version},
            {"accounts", true},     {"registration", name_of(group.options().registration)},
            {"user", nullptr},      {"token", nullptr}};
}

/// Who is logged in by the cookie; unlike other calls it answers those who are not, too.
Answer show_page(GroupPtr group, const http::Request& request, http::Response& response) {
    http::add_data_headers(response);
    boost::json::object page = page_of(*group);
    const std::string_view token = group->page_login().cookie_of(request);
    const auto setup = co_await on_catalogue<std::optional<std::string>>(
        group, [&] { return group->catalogue().accounts().setup_code(); });
    page["needs_setup"] = setup && setup->has_value();
    if (!token.empty()) {
        const auto session = co_await on_catalogue<catalogue::Session>(
            group, [&] { return group->catalogue().accounts().whoami(token); });
        if (session) {
            page["user"] = to_json(session->user);
            page["token"] = http::PageLogin::token_of(token);
        }
    }
    http::send_json(response, 200, page);
}

}  // namespace

void add_page(http::Router& router, const GroupPtr& group) {
    http::add_static_files(router, pages::tracker_page());
    http::add_static_file(router, "/join", pages::tracker_page().front());
    if (!group) {
        router.add(http::Method::get, "/api/v1/page",
                   [](const http::Request& /*request*/, http::Response& response) {
                       http::send_json(response, 200,
                                       {{"program", "tracker"},
                                        {"version", version},
                                        {"accounts", false},
                                        {"registration", "closed"},
                                        {"needs_setup", false},
                                        {"user", nullptr},
                                        {"token", nullptr}});
                   });
        return;
    }
    router.add(http::Method::get, "/api/v1/page", with(group, show_page));
}

}  // namespace shoal::tracker::rest

#include "cli/members.h"

#include <boost/json/array.hpp>

#include "base/text.h"

namespace shoal::cli {

using boost::json::object;
using http::Method;

Result<Invited> invite(const Api& api, const object& wanted, discovery::JoinLink tracker) {
    const auto made = api.call(Method::post, "/api/v1/invitations", wanted);
    if (!made) return std::unexpected(made.error());
    const object document = made->is_object() ? made->get_object() : object{};
    std::string code = text_of(document, "code");
    if (code.empty()) {
        return fail(ErrorCode::refused, "nobody may register there: see --registration");
    }
    tracker.invitation = std::move(code);
    const auto* expires = document.if_contains("expires");
    return Invited{.link = std::move(tracker),
                   .expires = expires == nullptr ? boost::json::value() : *expires};
}

Result<void> list_users(const Context& context, const Api& api) {
    boost::json::array items;
    bool empty = true;
    auto done = api.for_each("/api/v1/users?limit=200", [&](const object& user) -> Result<void> {
        empty = false;
        if (context.json) {
            items.push_back(user);
        } else {
            print_line(fmt::format("{:<7}{:<10}{}", text_of(user, "role"),
                                   flag_of(user, "disabled") ? "disabled" : "",
                                   text_of(user, "name")));
        }
        return {};
    });
    if (done && empty) print_none(context);
    if (done && context.json) print_json({{"items", std::move(items)}});
    return done;
}

Result<void> change_user(const Api& api, std::string_view name, const object& change) {
    const auto changed = api.call(Method::patch, "/api/v1/users/" + url_part(name), change);
    if (!changed) return std::unexpected(changed.error());
    return {};
}

}  // namespace shoal::cli

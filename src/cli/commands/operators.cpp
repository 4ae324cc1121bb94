// shoal invite, shoal user: what administrators of a group do.
#include <memory>

#include "base/text.h"
#include "cli/account.h"
#include "cli/commands/commands.h"

namespace shoal::cli {
namespace {

using http::Method;

struct Options {
    std::string data;
    std::int64_t uses = 1;
    std::int64_t days = 7;
    std::string label;
    std::string name;
    std::string role;

    [[nodiscard]] Result<Account> account() const {
        return Account::load(data.empty() ? default_data_folder() : std::filesystem::path(data));
    }
};

Result<void> invite(const Context& context, const Options& options) {
    const auto account = options.account();
    if (!account) return std::unexpected(account.error());
    boost::json::object wanted{{"uses", options.uses}, {"days", options.days}};
    if (!options.label.empty()) wanted["label"] = options.label;
    const auto made = call(*account, Method::post, "/api/v1/invitations", std::move(wanted));
    if (!made) return std::unexpected(made.error());
    const auto where = net::parse_host_port(account->tracker.substr(sizeof "http://" - 1));
    if (!where) return std::unexpected(where.error());
    discovery::JoinLink link{
        .host = where->host, .port = where->port, .fingerprint = account->fingerprint};
    link.invitation = std::string(made->at("code").as_string());
    if (context.json) {
        print_json({{"join", link.to_string()}, {"expires", made->at("expires")}});
    } else {
        print_line("join " + link.to_string());
    }
    return {};
}

Result<void> list_users(const Context& context, const Options& options) {
    const auto account = options.account();
    if (!account) return std::unexpected(account.error());
    boost::json::array items;
    std::string query = "?limit=200";
    while (!query.empty()) {
        const auto page = call(*account, Method::get, "/api/v1/users" + query);
        if (!page) return std::unexpected(page.error());
        for (const auto& user : page->at("items").as_array()) items.push_back(user);
        const auto& next = page->at("next");
        query = next.is_string() ? "?limit=200&cursor=" + std::string(next.as_string()) : "";
    }
    if (context.json) {
        print_json({{"items", std::move(items)}});
        return {};
    }
    for (const auto& user : items) {
        print_line(fmt::format("{:<7}{:<10}{}", std::string_view(user.at("role").as_string()),
                               user.at("disabled").as_bool() ? "disabled" : "",
                               printable(std::string_view(user.at("name").as_string()))));
    }
    return {};
}

Result<void> change(const Options& options, const boost::json::object& body) {
    const auto account = options.account();
    if (!account) return std::unexpected(account.error());
    const auto changed =
        call(*account, Method::patch, "/api/v1/users/" + url_part(options.name), body);
    if (!changed) return std::unexpected(changed.error());
    return {};
}

void add_invite(CLI::App& app, Context& context, const std::shared_ptr<Options>& options) {
    CLI::App* command =
        add_group_command(app, "invite", "Make a join link (administrators)", options->data);
    command->add_option("--uses", options->uses, "How many people it lets in (1); 0: any number")
        ->check(CLI::Range(0, 1'000'000));
    command->add_option("--days", options->days, "How long it is good (7)")
        ->check(CLI::Range(1, 366));
    command->add_option("--label", options->label, "What it is for, shown in the list");
    command->callback([options, &context] {
        context.action = [options, &context] { return invite(context, *options); };
    });
}

}  // namespace

void add_operators(CLI::App& app, Context& context) {
    const auto options = std::make_shared<Options>();
    add_invite(app, context, options);
    CLI::App* user =
        add_group_command(app, "user", "Members of the group (administrators)", options->data);
    user->require_subcommand(1);
    user->add_subcommand("list", "All of them")->fallthrough()->callback([options, &context] {
        context.action = [options, &context] { return list_users(context, *options); };
    });
    const auto add_switch = [&](const char* name, const char* description, bool disabled) {
        CLI::App* command = user->add_subcommand(name, description)->fallthrough();
        command->add_option("name", options->name, "The member's name")->required();
        command->callback([options, &context, disabled] {
            context.action = [options, disabled] {
                return change(*options, {{"disabled", disabled}});
            };
        });
    };
    add_switch("disable", "Shut a member out, with all sessions and the passkey", true);
    add_switch("enable", "Let a member in again", false);
    CLI::App* role = user->add_subcommand("role", "Make a member an administrator, or the reverse")
                         ->fallthrough();
    role->add_option("name", options->name, "The member's name")->required();
    role->add_option("role", options->role, "admin or member")
        ->required()
        ->check(CLI::IsMember({"admin", "member"}));
    role->callback([options, &context] {
        context.action = [options] { return change(*options, {{"role", options->role}}); };
    });
}

}  // namespace shoal::cli

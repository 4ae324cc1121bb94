// shoal invite, shoal user: what administrators of a group do.
#include <memory>

#include "cli/commands/commands.h"
#include "cli/members.h"

namespace shoal::cli {
namespace {

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

Result<void> print_invitation(const Context& context, const Options& options) {
    const auto account = options.account();
    if (!account) return std::unexpected(account.error());
    boost::json::object wanted{{"uses", options.uses}, {"days", options.days}};
    if (!options.label.empty()) wanted["label"] = options.label;
    const auto where = net::parse_host_port(account->tracker.substr(sizeof "http://" - 1));
    if (!where) return std::unexpected(where.error());
    const auto made =
        invite(Api::of(*account), wanted,
               {.host = where->host, .port = where->port, .fingerprint = account->fingerprint});
    if (!made) return std::unexpected(made.error());
    if (context.json) {
        print_json({{"join", made->link.to_string()}, {"expires", made->expires}});
    } else {
        print_line("join " + made->link.to_string());
    }
    return {};
}

Result<void> print_users(const Context& context, const Options& options) {
    const auto account = options.account();
    if (!account) return std::unexpected(account.error());
    return list_users(context, Api::of(*account));
}

Result<void> change(const Options& options, const boost::json::object& body) {
    const auto account = options.account();
    if (!account) return std::unexpected(account.error());
    return change_user(Api::of(*account), options.name, body);
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
        context.action = [options, &context] { return print_invitation(context, *options); };
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
        context.action = [options, &context] { return print_users(context, *options); };
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

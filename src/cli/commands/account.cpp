// shoal register, login, logout, whoami, passwd: one's own account in the group.
#include <array>
#include <memory>
#include <unistd.h>

#include "cli/api.h"
#include "cli/commands/commands.h"

namespace shoal::cli {
namespace {

using http::Method;

struct Options {
    std::string name;
    std::string join;
    std::string data;
    std::string password_file;
    std::string new_password_file;

    [[nodiscard]] std::filesystem::path folder() const {
        return data.empty() ? default_data_folder() : std::filesystem::path(data);
    }
};

/// The tracker of the link, if one is given; otherwise the one that is known here.
struct Entrance {
    Account account;
    std::optional<std::string> invitation;
    std::optional<std::string> setup;
};

Result<Entrance> entrance(const Options& options) {
    if (options.join.empty()) {
        auto account = Account::load(options.folder());
        if (!account) return std::unexpected(account.error());
        account->token.reset();
        return Entrance{.account = std::move(*account)};
    }
    const auto link = discovery::parse_join_link(options.join);
    if (!link) return prefix("--join", link.error());
    return Entrance{
        .account = Account::of(*link), .invitation = link->invitation, .setup = link->setup};
}

std::string label() {
    std::array<char, 100> host{};
    ::gethostname(host.data(), host.size() - 1);
    return fmt::format("shoal on {}", host.data());
}

Result<void> log_in(const Context& context, const Options& options, Account account,
                    const std::string& password) {
    const auto answer = Api::of(account).call(
        Method::post, "/api/v1/sessions",
        {{"username", options.name}, {"password", password}, {"label", label()}});
    if (!answer) return std::unexpected(answer.error());
    account.token = std::string(answer->at("token").as_string());
    account.user = std::string(answer->at("user").at("name").as_string());
    if (auto saved = account.save(options.folder()); !saved) return saved;
    if (context.json) {
        print_json({{"user", *account.user},
                    {"tracker", account.tracker},
                    {"expires", answer->at("expires")}});
    } else {
        print_line(fmt::format("{} is logged in at {}", *account.user, account.tracker));
    }
    return {};
}

Result<void> register_user(const Context& context, const Options& options) {
    auto door = entrance(options);
    if (!door) return std::unexpected(door.error());
    const auto password = read_password(options.password_file, "New password", true);
    if (!password) return std::unexpected(password.error());
    boost::json::object body{{"username", options.name}, {"password", *password}};
    if (door->invitation) body["invitation"] = *door->invitation;
    if (door->setup) body["code"] = *door->setup;
    const auto made =
        Api::of(door->account)
            .call(Method::post, door->setup ? "/api/v1/setup" : "/api/v1/users", std::move(body));
    if (!made) return std::unexpected(made.error());
    return log_in(context, options, std::move(door->account), *password);
}

Result<void> login(const Context& context, const Options& options) {
    auto door = entrance(options);
    if (!door) return std::unexpected(door.error());
    const auto password = read_password(options.password_file, "Password", false);
    if (!password) return std::unexpected(password.error());
    return log_in(context, options, std::move(door->account), *password);
}

Result<void> logout(const Options& options) {
    auto account = Account::load(options.folder());
    if (!account) return std::unexpected(account.error());
    if (!account->token) return {};
    const auto ended = Api::of(*account).call(Method::delete_, "/api/v1/sessions/current");
    // A token that is good no more is as good as ended.
    if (!ended && ended.error().code != ErrorCode::refused) return std::unexpected(ended.error());
    account->token.reset();
    return account->save(options.folder());
}

Result<void> whoami(const Context& context, const Options& options) {
    const auto account = Account::load(options.folder());
    if (!account) return std::unexpected(account.error());
    const auto me = Api::of(*account).call(Method::get, "/api/v1/me");
    if (!me) return std::unexpected(me.error());
    const std::string name(me->at("name").as_string());
    const std::string role(me->at("role").as_string());
    if (context.json) {
        print_json({{"user", name}, {"role", role}, {"tracker", account->tracker}});
    } else {
        print_line(fmt::format("{} ({}) at {}", name, role, account->tracker));
    }
    return {};
}

Result<void> passwd(const Options& options) {
    const auto account = Account::load(options.folder());
    if (!account) return std::unexpected(account.error());
    const auto before = read_password(options.password_file, "Old password", false);
    if (!before) return std::unexpected(before.error());
    const auto after = read_password(options.new_password_file, "New password", true);
    if (!after) return std::unexpected(after.error());
    const auto changed = Api::of(*account).call(Method::put, "/api/v1/me/password",
                                                {{"old", *before}, {"new", *after}});
    if (!changed) return std::unexpected(changed.error());
    return {};
}

}  // namespace

void add_account(CLI::App& app, Context& context) {
    const auto options = std::make_shared<Options>();
    struct Door {
        const char* name;
        const char* description;
        Result<void> (*run)(const Context&, const Options&);
    };
    for (const Door& door :
         {Door{"register", "Become a member of a group, and log in", register_user},
          Door{"login", "Log in to a group", login}}) {
        CLI::App* command = add_group_command(app, door.name, door.description, options->data);
        command->add_option("name", options->name, "The user's name")->required();
        command->add_option("--join", options->join,
                            "The link that the tracker prints; without it the last group");
        command->add_option("--password-file", options->password_file,
                            "File that holds the password; also: SHOAL_PASSWORD");
        command->callback([options, &context, run = door.run] {
            context.action = [options, &context, run] { return run(context, *options); };
        });
    }
    add_group_command(app, "logout", "End this machine's session", options->data)
        ->callback(
            [options, &context] { context.action = [options] { return logout(*options); }; });
    add_group_command(app, "whoami", "Who is logged in, and where", options->data)
        ->callback([options, &context] {
            context.action = [options, &context] { return whoami(context, *options); };
        });
    CLI::App* change = add_group_command(
        app, "passwd", "Change the password; ends all other sessions", options->data);
    change->add_option("--password-file", options->password_file,
                       "File that holds the old password; also: SHOAL_PASSWORD");
    change->add_option("--new-password-file", options->new_password_file,
                       "File that holds the new password");
    change->callback(
        [options, &context] { context.action = [options] { return passwd(*options); }; });
}

}  // namespace shoal::cli

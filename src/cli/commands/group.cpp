// shoal list, discover, ping: what the group has, and who is there.
#include <functional>
#include <memory>
#include <set>

#include "base/text.h"
#include "cli/account.h"
#include "cli/commands/commands.h"
#include "net/endpoint.h"

namespace shoal::cli {
namespace {

using boost::json::object;
using http::Method;

constexpr std::uint16_t default_peer_port = 6881;

struct Options {
    std::string data;
    std::string what;    ///< of `list`
    std::string search;  ///< of `list files`
    std::string where;   ///< HOST[:PORT]

    [[nodiscard]] Result<Account> account() const {
        return Account::load(data.empty() ? default_data_folder() : std::filesystem::path(data));
    }
};

std::string text(const object& item, std::string_view name) {
    return printable(std::string_view(item.at(name).as_string()));
}

/// Calls for every item of a list, page by page. `path` has a query already.
Result<void> for_each_item(const Account& account, const std::string& path,
                           const std::function<Result<void>(const object&)>& take) {
    std::string cursor;
    do {
        const auto page =
            call(account, Method::get, cursor.empty() ? path : path + "&cursor=" + cursor);
        if (!page) return std::unexpected(page.error());
        for (const auto& item : page->at("items").as_array()) {
            if (auto taken = take(item.as_object()); !taken) return taken;
        }
        const auto& next = page->at("next");
        cursor = next.is_string() ? std::string(next.as_string()) : std::string();
    } while (!cursor.empty());
    return {};
}

/// Prints a list: a line an item for people, or all items as one document.
Result<void> print_list(const Context& context, const Account& account, const std::string& path,
                        const std::function<std::string(const object&)>& line_of) {
    boost::json::array items;
    auto done = for_each_item(account, path, [&](const object& item) -> Result<void> {
        if (context.json) {
            items.push_back(item);
        } else {
            print_line(line_of(item));
        }
        return {};
    });
    if (done && context.json) print_json({{"items", std::move(items)}});
    return done;
}

std::string file_line(const object& file) {
    return fmt::format("{:>10}  {:>6} pieces  {:<21}  {}{}  ({}, {})",
                       format_size(file.at("size").as_int64()),
                       file.at("pieces").to_number<std::int64_t>(), text(file, "address"),
                       text(file, "name"), file.at("online").as_bool() ? "" : " [not there now]",
                       text(file, "user"), text(file, "path"));
}

std::string peer_line(const object& peer) {
    return fmt::format("{:<21}  {}", text(peer, "address"), text(peer, "user"));
}

/// "0-17, 20" of [[0, 17], [20, 20]].
std::string ranges_of(const boost::json::value& ranges) {
    std::string all;
    for (const auto& range : ranges.as_array()) {
        const auto first = range.at(0).to_number<std::int64_t>();
        const auto last = range.at(1).to_number<std::int64_t>();
        if (!all.empty()) all += ", ";
        all += first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    }
    return all;
}

void print_swarm(const object& file, const boost::json::value& swarm) {
    print_line(fmt::format("{}  {} pieces", text(file, "name"),
                           swarm.at("pieces").to_number<std::int64_t>()));
    for (const auto& holder : swarm.at("holders").as_array()) {
        print_line(fmt::format("    {:<21}  {:>6} of them: {}", text(holder.as_object(), "address"),
                               holder.at("count").to_number<std::int64_t>(),
                               ranges_of(holder.at("pieces"))));
    }
    for (const auto& [name, words] : {std::pair{"held_once", "at risk, one peer has them: "},
                                      std::pair{"held_never", "nobody has: "}}) {
        const std::string ranges = ranges_of(swarm.at(name));
        if (!ranges.empty()) print_line(fmt::format("    {}{}", words, ranges));
    }
}

/// Which pieces of every file are where. Files that share a torrent share a swarm: told once.
Result<void> list_pieces(const Context& context, const Account& account) {
    boost::json::array items;
    std::set<std::string> told;
    auto done = for_each_item(
        account, "/api/v1/files?limit=200&order=name", [&](const object& file) -> Result<void> {
            const std::string hash(file.at("info_hash").as_string());
            if (!told.insert(hash).second) return {};
            auto swarm = call(account, Method::get, "/api/v1/swarms/" + hash + "/pieces");
            if (!swarm) return std::unexpected(swarm.error());
            if (!context.json) {
                print_swarm(file, *swarm);
                return {};
            }
            swarm->as_object()["name"] = file.at("name");
            swarm->as_object()["info_hash"] = hash;
            items.push_back(std::move(*swarm));
            return {};
        });
    if (done && context.json) print_json({{"items", std::move(items)}});
    return done;
}

Result<void> list(const Context& context, const Options& options) {
    const auto account = options.account();
    if (!account) return std::unexpected(account.error());
    if (options.what == "peers") {
        return print_list(context, *account, "/api/v1/peers?limit=200", peer_line);
    }
    if (options.what == "pieces") return list_pieces(context, *account);
    return print_list(context, *account,
                      "/api/v1/files?limit=200&order=name&q=" + url_part(options.search),
                      file_line);
}

Result<void> discover(const Context& context, const Options& options) {
    const auto account = options.account();
    if (!account) return std::unexpected(account.error());
    const auto where = net::parse_host_port(options.where, default_peer_port);
    if (!where) return std::unexpected(where.error());
    const auto endpoints = net::listen_endpoints(*where);
    if (!endpoints) return std::unexpected(endpoints.error());
    return print_list(
        context, *account,
        "/api/v1/files?limit=200&address=" + url_part(net::to_text(endpoints->front())), file_line);
}

Result<void> ping(const Context& context, const Options& options) {
    const auto account = options.account();
    if (!account) return std::unexpected(account.error());
    const auto where = net::parse_host_port(options.where, default_peer_port);
    if (!where) return std::unexpected(where.error());
    const bool v6 = where->host.find(':') != std::string::npos;
    const std::string address =
        fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), where->host, where->port);
    const auto answer =
        call(*account, Method::post, "/api/v1/peers/" + url_part(address) + "/ping");
    if (!answer) return std::unexpected(answer.error());
    const auto& document = answer->as_object();
    const bool alive = document.at("alive").as_bool();
    if (context.json) {
        print_json(document);
    } else if (alive) {
        print_line(fmt::format("{} is there: {:.1f} ms", text(document, "address"),
                               document.at("round_trip_ms").to_number<double>()));
    }
    if (alive) return {};
    return fail(ErrorCode::failed, "{} does not answer: {}", text(document, "address"),
                text(document, "reason"));
}

}  // namespace

void add_group(CLI::App& app, Context& context) {
    const auto options = std::make_shared<Options>();
    CLI::App* lists =
        add_group_command(app, "list", "What the group has, and who has it", options->data);
    lists->add_option("what", options->what, "files, peers or pieces")
        ->required()
        ->check(CLI::IsMember({"files", "peers", "pieces"}));
    lists->add_option("words", options->search,
                      "Of files: words of the name; case and tone marks make no difference");
    lists->callback([options, &context] {
        context.action = [options, &context] { return list(context, *options); };
    });
    CLI::App* files =
        add_group_command(app, "discover", "The files that a peer shares", options->data);
    files->add_option("peer", options->where, "HOST[:PORT] of the peer")->required();
    files->callback([options, &context] {
        context.action = [options, &context] { return discover(context, *options); };
    });
    CLI::App* call = add_group_command(
        app, "ping", "Whether a peer is alive, as the tracker sees it", options->data);
    call->add_option("peer", options->where, "HOST[:PORT] of the peer")->required();
    call->callback([options, &context] {
        context.action = [options, &context] { return ping(context, *options); };
    });
}

}  // namespace shoal::cli

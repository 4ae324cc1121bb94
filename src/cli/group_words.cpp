#include "cli/group_words.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <set>

#include "base/text.h"
#include "catalogue/names.h"

namespace shoal::cli {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using http::Method;

/// Prints a line an item for people, or gathers all items for the one document.
class Lines {
  public:
    Lines(const Context& context, std::function<std::string(const object&)> line_of)
        : context_(context), line_of_(std::move(line_of)) {}

    Result<void> take(const object& item) {
        empty = false;
        if (context_.json) {
            items.push_back(item);
        } else {
            print_line(line_of_(item));
        }
        return {};
    }

    array items;
    bool empty = true;

  private:
    const Context& context_;
    std::function<std::string(const object&)> line_of_;
};

Result<void> print_list(const Context& context, const Api& api, const std::string& path,
                        const std::function<std::string(const object&)>& line_of) {
    Lines lines(context, line_of);
    auto done = api.for_each(path, [&](const object& item) { return lines.take(item); });
    if (done && lines.empty) print_none(context);
    if (done && context.json) print_json({{"items", std::move(lines.items)}});
    return done;
}

std::string line_of_file(const object& file, std::string_view state) {
    return fmt::format("{:>10}  {:>6} pieces  {:<21}  {}{}  ({}, {})",
                       format_size(number_of(file, "size")), number_of(file, "pieces"),
                       text_of(file, "address"), text_of(file, "name"), state,
                       text_of(file, "user"), text_of(file, "path"));
}

std::string prepared_line(const object& file) {
    return line_of_file(file, " [being prepared]");
}

std::string peer_line(const object& peer) {
    return fmt::format("{:<21}  {}", text_of(peer, "address"), text_of(peer, "user"));
}

bool matches(const object& file, const std::vector<std::string>& words) {
    const std::string name = catalogue::fold_for_search(text_of(file, "name"));
    return std::ranges::all_of(
        words, [&](const std::string& word) { return name.find(word) != std::string::npos; });
}

/// Files that are not yet in the list because somebody still hashes them. A tracker that does not
/// tell has none.
Result<void> take_prepared(const Api& api, const std::string& words, Lines& lines) {
    const auto wanted = catalogue::search_words(words);
    if (!wanted) return std::unexpected(wanted.error());
    auto done = api.for_each("/api/v1/preparing?limit=200", [&](const object& file) {
        return matches(file, *wanted) ? lines.take(file) : Result<void>{};
    });
    if (!done && done.error().code == ErrorCode::not_found) return {};
    return done;
}

void print_swarm(const object& file, const object& swarm) {
    print_line(fmt::format("{}  {} pieces", text_of(file, "name"), number_of(swarm, "pieces")));
    const value* holders = swarm.if_contains("holders");
    if (holders != nullptr && holders->is_array()) {
        for (const value& item : holders->get_array()) {
            const object* holder = item.if_object();
            if (holder == nullptr) continue;
            print_line(fmt::format("    {:<21}  {:>6} of them: {}", text_of(*holder, "address"),
                                   number_of(*holder, "count"), ranges_of(*holder, "pieces")));
        }
    }
    for (const auto& [name, words] : {std::pair{"held_once", "at risk, one peer has them: "},
                                      std::pair{"held_never", "nobody has: "}}) {
        const std::string ranges = ranges_of(swarm, name);
        if (!ranges.empty()) print_line(fmt::format("    {}{}", words, ranges));
    }
}

}  // namespace

std::string file_line(const object& file) {
    return line_of_file(file, flag_of(file, "online") ? "" : " [not there now]");
}

Result<void> list_files(const Context& context, const Api& api, const std::string& words) {
    Lines files(context, file_line);
    Lines prepared(context, prepared_line);
    auto done = api.for_each("/api/v1/files?limit=200&order=name&q=" + url_part(words),
                             [&](const object& file) { return files.take(file); });
    if (done) done = take_prepared(api, words, prepared);
    if (done && files.empty && prepared.empty) print_none(context);
    if (!done || !context.json) return done;
    object document{{"items", std::move(files.items)}};
    if (!prepared.items.empty()) document["preparing"] = std::move(prepared.items);
    print_json(document);
    return {};
}

Result<void> list_peers(const Context& context, const Api& api) {
    return print_list(context, api, "/api/v1/peers?limit=200", peer_line);
}

Result<void> list_pieces(const Context& context, const Api& api, const std::string& name) {
    array items;
    // Files that share a torrent share a swarm: it is told once.
    std::set<std::string> told;
    const auto take = [&](const object& file) -> Result<void> {
        const std::string hash = text_of(file, "info_hash");
        if (!told.insert(hash).second) return {};
        auto swarm = api.get("/api/v1/swarms/" + url_part(hash) + "/pieces");
        if (!swarm) return std::unexpected(swarm.error());
        if (!swarm->is_object()) return {};
        if (!context.json) {
            print_swarm(file, swarm->get_object());
            return {};
        }
        swarm->get_object()["name"] = text_of(file, "name");
        swarm->get_object()["info_hash"] = hash;
        items.push_back(std::move(*swarm));
        return {};
    };
    const std::string which = name.empty() ? "/api/v1/files?limit=200&order=name"
                                           : "/api/v1/files?limit=200&name=" + url_part(name);
    auto done = api.for_each(which, take);
    if (done && !name.empty() && told.empty()) {
        return fail(ErrorCode::not_found, "nobody shares '{}': see the list of files",
                    printable(name));
    }
    if (done && told.empty()) print_none(context);
    if (done && context.json) print_json({{"items", std::move(items)}});
    return done;
}

Result<void> discover(const Context& context, const Api& api, const net::HostPort& peer) {
    const auto endpoints = net::listen_endpoints(peer);
    if (!endpoints) return std::unexpected(endpoints.error());
    // A name may stand for several addresses, of which the group knows the peer by one.
    Result<void> found = fail(ErrorCode::not_found, "there is no such host");
    for (const auto& endpoint : *endpoints) {
        found = print_list(context, api,
                           "/api/v1/files?limit=200&address=" + url_part(net::to_text(endpoint)),
                           file_line);
        if (found || found.error().code != ErrorCode::not_found) break;
    }
    return found;
}

Result<void> ping(const Context& context, const Api& api, const net::HostPort& peer) {
    const bool v6 = peer.host.find(':') != std::string::npos;
    const std::string address =
        fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), peer.host, peer.port);
    const auto answer = api.call(Method::post, "/api/v1/peers/" + url_part(address) + "/ping");
    if (!answer) return std::unexpected(answer.error());
    const object document = answer->is_object() ? answer->get_object() : object{};
    const bool alive = flag_of(document, "alive");
    if (context.json) {
        print_json(document);
    } else if (alive) {
        print_line(fmt::format("{} is there: {:.1f} ms", text_of(document, "address"),
                               real_of(document, "round_trip_ms")));
    }
    if (alive) return {};
    return fail(ErrorCode::failed, "{} does not answer: {}", text_of(document, "address"),
                text_of(document, "reason"));
}

Result<net::HostPort> read_host_port(const std::vector<std::string>& words,
                                     std::optional<std::uint16_t> default_port) {
    if (words.size() == 1) return net::parse_host_port(words.front(), default_port);
    const auto port = words.size() == 2 ? parse_number(words[1]) : std::nullopt;
    if (!port || *port < 0 || *port > 65535) {
        return fail(ErrorCode::usage, "give an address and a port, such as 192.168.1.20 6881");
    }
    const std::string& host = words[0];
    const bool v6 = host.find(':') != std::string::npos && !host.starts_with('[');
    return net::parse_host_port(fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), host, *port));
}

std::string ranges_of(const object& members, std::string_view name) {
    const value* ranges = members.if_contains(name);
    std::string all;
    if (ranges == nullptr || !ranges->is_array()) return all;
    for (const value& range : ranges->get_array()) {
        const array* ends = range.if_array();
        if (ends == nullptr || ends->size() != 2) continue;
        if (!(*ends)[0].is_number() || !(*ends)[1].is_number()) continue;
        boost::system::error_code error;
        const auto first = (*ends)[0].to_number<std::int64_t>(error);
        const auto last = (*ends)[1].to_number<std::int64_t>(error);
        if (!all.empty()) all += ", ";
        all += first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    }
    return all;
}

}  // namespace shoal::cli

// How long a page and a search of a large catalogue take: 100,000 publications of 10,000 users.
//
//   catalogue_bench [DATABASE-URL]     an empty database; a SQLite file in /tmp when none is named
#include "catalogue/catalogue.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

#include "base/random.h"
#include "catalogue/names.h"

namespace {

using namespace shoal;
using namespace shoal::catalogue;

constexpr std::int64_t user_count = 10'000;
constexpr std::int64_t publications_per_user = 10;
constexpr int rounds = 30;

[[noreturn]] void give_up(const Error& error) {
    fmt::print(stderr, "catalogue_bench: {}\n", error.message);
    std::exit(1);
}

template <class T>
T must(Result<T> result) {
    if (!result) give_up(result.error());
    return std::move(*result);
}

std::string make_name(Random& random, std::int64_t number) {
    static const std::vector<std::string> words = {
        "Bài",   "giảng", "Đề",    "thi",    "đại",   "học",     "Toán",   "Vật",
        "lý",    "báo",   "cáo",   "tuần",   "video", "lecture", "slides", "draft",
        "photo", "album", "notes", "backup", "Hà",    "Nội"};
    std::string name;
    for (int i = 0; i < 4; ++i) name += words[random.below(words.size())] + ' ';
    return name + fmt::format("{}.pdf", number);
}

/// Straight into the tables, in large transactions: how they come in is not what is measured.
void fill(Database& database) {
    Random random(1);
    for (std::int64_t first = 0; first < user_count; first += 1000) {
        auto filled = database.write([&](Sql& sql) -> Result<void> {
            for (std::int64_t i = first; i < first + 1000; ++i) {
                const std::string name = fmt::format("user{:05}", i);
                const auto user = sql.number(
                    "INSERT INTO users (name, folded, password, role, created) "
                    "VALUES (:a, :b, 'none', 'member', 1) RETURNING id",
                    {name, name});
                const auto peer = sql.number(
                    "INSERT INTO peers (user_id, daemon, address, port, created, last_seen) "
                    "VALUES (:a, 'one', :b, 6881, 1, 1) RETURNING id",
                    {user, fmt::format("10.1.{}.{}", i / 250, i % 250)});
                for (std::int64_t j = 0; j < publications_per_user; ++j) {
                    const std::int64_t number = i * publications_per_user + j;
                    const std::string hash = fmt::format("{:040x}", number);
                    const auto torrent = sql.number(
                        "INSERT INTO torrents (hash_v1, hash_v2, info_hash, name, size, "
                        "piece_length, pieces, private, created) "
                        "VALUES (:a, '', :b, 'file', 1000000, 16384, 62, 1, 1) RETURNING id",
                        {hash, hash});
                    const std::string shared = make_name(random, number);
                    sql.execute(
                        "INSERT INTO publications (peer_id, torrent_id, name, folded, path, "
                        "version, created) VALUES (:a, :b, :c, :d, :e, 1, 1)",
                        {peer, torrent, shared, fold_for_search(shared), "shared/" + shared});
                }
            }
            return {};
        });
        if (!filled) give_up(filled.error());
    }
}

/// What PostgreSQL does by itself some minutes after so many rows came in.
void gather_statistics(Database& database) {
    auto done = database.write([](Sql& sql) -> Result<void> {
        if (sql.dialect() == Dialect::postgresql) sql.execute("ANALYZE");
        return {};
    });
    if (!done) give_up(done.error());
}

void measure(std::string_view what, const std::function<std::size_t()>& call) {
    std::vector<double> times;
    std::size_t found = 0;
    for (int i = 0; i < rounds; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        found = call();
        times.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
                .count());
    }
    std::ranges::sort(times);
    fmt::print("{:<44} median {:7.2f} ms   worst {:7.2f} ms   {} items\n", what,
               times[times.size() / 2], times.back(), found);
}

}  // namespace

int main(int argc, char** argv) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / fmt::format("shoal-bench-{}", ::getpid());
    std::filesystem::create_directories(folder);
    const std::string url =
        argc > 1 ? argv[1] : fmt::format("sqlite3://{}/tracker.db", folder.string());
    {
        const auto database = must(Database::open(url));
        fill(*database);
        gather_statistics(*database);
        Publications publications(*database, [] { return Time{}; });
        const auto list = [&](const PublicationQuery& query) {
            return [&publications, query] { return must(publications.list(query)).items.size(); };
        };
        fmt::print("{} publications of {} users in {}\n", user_count * publications_per_user,
                   user_count, database->shown());
        measure("page of the newest", list({}));
        measure("page by name", list({.order = Order::name}));
        const auto first = must(publications.list({.order = Order::name, .page = {.limit = 500}}));
        measure("page by name, further on",
                list({.order = Order::name, .page = {.after = first.next}}));
        measure("page of the newest, in the middle", list({.page = {.after = "50000"}}));
        measure("search, common: bai giang", list({.search = "bai giang"}));
        measure("search, rare: 99999", list({.search = "99999"}));
        measure("search, rare, by name", list({.search = "99999", .order = Order::name}));
        measure("search, nothing: zzz", list({.search = "zzz"}));
        measure("search, nothing: bai zzz", list({.search = "bai giang toan zzz"}));
        measure("one user's", list({.user = 5000}));
        measure("exact name", [&] { return must(publications.named("no such name")).size(); });
        measure("counts",
                [&] { return static_cast<std::size_t>(must(publications.counts()).publications); });
    }
    std::filesystem::remove_all(folder);
    return 0;
}

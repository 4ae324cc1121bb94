#include "catalogue/publications.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/text.h"
#include "catalogue/account_rows.h"
#include "catalogue/names.h"
#include "catalogue/publication_rows.h"

namespace shoal::catalogue {
namespace {

std::unexpected<Error> no_such_publication() {
    return fail(ErrorCode::not_found, "there is no such publication");
}

/// A condition with the values that stand in it.
class Condition {
  public:
    /// The next value's place in the text.
    std::string bind(Sql::Value value) {
        values_.push_back(std::move(value));
        return fmt::format(":v{}", values_.size());
    }
    void add(std::string_view condition) {
        text_ += text_.empty() ? "WHERE " : " AND ";
        text_ += condition;
    }
    [[nodiscard]] const std::string& text() const { return text_; }
    Sql::Values take_values() { return std::move(values_); }

  private:
    std::string text_;
    Sql::Values values_;
};

struct FoundPublication {
    Publication publication;
    std::string folded;
};

/// The publications of a subquery over the table alone, so that only the rows of a page are joined.
std::vector<FoundPublication> select_publications(Sql& sql, std::string_view chosen,
                                                  std::string_view order, Sql::Values values) {
    const std::string text = fmt::format(
        "SELECT p.id, p.name, p.folded, p.path, p.version, p.created, {}, {} "
        "FROM (SELECT * FROM publications {}) p JOIN torrents t ON t.id = p.torrent_id "
        "JOIN peers r ON r.id = p.peer_id JOIN users u ON u.id = r.user_id {}",
        torrent_columns, peer_columns, chosen, order);
    std::vector<FoundPublication> result;
    using I = std::int64_t;
    using S = std::string;
    for (const auto& row : sql.rows<I, S, S, S, I, I,              // the publication
                                    I, S, S, S, S, I, I, I, I, I,  // its torrent
                                    I, S, I, S, S, I, I, I>(       // its peer
             text, std::move(values))) {
        const auto& [id, name, folded, path, version, created, t1, t2, t3, t4, t5, t6, t7, t8, t9,
                     t10, r1, r2, r3, r4, r5, r6, r7, r8] = row;
        result.push_back({{id, name, path, version, time_of(created),
                           torrent_of({t1, t2, t3, t4, t5, t6, t7, t8, t9, t10}),
                           peer_of({r1, r2, r3, r4, r5, r6, r7, r8})},
                          folded});
    }
    return result;
}

std::vector<Publication> without_folded(std::vector<FoundPublication> found) {
    std::vector<Publication> result;
    result.reserve(found.size());
    for (auto& one : found) result.push_back(std::move(one.publication));
    return result;
}

/// What the peer has under this name already.
struct Former {
    std::int64_t id = 0;
    std::int64_t version = 0;
};

Result<std::optional<Former>> find_former(Sql& sql, std::int64_t peer,
                                          const NewPublication& publication) {
    const auto same_path = sql.row<std::string>(
        "SELECT name FROM publications WHERE peer_id = :a AND path = :b AND name <> :c",
        {peer, publication.path, publication.name});
    if (same_path) {
        return fail(ErrorCode::refused, "this peer publishes '{}' already, as '{}'",
                    printable(publication.path), printable(std::get<0>(*same_path)));
    }
    const auto same_name = sql.row<std::int64_t, std::int64_t>(
        "SELECT id, version FROM publications WHERE peer_id = :a AND name = :b",
        {peer, publication.name});
    if (!same_name) return std::nullopt;
    if (!publication.replace) {
        return fail(ErrorCode::refused,
                    "this peer publishes '{}' already; choose another name, or replace it",
                    printable(publication.name));
    }
    return Former{std::get<0>(*same_name), std::get<1>(*same_name)};
}

/// How a list is sorted: as the rows of a page are chosen, and as they come out.
struct Sorting {
    std::string chosen;
    std::string_view shown;
};

/// Of a publication's torrent, where its rows are chosen.
constexpr std::string_view size_of_chosen = "(SELECT size FROM torrents WHERE id = torrent_id)";

Sorting sorting_of(Order order) {
    switch (order) {
        case Order::name:
            return {"ORDER BY folded, id", "ORDER BY p.folded, p.id"};
        case Order::size:
            return {fmt::format("ORDER BY {} DESC, id DESC", size_of_chosen),
                    "ORDER BY t.size DESC, p.id DESC"};
        default:
            return {"ORDER BY id DESC", "ORDER BY p.id DESC"};
    }
}

/// Bounds a list to what comes after the cursor.
Result<void> place(Condition& condition, Order order, const Cursor& cursor) {
    if (order == Order::newest) {
        condition.add(fmt::format("id < {}", condition.bind(cursor.id)));
        return {};
    }
    if (order == Order::name) {
        // The first half is what the index is searched by.
        condition.add(fmt::format("folded >= {}", condition.bind(cursor.key)));
        const std::string key = condition.bind(cursor.key);
        const std::string id = condition.bind(cursor.id);
        condition.add(fmt::format("(folded > {} OR id > {})", key, id));
        return {};
    }
    const auto size = parse_number(cursor.key);
    if (!size) return fail(ErrorCode::usage, "the page's place is not one that this list gave");
    condition.add(fmt::format("{} <= {}", size_of_chosen, condition.bind(*size)));
    const std::string key = condition.bind(*size);
    const std::string id = condition.bind(cursor.id);
    condition.add(fmt::format("({} < {} OR id < {})", size_of_chosen, key, id));
    return {};
}

Cursor cursor_of(Order order, const FoundPublication& last) {
    switch (order) {
        case Order::name:
            return {last.folded, last.publication.id};
        case Order::size:
            return {std::to_string(last.publication.torrent.size), last.publication.id};
        default:
            return {{}, last.publication.id};
    }
}

}  // namespace

Result<Publication> Publications::publish(std::int64_t peer, const NewPublication& publication) {
    if (auto good = check_shared_name(publication.name); !good) {
        return std::unexpected(good.error());
    }
    if (auto good = check_shared_path(publication.path); !good) {
        return std::unexpected(good.error());
    }
    const std::int64_t created = now();
    const auto encoded = encode_torrent(*publication.info, created);
    if (!encoded) return std::unexpected(encoded.error());
    const std::string folded = fold_for_search(publication.name);
    return database_.write([&](Sql& sql) -> Result<Publication> {
        auto publisher = find_peer(sql, peer);
        if (!publisher) return fail(ErrorCode::not_found, "there is no such peer");
        const auto former = find_former(sql, peer, publication);
        if (!former) return std::unexpected(former.error());
        const std::int64_t version = *former ? (*former)->version + 1 : 1;
        if (*former) sql.execute("DELETE FROM publications WHERE id = :a", {(*former)->id});
        Torrent torrent = keep_torrent(sql, *encoded);
        const std::int64_t id = sql.number(
            "INSERT INTO publications (peer_id, torrent_id, name, folded, path, version, created) "
            "VALUES (:a, :b, :c, :d, :e, :f, :g) RETURNING id",
            {peer, torrent.id, publication.name, folded, publication.path, version, created});
        return Publication{id,
                           publication.name,
                           publication.path,
                           version,
                           time_of(created),
                           std::move(torrent),
                           std::move(*publisher)};
    });
}

Result<void> Publications::unpublish(std::int64_t peer, std::string_view name) {
    if (!check_shared_name(name)) return no_such_publication();
    return database_.write([&](Sql& sql) -> Result<void> {
        if (sql.execute("DELETE FROM publications WHERE peer_id = :a AND name = :b",
                        {peer, std::string(name)}) == 0) {
            return fail(ErrorCode::not_found, "this peer publishes no '{}'", printable(name));
        }
        return {};
    });
}

Result<Page<Publication>> Publications::list(const PublicationQuery& query) {
    const auto words = search_words(query.search);
    if (!words) return std::unexpected(words.error());
    // Placed first: where a condition is looked at row by row, the cheap ones spare the others.
    Condition condition;
    if (!query.page.after.empty()) {
        const auto after = Cursor::decode(query.page.after);
        if (!after) return std::unexpected(after.error());
        const auto placed = place(condition, query.order, *after);
        if (!placed) return std::unexpected(placed.error());
    }
    const Sorting sorting = sorting_of(query.order);
    if (query.peer) condition.add(fmt::format("peer_id = {}", condition.bind(*query.peer)));
    if (query.user) {
        condition.add(fmt::format("peer_id IN (SELECT id FROM peers WHERE user_id = {})",
                                  condition.bind(*query.user)));
    }
    return database_.read([&](Sql& sql) -> Result<Page<Publication>> {
        Condition all = condition;
        for (const std::string& word : *words) {
            const std::string bound = all.bind(word);
            all.add(sql.contains("folded", bound));
        }
        const std::string limit = all.bind(query.page.bounded_limit() + 1);
        const std::string chosen = fmt::format("{} {} LIMIT {}", all.text(), sorting.chosen, limit);
        auto found = select_publications(sql, chosen, sorting.shown, all.take_values());
        auto page = page_of(std::move(found), query.page, [&](const FoundPublication& last) {
            return cursor_of(query.order, last);
        });
        return Page<Publication>{without_folded(std::move(page.items)), std::move(page.next)};
    });
}

Result<Publication> Publications::publication(std::int64_t id) {
    return database_.read([&](Sql& sql) -> Result<Publication> {
        auto found = select_publications(sql, "WHERE id = :v1", "", {id});
        if (found.empty()) return no_such_publication();
        return std::move(found.front().publication);
    });
}

Result<std::vector<Publication>> Publications::named(std::string_view name) {
    if (!check_shared_name(name)) return std::vector<Publication>();
    return database_.read([&](Sql& sql) -> Result<std::vector<Publication>> {
        return without_folded(select_publications(
            sql, "WHERE name = :v1 ORDER BY id DESC LIMIT :v2", "ORDER BY p.id DESC",
            {std::string(name), static_cast<std::int64_t>(max_page)}));
    });
}

Result<std::vector<Publication>> Publications::with_info_hash(Bytes hash) {
    return database_.read([&](Sql& sql) -> Result<std::vector<Publication>> {
        std::vector<Publication> result;
        for (const std::int64_t torrent : torrents_with_hash(sql, hash)) {
            auto found = without_folded(select_publications(
                sql, "WHERE torrent_id = :v1 ORDER BY id DESC LIMIT :v2", "ORDER BY p.id DESC",
                {torrent, static_cast<std::int64_t>(max_page)}));
            std::ranges::move(found, std::back_inserter(result));
        }
        return result;
    });
}

Result<Counts> Publications::counts() {
    return database_.read([](Sql& sql) -> Result<Counts> {
        return Counts{sql.number("SELECT COUNT(*) FROM publications"),
                      sql.number("SELECT COUNT(*) FROM torrents"),
                      sql.number("SELECT COUNT(*) FROM peers"),
                      sql.number("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM torrents "
                                 "WHERE id IN (SELECT torrent_id FROM publications)")};
    });
}

}  // namespace shoal::catalogue

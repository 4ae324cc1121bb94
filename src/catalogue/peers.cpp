// The daemons that publish, and where they are.
#include <boost/asio/ip/address.hpp>

#include "base/text.h"
#include "catalogue/account_rows.h"
#include "catalogue/publication_rows.h"
#include "catalogue/publications.h"

namespace shoal::catalogue {
namespace {

/// A peer's last sign of life is written no oftener than this.
constexpr std::int64_t touch_seconds = 60;

bool is_daemon_id(std::string_view id) {
    return !id.empty() && id.size() <= Publications::max_daemon_id &&
           id.find_first_not_of(
               "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") ==
               std::string_view::npos;
}

/// The one way to write the address: IPv4 within IPv6 is IPv4.
std::optional<std::string> canonical_address(std::string_view text) {
    boost::system::error_code error;
    auto address = boost::asio::ip::make_address(text, error);
    if (error) return std::nullopt;
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
    }
    return address.to_string();
}

std::unexpected<Error> no_such_peer() {
    return fail(ErrorCode::not_found, "there is no such peer");
}

}  // namespace

Peer peer_of(const PeerRow& row) {
    const auto& [id, daemon, user_id, user, address, port, created, last_seen] = row;
    return {id,
            daemon,
            user_id,
            user,
            address,
            static_cast<std::uint16_t>(port),
            time_of(created),
            time_of(last_seen)};
}

std::vector<Peer> select_peers(Sql& sql, std::string_view condition, Sql::Values values) {
    std::vector<Peer> peers;
    for (const auto& row : sql.rows<std::int64_t, std::string, std::int64_t, std::string,
                                    std::string, std::int64_t, std::int64_t, std::int64_t>(
             fmt::format("SELECT {} FROM peers r JOIN users u ON u.id = r.user_id {}", peer_columns,
                         condition),
             std::move(values))) {
        peers.push_back(peer_of(row));
    }
    return peers;
}

std::optional<Peer> find_peer(Sql& sql, std::int64_t id) {
    auto found = select_peers(sql, "WHERE r.id = :a", {id});
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

Result<Peer> Publications::register_peer(std::int64_t user, std::string_view daemon,
                                         std::string_view address, std::uint16_t port) {
    const auto canonical = canonical_address(address);
    if (!is_daemon_id(daemon) || !canonical || port == 0) {
        return fail(ErrorCode::usage,
                    "a peer has an id of 1 to {} letters and digits, an IP address and a port",
                    max_daemon_id);
    }
    const std::int64_t present = now();
    const auto find = [&](Sql& sql) {
        return select_peers(sql, "WHERE r.user_id = :a AND r.daemon = :b",
                            {user, std::string(daemon)});
    };
    const auto is_current = [&](const Peer& peer) {
        return peer.address == *canonical && peer.port == port &&
               present - seconds_of(peer.last_seen) < touch_seconds;
    };
    const auto known =
        database_.read([&](Sql& sql) -> Result<std::vector<Peer>> { return find(sql); });
    if (!known) return std::unexpected(known.error());
    if (!known->empty() && is_current(known->front())) return known->front();

    return database_.write([&](Sql& sql) -> Result<Peer> {
        if (const auto found = find(sql); !found.empty()) {
            sql.execute("UPDATE peers SET address = :a, port = :b, last_seen = :c WHERE id = :d",
                        {*canonical, port, present, found.front().id});
            return find_peer(sql, found.front().id).value_or(Peer{});
        }
        if (!find_user(sql, user)) return fail(ErrorCode::not_found, "there is no such user");
        if (sql.number("SELECT COUNT(*) FROM peers WHERE user_id = :a", {user}) >=
            max_peers_of_user) {
            return fail(ErrorCode::refused, "too many peers of one user; remove some ({} at most)",
                        max_peers_of_user);
        }
        const std::int64_t id = sql.number(
            "INSERT INTO peers (user_id, daemon, address, port, created, last_seen) "
            "VALUES (:a, :b, :c, :d, :e, :f) RETURNING id",
            {user, std::string(daemon), *canonical, port, present, present});
        return find_peer(sql, id).value_or(Peer{});
    });
}

Result<Peer> Publications::peer(std::int64_t id) {
    return database_.read([&](Sql& sql) -> Result<Peer> {
        auto found = find_peer(sql, id);
        if (!found) return no_such_peer();
        return std::move(*found);
    });
}

Result<std::vector<Peer>> Publications::peers_at(std::string_view address, std::uint16_t port) {
    const auto canonical = canonical_address(address);
    if (!canonical) {
        return fail(ErrorCode::usage, "'{}' is no IP address", printable(address.substr(0, 64)));
    }
    return database_.read([&](Sql& sql) -> Result<std::vector<Peer>> {
        return select_peers(sql, "WHERE r.address = :a AND r.port = :b ORDER BY r.last_seen DESC",
                            {*canonical, port});
    });
}

Result<Page<Peer>> Publications::peers(const PageRequest& page) {
    const auto after = page.after.empty() ? Result<Cursor>(Cursor{}) : Cursor::decode(page.after);
    if (!after) return std::unexpected(after.error());
    return database_.read([&](Sql& sql) -> Result<Page<Peer>> {
        return page_of(select_peers(sql, "WHERE r.id > :a ORDER BY r.id LIMIT :b",
                                    {after->id, page.bounded_limit() + 1}),
                       page, [](const Peer& last) { return Cursor{{}, last.id}; });
    });
}

Result<void> Publications::remove_peer(std::int64_t id) {
    return database_.write([&](Sql& sql) -> Result<void> {
        if (sql.execute("DELETE FROM peers WHERE id = :a", {id}) == 0) return no_such_peer();
        return {};
    });
}

}  // namespace shoal::catalogue

#include "tracker/tracker.h"

#include <algorithm>

namespace shoal::tracker {
namespace {

/// When a full tracker is worth asking again.
constexpr std::chrono::minutes full_retry{5};

/// Peers in need may ask ten times as often as they have to.
std::chrono::seconds min_interval(std::chrono::seconds interval) {
    return std::max(interval / 10, std::chrono::seconds(1));
}

/// Tells the client, and counts it.
void refuse(std::string& out, const Error& error, RequestTally& tally,
            std::optional<std::chrono::minutes> retry_in = std::nullopt) {
    ++(error.code == ErrorCode::refused ? tally.refused : tally.malformed);
    write_failure(out, error.message, retry_in);
}

}  // namespace

Tracker::Tracker(TrackerOptions options, std::unique_ptr<SwarmStore> store, Gate* gate)
    : options_(std::move(options)),
      times_{options_.interval, min_interval(options_.interval)},
      store_(std::move(store)),
      gate_(gate) {}

void Tracker::set_options(TrackerOptions options) {
    options_ = std::move(options);
    times_ = {options_.interval, min_interval(options_.interval)};
}

Result<std::int64_t> Tracker::member_of_query() const {
    if (gate_ == nullptr) return 0;
    return gate_->member(query_.find("passkey").value_or(std::string_view{}));
}

Result<Realm> Tracker::realm_of(std::int64_t member, const InfoHash& info_hash) const {
    if (gate_ == nullptr) return Realm::open;
    return gate_->torrent(member, info_hash);
}

Result<net::Address> Tracker::address_of(const AnnounceQuery& announce,
                                         const net::Address& remote) const {
    const bool trusted =
        std::any_of(options_.trust_ip_from.begin(), options_.trust_ip_from.end(),
                    [&](const net::AddressRange& range) { return range.contains(remote); });
    if (announce.ip.empty() || !trusted) return remote;
    boost::system::error_code error;
    const auto claimed = boost::asio::ip::make_address(std::string(announce.ip), error);
    if (error || claimed.is_unspecified() || net::reach_of(claimed) == net::Reach::unreachable) {
        return fail(ErrorCode::bad_data, "ip is malformed");
    }
    return net::normalised(claimed);
}

void Tracker::announce(std::string_view query, const net::Address& remote, TimePoint now,
                       std::string& out) {
    if (const auto parsed = query_.parse(query); !parsed) {
        return refuse(out, parsed.error(), tally_.announces);
    }
    const auto member = member_of_query();
    if (!member) {
        ++tally_.refusals.strangers;
        return refuse(out, member.error(), tally_.announces);
    }
    const auto announce = parse_announce(query_);
    if (!announce) return refuse(out, announce.error(), tally_.announces);
    const auto realm = realm_of(*member, announce->info_hash);
    if (!realm) {
        ++tally_.refusals.torrents;
        return refuse(out, realm.error(), tally_.announces);
    }
    const auto address = address_of(*announce, remote);
    if (!address) return refuse(out, address.error(), tally_.announces);

    PeerUpdate update;
    update.info_hash = announce->info_hash;
    update.realm = *realm;
    update.peer_id = announce->peer_id;
    update.address = *address;
    update.port = announce->port;
    update.seed = announce->left == 0;
    update.event = announce->event;
    update.numwant = announce->numwant;
    update.uploaded = announce->uploaded;
    update.downloaded = announce->downloaded;
    sample_.want_ids = !announce->compact && announce->peer_ids;
    const auto counts = store_->announce(update, now, sample_);
    if (!counts) {
        ++tally_.refusals.full;
        return refuse(out, counts.error(), tally_.announces, full_retry);
    }
    ++tally_.announces.good;
    ++tally_.events.at(index_of(update.event));
    if (*realm == Realm::group) gate_->announced(*member, update, now);
    if (announce->compact) {
        write_compact(out, times_, *counts, *address, sample_);
    } else {
        write_dictionaries(out, times_, *counts, *address, sample_);
    }
}

void Tracker::scrape(std::string_view query, TimePoint now, std::string& out) {
    if (const auto parsed = query_.parse(query); !parsed) {
        return refuse(out, parsed.error(), tally_.scrapes);
    }
    const auto member = member_of_query();
    if (!member) return refuse(out, member.error(), tally_.scrapes);
    scraped_.clear();
    bool any = false;
    for (const auto& [name, value] : query_.parameters()) {
        if (name != "info_hash") continue;
        if (value.size() != InfoHash::size) {
            return refuse(out, {ErrorCode::bad_data, "info_hash is malformed"}, tally_.scrapes);
        }
        any = true;
        const auto info_hash = InfoHash::from(bytes_of(value));
        if (!realm_of(*member, info_hash)) continue;
        if (const auto counts = store_->scrape(info_hash, now)) {
            scraped_.emplace_back(info_hash, *counts);
        }
    }
    if (!any) {
        return refuse(out, {ErrorCode::bad_data, "info_hash is missing: name the torrents"},
                      tally_.scrapes);
    }
    ++tally_.scrapes.good;
    const auto by_hash = [](const auto& a, const auto& b) { return a.first < b.first; };
    const auto same_hash = [](const auto& a, const auto& b) { return a.first == b.first; };
    std::sort(scraped_.begin(), scraped_.end(), by_hash);
    scraped_.erase(std::unique(scraped_.begin(), scraped_.end(), same_hash), scraped_.end());
    write_scrape(out, times_, scraped_);
}

}  // namespace shoal::tracker

#include "node/page_entrance.h"

#include <algorithm>

namespace shoal::node {
namespace {

using catalogue::SecretKind;

std::int64_t unix_time() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

Result<PageEntrance> PageEntrance::open(const Home& home) {
    auto secrets = catalogue::Secrets::open(home.folder() / "page.key");
    if (!secrets) return std::unexpected(secrets.error());
    return PageEntrance(std::move(*secrets));
}

PageEntrance::PageEntrance(catalogue::Secrets secrets)
    : secrets_(std::move(secrets)), login_("peer-" + secrets_.instance()) {}

std::string PageEntrance::new_code(TimePoint now) {
    codes_.erase(codes_.begin(), codes_.upper_bound(now));
    if (codes_.size() == max_codes) codes_.erase(codes_.begin());
    TimePoint end = now + link_lifetime;
    while (codes_.contains(end)) end += Duration(1);
    return codes_.emplace(end, catalogue::new_token()).first->second;
}

bool PageEntrance::use_code(std::string_view code, TimePoint now) {
    codes_.erase(codes_.begin(), codes_.upper_bound(now));
    const auto found = std::find_if(codes_.begin(), codes_.end(), [&](const auto& one) {
        return catalogue::same_secret(one.second, code);
    });
    if (found == codes_.end()) return false;
    codes_.erase(found);
    return true;
}

bool PageEntrance::is_good(std::string_view secret) const {
    const auto end = catalogue::Secrets::claimed_id(secret);
    return end && secrets_.verify(secret, SecretKind::page, *end, 0) && *end > unix_time();
}

bool PageEntrance::admits(const http::Request& request) const {
    return is_good(login_.secret(request));
}

std::string PageEntrance::token_for(const http::Request& request) const {
    const std::string_view secret = login_.cookie_of(request);
    return is_good(secret) ? http::PageLogin::token_of(secret) : std::string();
}

std::string PageEntrance::let_in(const http::Request& request, http::Response& response) const {
    const std::chrono::seconds lifetime = browser_lifetime;
    const std::string secret = secrets_.derive(SecretKind::page, unix_time() + lifetime.count(), 0);
    login_.begin(request, response, secret, lifetime);
    return http::PageLogin::token_of(secret);
}

void PageEntrance::show_out(const http::Request& request, http::Response& response) const {
    login_.end(request, response);
}

}  // namespace shoal::node

// Who may use the peer's page: whoever came by a one-time link, and their browser from then on.
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "catalogue/secrets.h"
#include "http/page_login.h"
#include "node/home.h"

namespace shoal::node {

/// Browsers stay let in over restarts: what they hold is derived from the key file, with the time
/// at which it ends. Deleting that file shuts all of them out. Not thread-safe.
class PageEntrance {
  public:
    static constexpr Duration link_lifetime = 60s;
    static constexpr std::chrono::hours browser_lifetime{24 * 30};

    /// As catalogue::Secrets::open(). Blocks for the disk.
    static Result<PageEntrance> open(const Home& home);

    /// A code that lets one browser in, once; a secret. Of too many the oldest is good no more.
    std::string new_code(TimePoint now);
    /// Whether it was one; it is none any more.
    bool use_code(std::string_view code, TimePoint now);

    /// Whether the request comes from a browser that was let in, with the page's token if it is to
    /// change anything.
    [[nodiscard]] bool admits(const http::Request& request) const;
    /// The token for changes, for a browser that was let in; empty for others.
    [[nodiscard]] std::string token_for(const http::Request& request) const;
    /// Lets the browser in, and returns that token.
    std::string let_in(const http::Request& request, http::Response& response) const;
    void show_out(const http::Request& request, http::Response& response) const;

  private:
    static constexpr std::size_t max_codes = 16;

    explicit PageEntrance(catalogue::Secrets secrets);
    [[nodiscard]] bool is_good(std::string_view secret) const;

    catalogue::Secrets secrets_;
    http::PageLogin login_;
    std::map<TimePoint, std::string> codes_;  ///< by the time at which they end
};

}  // namespace shoal::node

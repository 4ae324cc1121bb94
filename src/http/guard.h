// What stands between a server and web pages that are not its own: whom a request is for, where it
// comes from, and what a page of ours may do.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "net/endpoint.h"

namespace shoal::http {

/// Whom requests may be for. A page of a stranger can have its own host name lead to our address
/// (DNS rebinding), and then passes for ours in a browser; but its name stands in the Host header.
class HostCheck {
  public:
    /// Names of this server besides `localhost`, in any case, without ports. Addresses are always
    /// allowed: no name, no rebinding.
    explicit HostCheck(const std::vector<std::string>& names = {});

    /// Whether the request has exactly one Host header and it is one of ours.
    [[nodiscard]] bool allows(const Request& request) const;
    /// For Router::guard: refuses all others with 403.
    bool operator()(const Request& request, Response& response) const;

  private:
    std::set<std::string, std::less<>> names_;
};

/// Whom a request is for: the host in lower case and the port, that of the scheme where none stands
/// there. Nothing when the request has not exactly one Host header, or one that names no host.
std::optional<net::HostPort> requested_host(const Request& request);

/// The token of `Authorization: Bearer …`; empty when there is none, or more than one such header,
/// or it has other characters than tokens have (RFC 6750).
std::string_view bearer_token(const Request& request);

/// The first cookie of a name; empty when there is none.
std::string_view cookie(const Request& request, std::string_view name);

/// Whether it asks for a change: everything but GET, HEAD and OPTIONS.
bool changes_state(const Request& request);
/// Whether a browser says that a page of another origin sent this (Sec-Fetch-Site, Origin).
/// Clients that are no browsers say nothing and are believed: they need a token anyway.
bool is_cross_site(const Request& request);
/// For Router::guard: refuses changes that pages of other origins ask for, with 403.
bool refuse_cross_site(const Request& request, Response& response);

/// For answers that are pages: they run scripts of their own origin only, stand in nobody's frame,
/// tell their address to nobody else, and are taken for nothing else.
void add_page_headers(Response& response);
/// For answers with somebody's data: kept by no cache, taken for nothing else.
void add_data_headers(Response& response);

}  // namespace shoal::http

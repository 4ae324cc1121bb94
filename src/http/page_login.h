// How a browser stays logged in: a cookie that its pages cannot read, and a token, told to pages of
// the server alone, that every change has to carry beside it.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "http/message.h"

namespace shoal::http {

/// Immutable; may be used by many threads.
class PageLogin {
  public:
    /// Browsers share cookies among all ports of a host: the name must be this server's alone.
    /// Letters, digits, '-' and '_'.
    explicit PageLogin(std::string instance);

    /// What the cookie holds; empty without one, and for a change that lacks the token (a page of
    /// another server can have a cookie sent, but cannot know the token).
    [[nodiscard]] std::string_view secret(const Request& request) const;
    /// The cookie alone, whatever is asked for.
    [[nodiscard]] std::string_view cookie_of(const Request& request) const;
    /// The token for a secret. It is derived from it one way.
    [[nodiscard]] static std::string token_of(std::string_view secret);

    /// Has the browser keep the secret, of which the characters must be those of base64url.
    void begin(const Request& request, Response& response, std::string_view secret,
               std::chrono::seconds lifetime) const;
    /// Has it forget the secret.
    void end(const Request& request, Response& response) const;

    /// The header of the token.
    static constexpr std::string_view token_header = "X-Shoal-Token";

  private:
    void set(const Request& request, Response& response, std::string_view value,
             std::chrono::seconds lifetime) const;

    std::string cookie_;
};

}  // namespace shoal::http

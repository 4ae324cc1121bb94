// A REST interface that commands speak to: the one of this machine's peer, or of a group's tracker.
#pragma once
#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "cli/account.h"
#include "http/client.h"

namespace shoal::cli {

/// All calls block.
struct Api {
    std::string url;  ///< http://HOST:PORT
    std::string token;
    std::optional<net::KeyFingerprint> pin;  ///< of the server's key; none: loopback
    bool is_peer = false;                    ///< a peer's: it shares and fetches

    static Api of(const Account& account);

    /// Whatever is answered; see http::request().
    [[nodiscard]] Result<http::ClientResponse> send(http::Method method, std::string_view path,
                                                    const boost::json::value& body = {}) const;
    /// The document of a success; see http::json_of().
    [[nodiscard]] Result<boost::json::value> call(http::Method method, std::string_view path,
                                                  const boost::json::value& body = {}) const;
    [[nodiscard]] Result<boost::json::value> get(std::string_view path) const {
        return call(http::Method::get, path);
    }
    /// Calls for every item of a list, page by page, until one is an error. The path has a query.
    [[nodiscard]] Result<void> for_each(
        const std::string& path,
        const std::function<Result<void>(const boost::json::object&)>& take) const;
};

/// Which interface a subcommand speaks to.
struct ApiOptions {
    std::string api;   ///< --api; empty: the peer that works in the data folder, or the tracker
    std::string data;  ///< --data; empty: the default folder

    void add_to(CLI::App& command);
    [[nodiscard]] std::filesystem::path folder() const;

    /// The peer that works in the data folder, or what --api names.
    /// failed: none does; the message says to start one.
    [[nodiscard]] Result<Api> peer() const;
    /// The same, or else the tracker of the account in the data folder.
    /// not_found: nor is there an account.
    [[nodiscard]] Result<Api> peer_or_tracker() const;
};

/// The address and the token that a peer leaves in its data folder while it works there.
/// not_found: there is no such file. bad_data: a damaged one.
Result<Api> read_api_file(const std::filesystem::path& folder);

// Members of an answer; a server that leaves them out or gives them another type is told apart
// from one that does not by nothing but an empty text, 0 or false.

/// For people: printable.
std::string text_of(const boost::json::object& object, std::string_view name);
std::int64_t number_of(const boost::json::object& object, std::string_view name);
double real_of(const boost::json::object& object, std::string_view name);
bool flag_of(const boost::json::object& object, std::string_view name);

}  // namespace shoal::cli

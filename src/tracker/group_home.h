// The data folder of a group's tracker, and the group that is opened from it:
//
//   catalogue.db   accounts and files by name, unless a database is named
//   secret.key     what passkeys, invitations and set-up links are derived from
//   tls.pem        the key by which peers know the tracker
//   lock           held by the tracker that works here
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "discovery/join_link.h"
#include "disk/file_system.h"
#include "http/tls_identity.h"
#include "tracker/group.h"

namespace shoal::tracker {

struct GroupHomeOptions {
    std::filesystem::path folder;  ///< made when it does not exist, for its owner alone
    std::string database;          ///< URL; empty: SQLite in the folder
    std::size_t least_password = catalogue::default_least_password;  ///< characters
    /// The operator's own; none: the folder's.
    std::optional<http::TlsIdentity> tls;
    /// What is set here goes before what was set last while the tracker ran.
    Settings settings;
    bool allow_plain_login = false;  ///< as in GroupOptions
};

struct GroupLinks {
    std::string join;
    std::optional<std::string> admin;  ///< while there is no administrator
};

class GroupHome {
  public:
    /// Blocks for the disk and the database: before the network starts.
    /// refused: another tracker works in the folder, or no permission. Otherwise as
    /// Catalogue::open() and open_tls_identity().
    static Result<GroupHome> open(const boost::asio::any_io_executor& executor,
                                  const GroupHomeOptions& options);

    /// Takes over everything but the folder and the database. As open_tls_identity(); nothing has
    /// changed then.
    Result<void> change(const GroupHomeOptions& options);

    [[nodiscard]] const std::shared_ptr<Group>& group() const { return group_; }
    [[nodiscard]] const std::shared_ptr<boost::asio::ssl::context>& tls() const {
        return identity_.context;
    }
    [[nodiscard]] const net::KeyFingerprint& fingerprint() const { return identity_.fingerprint; }
    /// The links that let people in at this address; both are secrets. The join link carries the
    /// standing invitation, made when there is none, unless nobody may register. Blocks.
    [[nodiscard]] Result<GroupLinks> links(const net::TcpEndpoint& address) const;

  private:
    GroupHome() = default;

    std::filesystem::path folder_;
    std::shared_ptr<disk::File> lock_;
    http::TlsIdentity identity_;
    std::shared_ptr<Group> group_;
};

}  // namespace shoal::tracker

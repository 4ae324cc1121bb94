#include "tracker/group_home.h"

#include "base/text.h"

namespace shoal::tracker {
namespace {

Result<std::shared_ptr<disk::File>> lock_folder(const std::filesystem::path& path) {
    const auto folder = disk::native_file_system()->open_folder(path, true);
    if (!folder) return std::unexpected(folder.error());
    std::error_code error;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
    if (error) {
        return fail(ErrorCode::refused,
                    "the folder '{}' is not this user's: name another by --data",
                    printable(path.native()));
    }
    auto lock = (*folder)->open("lock", disk::Access::create);
    if (!lock) return lock;
    if (const auto locked = (*lock)->lock(); !locked) {
        return fail(locked.error().code,
                    "another tracker works in '{}': end it, or name another folder by --data",
                    printable(path.native()));
    }
    return lock;
}

Result<http::TlsIdentity> identity_of(const GroupHomeOptions& options,
                                      const std::filesystem::path& folder) {
    if (options.tls) return *options.tls;
    return http::open_tls_identity(folder);
}

}  // namespace

Result<GroupHome> GroupHome::open(const boost::asio::any_io_executor& executor,
                                  const GroupHomeOptions& options) {
    std::error_code error;
    const auto folder = std::filesystem::absolute(options.folder, error);
    if (error) return fail(ErrorCode::failed, "--data: {}", error.message());
    GroupHome home;
    auto lock = lock_folder(folder);
    if (!lock) return std::unexpected(lock.error());
    home.lock_ = std::move(*lock);
    home.folder_ = folder;
    auto identity = identity_of(options, folder);
    if (!identity) return std::unexpected(identity.error());
    home.identity_ = std::move(*identity);
    auto catalogue = catalogue::Catalogue::open(
        executor, {.database_url = options.database.empty()
                                       ? "sqlite3://" + (folder / "catalogue.db").native()
                                       : options.database,
                   .key_file = folder / "secret.key",
                   .least_password = options.least_password});
    if (!catalogue) return std::unexpected(catalogue.error());
    const auto kept = (*catalogue)->settings().all();
    if (!kept) return std::unexpected(kept.error());
    GroupOptions group{.allow_plain_login = options.allow_plain_login};
    group.apply(settings_of(*kept));
    group.apply(options.settings);
    home.group_ = std::make_shared<Group>(executor, std::move(*catalogue), group);
    home.group_->set_fingerprint(home.identity_.fingerprint);
    if (const auto loaded = home.group_->load(); !loaded) return std::unexpected(loaded.error());
    return home;
}

Result<void> GroupHome::change(const GroupHomeOptions& options) {
    auto identity = identity_of(options, folder_);
    if (!identity) return std::unexpected(identity.error());
    identity_ = std::move(*identity);
    group_->set_fingerprint(identity_.fingerprint);
    group_->catalogue().accounts().set_least_password(options.least_password);
    group_->set_plain_login(options.allow_plain_login);
    group_->change(options.settings);
    return {};
}

Result<GroupLinks> GroupHome::links(const net::TcpEndpoint& address) const {
    discovery::JoinLink link{.host = address.address().to_string(),
                             .port = address.port(),
                             .fingerprint = identity_.fingerprint};
    GroupLinks links;
    const auto setup = group_->catalogue().accounts().setup_code();
    if (!setup) return std::unexpected(setup.error());
    if (*setup) {
        link.setup = **setup;
        links.admin = link.to_string();
        link.setup.reset();
    }
    if (group_->options().registration != Registration::closed) {
        const auto invitation = group_->catalogue().accounts().standing_invitation();
        if (!invitation) return std::unexpected(invitation.error());
        link.invitation = group_->catalogue().accounts().code_of(*invitation);
    }
    links.join = link.to_string();
    return links;
}

}  // namespace shoal::tracker

// Sharing content that the user has already.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/session.h"
#include "engine/transfer.h"
#include "metainfo/metainfo.h"

namespace shoal::engine {

struct SeedingOptions {
    metainfo::Metainfo torrent;
    std::filesystem::path path;         ///< the content, or the folder that holds it
    std::vector<std::string> trackers;  ///< besides the torrent's own
    std::vector<net::TcpEndpoint> peers;
    std::vector<bool> wanted{};  ///< by file: these alone are there; empty: all
    ByteCount max_down = 0;      ///< bytes a second, besides those of the session; 0: no limit
    ByteCount max_up = 0;
    bool partial = false;  ///< serve what verifies, even if it is not everything
    /// The caller knows that the content is as it was when it was verified: it is not read again,
    /// only its files' sizes are looked at.
    bool verified = false;
    bool members_only = false;  ///< see TransferOptions
};

/// Called on the session's thread, never from within a function of the seeding.
struct SeedingCallbacks {
    /// The content is verified, and peers are served from now on.
    std::function<void()> on_ready;
    /// not_found, bad_data (missing, damaged, without `partial`), failed (disk).
    std::function<void(Error)> on_error;
};

/// Lives on the session's thread. Verifies all content before it serves any of it.
class Seeding {
  public:
    Seeding(Session& session, SeedingOptions options, SeedingCallbacks callbacks);
    ~Seeding();
    Seeding(const Seeding&) = delete;
    Seeding& operator=(const Seeding&) = delete;

    void start();
    /// Tells the trackers, then calls done.
    void stop(std::function<void()> done);

    [[nodiscard]] bool ready() const { return transfer_ != nullptr; }
    /// Pieces that are served; null before it is ready.
    [[nodiscard]] const Bitfield* have() const { return transfer_ ? &transfer_->have() : nullptr; }
    /// From now on; see the options.
    void set_limits(ByteCount max_down, ByteCount max_up);
    [[nodiscard]] TransferStatus status() const;
    /// For looking at; null before it is ready.
    [[nodiscard]] const Transfer* transfer() const { return transfer_.get(); }
    [[nodiscard]] const std::string& name() const { return options_.torrent.info->name(); }

  private:
    [[nodiscard]] Bitfield required() const;
    void check(std::shared_ptr<disk::Storage> storage);
    void serve(std::shared_ptr<disk::Storage> storage, Bitfield good);
    template <class Handler>
    auto while_alive(Handler handler);

    Session& session_;
    SeedingOptions options_;
    SeedingCallbacks callbacks_;
    std::unique_ptr<Transfer> transfer_;
    std::stop_source stop_check_;
    bool stopping_ = false;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace shoal::engine

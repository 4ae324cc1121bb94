// One download: from a torrent or magnet link to content that stands whole under its own name.
#pragma once
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "disk/workspace.h"
#include "engine/session.h"
#include "engine/source.h"
#include "engine/transfer.h"
#include "metainfo/metainfo.h"

namespace shoal::engine {

struct DownloadOptions {
    Source source;
    std::filesystem::path directory;  ///< where the file or folder is put
    std::string name;                 ///< that it is given there; empty: the torrent's own
    std::vector<std::string> files;   ///< patterns of the files to fetch; none: all
    std::vector<bool> wanted;  ///< by file of the torrent, in the place of patterns; empty: none
    std::vector<std::string> trackers;    ///< besides the torrent's own
    std::vector<net::TcpEndpoint> peers;  ///< besides those that trackers name
    ByteCount max_down = 0;               ///< bytes a second, besides the session's; 0: no limit
    ByteCount max_up = 0;
    bool single_source = false;
    bool only_these_peers = false;  ///< see TransferOptions
    bool members_only = false;      ///< likewise
    /// What stands in its place is the content as far as it was wanted before: it is taken from
    /// there, and put back once all that is wanted now is there.
    bool take_back = false;
    bool seed = false;  ///< goes on serving once it is complete
};

struct DownloadStatus {
    enum class Stage : std::uint8_t { opening, metadata, checking, transferring, complete };
    Stage stage = Stage::opening;
    double checked = 0;  ///< while checking: how much of it is done, 0 to 1
    TransferStatus transfer;
};

/// Called on the session's thread, never from within a function of the download.
struct DownloadCallbacks {
    /// Every byte is verified, written, safe from a power cut and in its place. `bytes`: of the
    /// files that were asked for.
    std::function<void(ByteCount bytes)> on_complete;
    /// It cannot go on; what is good is kept, and a later download takes up there.
    std::function<void(Error)> on_error;
};

/// Lives on the session's thread.
class Download {
  public:
    Download(Session& session, DownloadOptions options, DownloadCallbacks callbacks);
    ~Download();
    Download(const Download&) = delete;
    Download& operator=(const Download&) = delete;

    void start();
    /// Ends the transfer, saves what is reached, and calls done with what became of that.
    void stop(std::function<void(Result<void>)> done);

    /// From now on; see the options.
    void set_limits(ByteCount max_down, ByteCount max_up);

    [[nodiscard]] DownloadStatus status() const;
    [[nodiscard]] std::string name() const;  ///< of the content; the hash while it is unknown
    /// Pieces verified and written; null while that is not known yet.
    [[nodiscard]] const Bitfield* have() const;
    /// The content's description; null while it is not known yet.
    [[nodiscard]] const std::shared_ptr<const metainfo::Info>& info() const { return info_; }
    /// By file; empty while the description is not known.
    [[nodiscard]] const std::vector<bool>& wanted_files() const { return wanted_files_; }
    /// For looking at; null while there is none.
    [[nodiscard]] const Transfer* transfer() const { return transfer_.get(); }
    /// Up to `limit` pieces that are missing here and at all peers.
    [[nodiscard]] std::vector<PieceIndex> unavailable(std::size_t limit) const;

  private:
    using Stage = DownloadStatus::Stage;

    template <class Handler>
    auto while_alive(Handler handler);
    template <class T, class Work, class Then>
    void on_disk(Work work, Then then);
    void fail_with(Error error);
    void end_when_idle();

    void open_workspace();
    void find_metadata();
    void on_metadata(ByteVector info);
    void on_info(std::shared_ptr<const metainfo::Info> info);
    Result<std::vector<bool>> choose_files() const;
    void prepare(disk::Standing standing);
    void recover(std::shared_ptr<disk::Storage> storage);
    void check_existing();
    void on_existing_checked(const Bitfield& required, Result<Bitfield> good);
    [[nodiscard]] bool sizes_match() const;
    /// What stands in the content's place is not the content.
    [[nodiscard]] Error something_else() const;
    /// The name of the content in its directory.
    [[nodiscard]] const std::string& target() const;
    void transfer_from(Bitfield have);
    void seed_only(Bitfield have);
    void save_later();
    void publish();
    void on_published();
    void report_complete();
    Transfer& make_transfer();
    [[nodiscard]] disk::Progress progress(bool clean) const;

    Session& session_;
    DownloadOptions options_;
    DownloadCallbacks callbacks_;
    InfoHash info_hash_;
    metainfo::TrackerTiers tiers_;
    Stage stage_ = Stage::opening;

    std::shared_ptr<disk::Workspace> workspace_;
    std::shared_ptr<const metainfo::Info> info_;
    std::shared_ptr<disk::Storage> storage_;
    std::vector<bool> wanted_files_;
    std::unique_ptr<Transfer> transfer_;
    boost::asio::steady_timer save_timer_;
    std::stop_source stop_check_;
    std::size_t to_check_ = 0;
    std::size_t checked_ = 0;
    std::size_t saved_pieces_ = 0;
    ByteCount earlier_downloaded_ = 0;  ///< in earlier runs
    ByteCount earlier_uploaded_ = 0;
    std::size_t on_disk_ = 0;  ///< pieces of work of the disk that are under way
    bool stopping_ = false;
    std::function<void()> when_idle_;  ///< ends the stop, once the disk has nothing more to do
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace shoal::engine

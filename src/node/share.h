// One item at work: hashed, seeded or downloaded by the engine, and looked after on the disk.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/download.h"
#include "engine/seeding.h"
#include "engine/session.h"
#include "node/content.h"
#include "node/home.h"
#include "node/item.h"
#include "node/item_store.h"
#include "node/speed_history.h"

namespace shoal::node {

class Share;

/// What all shares of a daemon work with; outlives them.
struct Workshop {
    engine::Session& session;
    const Home& home;
    const ItemStore& store;
    boost::asio::thread_pool& hashing;  ///< one thread: contents are hashed one after the other
    std::function<void(const Share&)> changed;  ///< what it does is another thing than before
};

enum class ShareState : std::uint8_t {
    queued,    ///< waits for its turn, or for the tracker
    hashing,   ///< content becomes a torrent
    checking,  ///< content that is there is hashed against its torrent
    metadata,  ///< peers are asked what a magnet link stands for
    fetching,
    sharing,  ///< whole, and served
    paused,
    stopped,
    missing,  ///< the content is not there any more
    changed,  ///< the content is not what the torrent says
    failed,   ///< see the message
};
std::string_view state_name(ShareState state);

struct ShareStatus {
    ShareState state = ShareState::queued;
    std::string message;   ///< what is wrong, or what it waits for; may be empty
    ByteCount size = 0;    ///< of the content; 0 while unknown
    ByteCount wanted = 0;  ///< of the files that are wanted
    std::uint32_t pieces = 0;
    double progress = 0;  ///< of hashing, checking or fetching: 0 to 1
    engine::TransferStatus transfer;
    ByteCount downloaded = 0;  ///< payload bytes in all runs
    ByteCount uploaded = 0;
};

/// Lives on the session's thread, held by a shared_ptr.
class Share : public std::enable_shared_from_this<Share> {
  public:
    /// info: none while it is not known.
    Share(Workshop& workshop, Item item, std::shared_ptr<const metainfo::Info> info);
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    [[nodiscard]] const Item& item() const { return item_; }
    [[nodiscard]] ShareState state() const { return state_; }
    [[nodiscard]] TimePoint state_since() const { return state_since_; }
    [[nodiscard]] ShareStatus status() const;
    [[nodiscard]] const std::shared_ptr<const metainfo::Info>& info() const { return info_; }
    /// Pieces that are here; null while that is not known.
    [[nodiscard]] const Bitfield* have() const;
    /// Likewise, as far as is known at any time: also while it rests, or is being checked.
    [[nodiscard]] Bitfield pieces_here() const;
    /// By file; empty while the torrent is not known.
    [[nodiscard]] std::vector<bool> wanted_files() const;
    /// What goes on with peers; null while nothing does.
    [[nodiscard]] const engine::Transfer* transfer() const;
    /// Why it failed; nothing unless it did.
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }
    /// Whether it takes one of the places of downloads that go on at once.
    [[nodiscard]] bool is_downloading() const { return download_ && !item_.complete; }
    /// Whether start() would begin a download.
    [[nodiscard]] bool wants_download() const { return item_.from_peers() && !item_.complete; }
    /// Whether anything is under way for it, even if only its end.
    [[nodiscard]] bool is_active() const {
        return seeding_ || download_ || hash_ || opening_ || halting_;
    }
    /// Whether it speaks to trackers and peers, or is about to.
    [[nodiscard]] bool is_served() const { return seeding_ || download_ || opening_; }
    /// It was ended: nothing is under way, nor will be.
    [[nodiscard]] bool is_over() const { return over_; }

    [[nodiscard]] const SpeedHistory& speeds() const { return speeds_; }
    /// Once a second: notes how fast it moves, and tells it.
    SpeedHistory::Sample note_speed();
    /// Bytes a second; 0: no limit. done: as of save().
    void set_limits(ByteCount max_down, ByteCount max_up, std::function<void(Result<void>)> done);

    /// Those that a download calls first.
    void suggest(std::vector<net::TcpEndpoint> peers) { peers_ = std::move(peers); }
    /// Goes to work if it is not at it and is to run. announce: the group's address, with the
    /// passkey; none outside the group.
    void start(const std::optional<std::string>& announce);
    /// Ends what is under way, keeps its progress and totals; calls done once that is safe. What
    /// is halted already calls all who wait at the same time.
    void halt(std::function<void()> done);
    /// The same, for good.
    void end(std::function<void()> done);
    /// The same, and then as the user wants it from now on.
    void set_intent(Intent intent, std::function<void()> done);
    /// Whether other files may be wanted of it. refused: all of it is here or being made known;
    /// usage: none would be wanted, or too many ranges of them.
    [[nodiscard]] Result<void> check_choice(const std::vector<bool>& wanted) const;
    /// Goes on with these files, once what is under way has ended. What was complete with fewer of
    /// them is to be fetched again.
    void choose(const std::vector<bool>& wanted, std::function<void()> done);
    /// Content of a publication that is to be hashed anew, at this path.
    void renew(std::filesystem::path path, std::uint32_t piece_length, std::function<void()> done);
    /// Waits with this message.
    void wait_for(std::string message);

    /// Looks whether the content is still what was verified, and acts on it.
    boost::asio::awaitable<void> check_content();
    /// Tries again what failed a while ago.
    void tick(TimePoint now);
    /// Writes the record; done is called with what became of that.
    void save(std::function<void(Result<void>)> done = [](const Result<void>&) {});

  private:
    void hash();
    boost::asio::awaitable<void> hash_now(std::shared_ptr<HashProgress> progress);
    boost::asio::awaitable<Result<void>> make_torrent(std::shared_ptr<HashProgress> progress);
    void seed();
    boost::asio::awaitable<void> seed_now();
    void serve(bool verified);
    void download();
    void on_complete();
    void on_halted();
    boost::asio::awaitable<void> note_stamp();
    /// The stamp of the content as it is now, taken on a thread of the disk.
    boost::asio::awaitable<Result<Sha1Digest>> look();
    void learn_metadata();
    void note_totals();
    void note_wanted();
    void note_progress();
    void enter(ShareState state, std::string message = {});
    void fail_with(Error error);
    [[nodiscard]] ShareState idle_state() const;
    [[nodiscard]] ShareStatus transfer_status() const;
    void write_record();

    Workshop& workshop_;
    Item item_;
    std::shared_ptr<const metainfo::Info> info_;
    ShareState state_ = ShareState::queued;
    TimePoint state_since_ = Clock::now();
    std::string message_;
    std::optional<Error> error_;
    std::optional<TimePoint> retry_;
    std::optional<std::string> announce_;
    std::vector<net::TcpEndpoint> peers_;  ///< to be called first

    std::shared_ptr<HashProgress> hash_;  ///< while it is being hashed
    ByteCount hash_size_ = 0;             ///< bytes to hash
    std::uint32_t hash_pieces_ = 0;
    std::unique_ptr<engine::Seeding> seeding_;
    std::unique_ptr<engine::Download> download_;
    SpeedHistory speeds_;
    ByteCount wanted_size_ = 0;  ///< bytes of the files that are wanted
    Bitfield kept_;              ///< pieces of an unfinished download when it ended last
    ByteCount kept_bytes_ = 0;   ///< of these, in pieces that are wanted
    ByteCount kept_total_ = 0;   ///< in all pieces that are wanted
    bool opening_ = false;       ///< its stamp is looked at before it is served
    std::uint64_t run_ = 0;  ///< counts the starts and halts: what belongs to a former one is over
    bool halting_ = false;
    bool over_ = false;
    std::vector<std::function<void()>> to_halt_;  ///< who waits for the end of what is under way
    std::optional<Error> halted_by_;              ///< the failure that is the reason, if one is
    std::optional<Sha1Digest> refused_stamp_;  ///< of content that was hashed and is not the right

    std::shared_ptr<const metainfo::Info> unsaved_;  ///< the torrent, while it is to be written
    bool saving_ = false;
    std::vector<std::function<void(Result<void>)>> to_save_;  ///< for the next record
};

}  // namespace shoal::node

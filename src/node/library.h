// All that a peer shares and fetches: which items there are, which of them are at work, and what is
// refused.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/session.h"
#include "node/home.h"
#include "node/item_store.h"
#include "node/piece_reports.h"
#include "node/share.h"

namespace shoal::node {

struct NewPublication {
    std::filesystem::path path;
    std::string name;                ///< empty: that of the file or folder
    std::uint32_t piece_length = 0;  ///< bytes; 0: chosen by size
    bool replace = false;            ///< a new version of what is published under the name
    bool watched = false;
};

struct NewDownload {
    Item item;                                   ///< its id is given by the library
    std::shared_ptr<const metainfo::Info> info;  ///< none for a magnet link
    std::vector<net::TcpEndpoint> peers;         ///< to be called first
};

/// Lives on the session's thread. Coroutines run on it, too.
class Library {
  public:
    static constexpr std::size_t max_items = 10'000;

    struct Options {
        std::size_t downloads_at_once = 5;  ///< others wait for their turn
        /// An item was added, does another thing than before, or was removed.
        std::function<void(std::int64_t id)> on_change = [](std::int64_t) {};
    };

    /// All must outlive it; the store also the session, whose threads write into it.
    Library(engine::Session& session, const Home& home, const ItemStore& store, Options options);
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    /// Takes up what was there before. Blocks for the disk; once, before any other use.
    Result<void> load();
    /// The address, with the passkey, that items of the group are announced to; none: they rest,
    /// with these words.
    void set_group(std::optional<std::string> announce, std::string waiting_for);
    /// The tracker has the torrent, so that it may be announced. What was fetched is known anyway.
    void set_known(const InfoHash& info_hash);

    /// By id.
    [[nodiscard]] const std::map<std::int64_t, std::shared_ptr<Share>>& shares() const {
        return shares_;
    }
    [[nodiscard]] std::shared_ptr<Share> find(std::int64_t id) const;
    /// The item of the group under a name.
    [[nodiscard]] std::shared_ptr<Share> named(std::string_view name) const;
    [[nodiscard]] std::shared_ptr<Share> with_info_hash(const InfoHash& info_hash) const;

    /// Begins to hash what will then be shared. usage: a name that is none. not_found: nothing is
    /// at the path. refused: the name or the path is taken, the path is the data folder's, or there
    /// are too many items.
    boost::asio::awaitable<Result<std::shared_ptr<Share>>> publish(NewPublication publication);
    /// Takes up a download, or the seeding of content that a torrent describes. refused: the name,
    /// path or torrent is taken.
    boost::asio::awaitable<Result<std::shared_ptr<Share>>> add(NewDownload download);
    /// Returns once what was under way has ended.
    boost::asio::awaitable<void> set_intent(std::shared_ptr<Share> share, Intent intent);
    /// Bytes a second; 0: no limit. Returns once the record has them, or why it does not.
    boost::asio::awaitable<Result<void>> set_limits(std::shared_ptr<Share> share,
                                                    ByteCount max_down, ByteCount max_up);
    /// Fetches these files from now on, by number. Errors: as Share::check_choice().
    boost::asio::awaitable<Result<void>> choose_files(std::shared_ptr<Share> share,
                                                      std::vector<bool> wanted);
    /// Forgets the item. What is still in the shared folder is stopped instead, or it would be
    /// found there again. not_found: somebody else removes it just now.
    boost::asio::awaitable<Result<void>> remove(std::shared_ptr<Share> share);
    /// Forgets the item wherever its content is, and deletes that if `with_content`. refused: the
    /// content is another item's, too, or is not known yet. failed: it cannot be deleted; it is
    /// forgotten all the same. not_found: as remove().
    boost::asio::awaitable<Result<void>> forget(std::shared_ptr<Share> share, bool with_content);

    /// Of the torrents of the group that are at work here.
    [[nodiscard]] std::vector<Holding> holdings() const;
    /// Looks after the queue; about once a second.
    void tick(TimePoint now);
    /// Halts everything and keeps its progress; done is called when that is safe.
    void stop(std::function<void()> done);
    /// Halts what speaks to trackers and peers, and starts it again after the action.
    void pause_for(std::function<void()> action);

  private:
    [[nodiscard]] Result<void> check_new(const Item& item) const;
    [[nodiscard]] Result<void> check_deletion(const Share& share) const;
    /// Whether another item has the torrent, too.
    [[nodiscard]] bool is_shared_torrent(const Share& share, const InfoHash& info_hash) const;
    boost::asio::awaitable<Result<std::shared_ptr<Share>>> insert(std::shared_ptr<Share> share);
    boost::asio::awaitable<Result<std::shared_ptr<Share>>> replace(std::shared_ptr<Share> share,
                                                                   NewPublication publication);
    void start(Share& share);
    boost::asio::awaitable<void> watch_contents();
    /// False when the library has stopped.
    boost::asio::awaitable<bool> sleep(Duration duration);

    engine::Session& session_;
    const Home& home_;
    Options options_;
    const ItemStore& store_;
    boost::asio::thread_pool hashing_{1};
    Workshop workshop_;
    std::map<std::int64_t, std::shared_ptr<Share>> shares_;
    std::int64_t next_id_ = 1;
    std::optional<std::string> announce_;
    std::string waiting_for_;
    std::set<InfoHash> known_;  ///< to the tracker, of what is published here
    boost::asio::steady_timer timer_;
    bool stopping_ = false;
};

}  // namespace shoal::node

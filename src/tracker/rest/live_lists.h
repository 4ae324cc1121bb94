// The lists of the page that change too often to tell each change by itself: told together, about
// once a second, to those who look at one. Inside src/tracker only.
#pragma once
#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/event_stream.h"
#include "tracker/rest/rest.h"

namespace shoal::tracker::rest {

enum class List : std::uint8_t {
    swarms,  ///< event `swarms`: who comes and goes in each, new ones, and those that have gone
    files,   ///< event `holders`: how many have a torrent of the group
    peers,   ///< event `peers`: who has come besides daemons, which have an event of their own
};
inline constexpr std::size_t list_count = 3;

std::optional<List> parse_list(std::string_view name);
/// The audience of a list's events.
std::string audience_of(List list);

/// Lives on the executor. While nobody looks at a list, nothing is done or kept for it; it is still
/// watched for a minute after that, so that whoever is back by then goes on from their last event.
class LiveLists : public std::enable_shared_from_this<LiveLists> {
  public:
    /// The group is null where the tracker is open: it has swarms alone.
    LiveLists(boost::asio::any_io_executor executor, GroupPtr group,
              std::shared_ptr<Tracker> tracker, EventsPtr events);

    /// Somebody is about to listen: what changes from now on is told. To be called right before
    /// the stream begins. Whoever comes back to a list that was not watched meanwhile is told that
    /// it has to be fetched anew.
    void watch(List list, TimePoint now);
    /// To be called about once a second.
    void tick(TimePoint now);

  private:
    struct State {
        bool watched = false;
        bool telling = false;  ///< names are being looked up
        TimePoint until;       ///< nobody may listen for so long
    };

    State& state_of(List list) { return states_[static_cast<std::size_t>(list)]; }
    void begin(List list);
    void tell(List list);
    void publish(List list, boost::json::object news);
    void publish(const SwarmChanges& changes, const SwarmNames& names);
    void tell_swarms();
    void tell_holders();
    void tell_peers();
    static boost::asio::awaitable<void> name_swarms(std::shared_ptr<LiveLists> self,
                                                    SwarmChanges changes);
    static boost::asio::awaitable<void> name_peers(std::shared_ptr<LiveLists> self,
                                                   std::vector<PresentPeer> peers);

    boost::asio::any_io_executor executor_;
    GroupPtr group_;
    std::shared_ptr<Tracker> tracker_;
    EventsPtr events_;
    std::array<State, list_count> states_;
};

}  // namespace shoal::tracker::rest

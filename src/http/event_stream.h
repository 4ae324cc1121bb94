// Server-sent events: what happens, told to everybody who listens and may know it, without gaps.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/message.h"

namespace shoal::http {

struct Event {
    std::uint64_t number = 0;
    std::string type;      ///< such as "publication"
    std::string data;      ///< a JSON document
    std::string audience;  ///< whom it is for, in the words of those who publish and filter
};

/// What a display shows as it is now. Those who listen to it are told its last state alone, however
/// slow they are; it has no id and no past.
struct LiveDocument {
    std::string type;  ///< of its events
    std::string data;  ///< a JSON document
    std::uint64_t version = 0;
};

struct EventLimits {
    std::size_t kept_events = 1024;  ///< from which a client that was away goes on
    std::size_t kept_bytes = 1 << 20;
    std::size_t streams = 256;
    std::size_t streams_per_owner = 8;
    Duration keep_alive = 15s;
};

/// The last events, and the streams that tell them. An event's id is `EPOCH-NUMBER`: the epoch
/// tells one run of the program from the next, numbers increase by one.
///
/// Clients hold no queue of their own here: each reads the events kept at its own pace. A client
/// for which events are lost, because it is too slow, was away too long or knows another epoch, is
/// sent an event `reset`: it has to fetch afresh what it shows, and then hears all that follows.
///
/// Not thread-safe; everything happens on the executor, the server's. Destroying it ends all
/// streams.
class EventHub {
  public:
    /// Who listens. The filter is asked for every event, right before it is sent.
    struct Listener {
        std::string owner;  ///< by whom streams are counted and ended; those without a name are not
        std::function<bool(const Event&)> may_see;  ///< empty: sees everything
        std::shared_ptr<const LiveDocument> live;   ///< told besides; let go of with the stream
    };

    explicit EventHub(boost::asio::any_io_executor executor, EventLimits limits = {});
    ~EventHub();
    EventHub(const EventHub&) = delete;
    EventHub& operator=(const EventHub&) = delete;

    /// The type is a word of the program's own, without line breaks.
    void publish(std::string type, const boost::json::value& data, std::string audience = {});

    /// Gives a document another state, and tells it to those who listen to it.
    void show(LiveDocument& document, std::string data);

    /// Turns the response into a stream. It begins after the event that the header Last-Event-ID
    /// names, otherwise with what happens from now on. 503 or 429 when there are too many streams.
    void serve(const Request& request, Response& response, Listener listener = {});

    /// Ends an owner's streams, for example because he may see nothing any more.
    void end_streams_of(std::string_view owner);
    /// Whether somebody would be told of such an event now: what nobody hears need not be made.
    [[nodiscard]] bool is_heard(const Event& event) const;
    [[nodiscard]] std::size_t streams() const;

  private:
    class Core;
    class Stream;
    std::shared_ptr<Core> core_;
};

}  // namespace shoal::http

// Server-sent events as a client reads them, part by part. No I/O.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace shoal::http {

struct ReceivedEvent {
    std::string type;  ///< as the server calls it
    std::string data;
};

/// Not thread-safe.
class EventParser {
  public:
    static constexpr std::size_t max_event = 256 * 1024;  ///< bytes of a line, and of an event

    /// last_id: where a former connection ended; empty: there was none.
    explicit EventParser(std::string last_id = {}) : last_id_(std::move(last_id)) {}

    /// Calls on_event for each event that is whole with this part. bad_data: too large an event.
    Result<void> feed(std::string_view part,
                      const std::function<void(const ReceivedEvent&)>& on_event);

    /// The id to go on from; empty before one came.
    [[nodiscard]] const std::string& last_id() const { return last_id_; }

  private:
    Result<void> take_line(std::string_view line);

    std::string line_;  ///< the beginning of one
    ReceivedEvent event_;
    bool has_data_ = false;
    std::string last_id_;
};

}  // namespace shoal::http

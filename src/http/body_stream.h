// A response's body that is made while it is sent, and may have no end.
#pragma once
#include <functional>
#include <string>

namespace shoal::http {

/// Lives on the server's executor. Destroyed when the client is gone.
class BodyStream {
  public:
    virtual ~BodyStream() = default;

    /// Appends what is to be sent now, some 64 KiB at most; nothing when there is nothing yet.
    /// Called again when that is sent, and after `ready`. False: that was the end.
    virtual bool pull(std::string& out) = 0;

    /// Sets whom to tell that there is something to pull. It may destroy this object, so it is
    /// called from none of its functions.
    virtual void on_ready(std::function<void()> ready) = 0;
};

}  // namespace shoal::http

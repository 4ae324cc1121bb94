// A request that a coroutine is answering, and the answer; inside src/http only.
#pragma once
#include <boost/asio/cancellation_signal.hpp>
#include <exception>
#include <functional>
#include <memory>

#include "base/time.h"
#include "http/request_parser.h"
#include "http/router.h"

namespace shoal::http {

class ConnectionOwner;

/// Shared by the connection and the coroutine: it may outlive either.
struct Exchange {
    std::shared_ptr<ConnectionOwner> owner;  ///< whose router holds the coroutine's function
    RequestData data;
    Request* request = nullptr;  ///< the view of the data
    Response response;
    boost::asio::cancellation_signal cancel;
    TimePoint deadline;
    bool done = false;
};

/// Starts the coroutine. When it has ended, `done` is set and the function called, never from
/// within this call. An exception has then become a problem document.
void run_exchange(const boost::asio::any_io_executor& executor,
                  const std::shared_ptr<Exchange>& exchange, const CoroutineHandler& handler,
                  std::function<void(const std::shared_ptr<Exchange>&)> ended);

}  // namespace shoal::http

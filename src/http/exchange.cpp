#include "http/exchange.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

namespace shoal::http {
namespace {

namespace asio = boost::asio;

/// What an exception that left a coroutine says of itself.
std::string words_of(const std::exception_ptr& bug) {
    try {
        std::rethrow_exception(bug);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an exception without words";
    }
}

asio::awaitable<void> run(std::shared_ptr<Exchange> exchange, const CoroutineHandler* handler) {
    // The first step, too, is taken by the executor and not by whoever starts it.
    co_await asio::post(asio::use_awaitable);
    co_await (*handler)(*exchange->request, exchange->response);
}

}  // namespace

void run_exchange(const asio::any_io_executor& executor, const std::shared_ptr<Exchange>& exchange,
                  const CoroutineHandler& handler,
                  std::function<void(const std::shared_ptr<Exchange>&)> ended) {
    auto after = [exchange, ended = std::move(ended)](const std::exception_ptr& bug) {
        if (bug) send_bug(exchange->response, words_of(bug));
        exchange->done = true;
        ended(exchange);
    };
    asio::co_spawn(executor, run(exchange, &handler),
                   asio::bind_cancellation_slot(exchange->cancel.slot(), std::move(after)));
}

}  // namespace shoal::http

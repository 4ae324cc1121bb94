// Waiting in a coroutine for a function that runs elsewhere, such as in a pool of threads.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace shoal::http {

/// Runs the function on another executor and comes back to the coroutine's own with what it
/// returns or throws. The function is not stopped when the coroutine is cancelled meanwhile, so
/// everything it uses must be its own or shared; the threads it runs on have to end before the
/// context that it comes back to is destroyed.
template <class Function>
boost::asio::awaitable<std::invoke_result_t<Function>> offload(
    boost::asio::any_io_executor elsewhere, Function function) {
    namespace asio = boost::asio;
    using Value = std::invoke_result_t<Function>;
    static_assert(!std::is_void_v<Value>, "return what became of it");
    std::optional<Value> value;
    std::exception_ptr bug;
    const auto work = [&](auto handler) {
        auto home = asio::prefer(asio::get_associated_executor(handler),
                                 asio::execution::outstanding_work.tracked);
        asio::post(elsewhere, [&value, &bug, &function, home = std::move(home),
                               handler = std::move(handler)]() mutable {
            try {
                value.emplace(function());
            } catch (...) {
                bug = std::current_exception();
            }
            asio::post(home, std::move(handler));
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(work, asio::use_awaitable);
    if (bug) std::rethrow_exception(bug);
    co_return std::move(*value);
}

}  // namespace shoal::http

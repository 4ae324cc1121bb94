// Which handler answers which method and path.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "http/message.h"

namespace shoal::http {

/// Runs on the server's thread and must not block. What it leaves in the response is sent when it
/// returns.
using Handler = std::function<void(const Request&, Response&)>;

/// The same for what takes longer: it may wait (see offload.h), and must always come back to the
/// server's executor. What it leaves in the response is sent when it ends. Where that takes longer
/// than Limits::handler_time, the client is sent 504, the coroutine is cancelled at its next wait,
/// and what it answers is thrown away; so too when the client or the server goes. It may thus end
/// after its Server: what it uses must be its own or shared.
using CoroutineHandler = std::function<boost::asio::awaitable<void>(const Request&, Response&)>;

/// Looks at a request before its handler does. False: it is refused, and the response says why.
using Guard = std::function<bool(const Request&, Response&)>;

class Router {
  public:
    /// A path is compared segment by segment; `{name}` takes one whole segment, whatever it is
    /// ("/users/{name}"). A path without such names goes before one with them, and of several with
    /// them the one added first. HEAD is answered by the handler of GET. The function is a Handler
    /// or a CoroutineHandler.
    template <class Function>
    void add(Method method, std::string path, Function function) {
        using Returned = std::invoke_result_t<Function, const Request&, Response&>;
        if constexpr (std::is_void_v<Returned>) {
            insert(method, std::move(path), Handler(std::move(function)));
        } else {
            static_assert(std::is_same_v<Returned, boost::asio::awaitable<void>>);
            insert(method, std::move(path), CoroutineHandler(std::move(function)));
        }
    }

    /// All routes added later whose path begins so are guarded, after the guards set before.
    void guard(std::string prefix, Guard guard);

    /// Fills in the request's parameters, asks the guards and runs the handler; nothing is returned
    /// then and the response is complete. Where the handler is a coroutine, it is returned instead,
    /// to be run by the caller; it lives as long as the router.
    /// Problem documents: 404 and 405 when there is no handler, 400 for a parameter that is
    /// malformed, 500 when a handler throws.
    const CoroutineHandler* handle(Request& request, Response& response) const;
    /// The same where it can be done at once; false, and nothing has been done: the handler is a
    /// coroutine, or no path without names is this one, or not with this method.
    bool handle_now(const Request& request, Response& response) const;

  private:
    struct Route {
        Method method;
        std::variant<Handler, CoroutineHandler> handler;
        std::vector<Guard> guards;
    };
    struct Pattern {
        std::string path;
        std::vector<std::string> segments;  ///< those of parameters begin with '{'
        std::vector<Route> routes;
    };

    void insert(Method method, std::string path, std::variant<Handler, CoroutineHandler> handler);
    [[nodiscard]] const Pattern* find_pattern(Request& request, Response& response) const;
    static const Route* route_of(const std::vector<Route>& routes, Method method);
    static const CoroutineHandler* run(const Route& route, std::string_view path,
                                       const Request& request, Response& response);

    std::map<std::string, std::vector<Route>, std::less<>> exact_;
    std::vector<Pattern> patterns_;
    std::vector<std::pair<std::string, Guard>> guards_;
};

/// What a client is told of a handler that threw; the words of the exception go to the log alone.
void send_bug(Response& response, std::string_view what);

}  // namespace shoal::http

// Which handler answers which method and path.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace shoal::http {

/// Runs on the server's thread and must not block. What it leaves in the response is sent when it
/// returns.
using Handler = std::function<void(const Request&, Response&)>;

class Router {
  public:
    /// A path is compared as a whole. HEAD is answered by the handler of GET.
    void add(Method method, std::string path, Handler handler);

    /// Calls the handler; a problem document with 404 or 405 when there is none, with 500 when it
    /// throws.
    void handle(const Request& request, Response& response) const;

  private:
    struct Route {
        Method method;
        Handler handler;
    };
    std::map<std::string, std::vector<Route>, std::less<>> routes_;
};

}  // namespace shoal::http

// A request as any client on the Internet may send it: what is read in place, the parser reads,
// too, and finds the same in it.
#include "http/plain_request.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstdint>

#include "http/request_parser.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace shoal;
    static const http::Limits limits;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    http::Request plain_request;
    const auto plain = http::read_plain(bytes, limits, plain_request);
    if (!plain) return 0;
    REQUIRE(plain->size <= bytes.size());

    http::BodyBudget budget(limits.all_bodies_bytes);
    http::RequestData parsed;
    http::RequestParser parser(parsed, limits, budget);
    boost::beast::error_code error;
    const std::size_t taken = parser.put(boost::asio::buffer(bytes.data(), plain->size), error);
    REQUIRE(!error && taken == plain->size && parser.is_done());
    REQUIRE(parser.keep_alive() == plain->keep_alive);
    REQUIRE(parsed.version == plain->version);
    const http::Request& request = parsed.view({}, false);
    REQUIRE(request.method == plain_request.method);
    REQUIRE(request.path == plain_request.path && request.query == plain_request.query);
    REQUIRE(request.body.empty() && !parsed.wants_continue);
    const auto same = [](const http::Header& a, const http::Header& b) {
        return a.name == b.name && a.value == b.value;
    };
    REQUIRE(std::ranges::equal(request.headers, plain_request.headers, same));
    return 0;
}

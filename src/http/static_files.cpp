#include "http/static_files.h"

#include <algorithm>
#include <boost/beast/http/rfc7230.hpp>
#include <fmt/format.h>

#include "http/guard.h"

namespace shoal::http {
namespace {

/// Whether the value of Accept-Encoding names gzip without forbidding it (q=0).
bool takes_gzip(std::string_view header) {
    const boost::beast::http::ext_list codings(
        boost::beast::string_view(header.data(), header.size()));
    return std::any_of(codings.begin(), codings.end(), [](const auto& coding) {
        if (!boost::beast::iequals(coding.first, "gzip")) return false;
        return std::none_of(coding.second.begin(), coding.second.end(), [](const auto& parameter) {
            return boost::beast::iequals(parameter.first, "q") &&
                   parameter.second.find_first_not_of("0.") == boost::beast::string_view::npos;
        });
    });
}

void send_file(const pages::File& file, const Request& request, Response& response) {
    add_page_headers(response);
    const std::string tag = fmt::format("\"{}\"", file.tag);
    response.add_header("ETag", tag);
    response.add_header("Vary", "Accept-Encoding");
    response.add_header("Cache-Control",
                        file.lasting ? "public, max-age=31536000, immutable" : "no-cache");
    if (request.header("If-None-Match").find(tag) != std::string_view::npos) {
        response.status = 304;
        response.content_type = {};
        return;
    }
    response.content_type = file.type;
    if (takes_gzip(request.header("Accept-Encoding"))) {
        response.add_header("Content-Encoding", "gzip");
        response.body = file.gzip;
    } else {
        response.body = file.bytes;
    }
}

}  // namespace

void add_static_file(Router& router, std::string path, const pages::File& file) {
    router.add(Method::get, std::move(path), [&file](const Request& request, Response& response) {
        send_file(file, request, response);
    });
}

void add_static_files(Router& router, std::span<const pages::File> files) {
    for (const pages::File& file : files) add_static_file(router, std::string(file.path), file);
}

}  // namespace shoal::http

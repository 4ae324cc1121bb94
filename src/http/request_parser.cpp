#include "http/request_parser.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

namespace shoal::http {
namespace {

constexpr std::size_t max_fields = 100;

/// A proxy's form of the target, http://host/path, without the part before the path.
std::string_view without_authority(std::string_view target) {
    if (!target.starts_with("http://")) return target;
    const std::size_t path = target.find('/', 7);
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

void RequestData::clear() {
    method = Method::unknown;
    version = 11;
    target_too_long = false;
    no_room = false;
    share.give_back();
    wants_continue = false;
    target.clear();
    body.clear();
    field_text_.clear();
    fields_.clear();
}

void RequestData::add_field(std::string_view name, std::string_view value) {
    field_text_ += name;
    field_text_ += value;
    fields_.push_back({name.size(), value.size()});
}

Request& RequestData::view(const net::TcpEndpoint& remote, bool secure) {
    view_.method = method;
    view_.remote = remote;
    view_.secure = secure;
    view_.parameters.clear();
    const std::string_view whole = without_authority(target);
    const std::size_t question = whole.find('?');
    view_.path = whole.substr(0, question);
    view_.query =
        question == std::string_view::npos ? std::string_view{} : whole.substr(question + 1);
    view_.body = body;
    view_.headers.clear();
    std::string_view rest = field_text_;
    for (const Field& field : fields_) {
        view_.headers.push_back(
            {rest.substr(0, field.name_size), rest.substr(field.name_size, field.value_size)});
        rest.remove_prefix(field.name_size + field.value_size);
    }
    return view_;
}

RequestParser::RequestParser(RequestData& data, const Limits& limits, BodyBudget& budget)
    : data_(data), limits_(limits) {
    data_.clear();
    data_.share = BodyShare(budget);
    eager(true);
    header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    body_limit(limits.body_bytes);
}

void RequestParser::on_request_impl(Method method, string_view /*method_text*/, string_view target,
                                    int version, error_code& error) {
    if (target.size() > limits_.target_bytes) {
        data_.target_too_long = true;
        error = boost::beast::http::error::bad_target;
        return;
    }
    data_.method = method;
    data_.version = version;
    data_.target.assign(target.data(), target.size());
}

void RequestParser::on_field_impl(boost::beast::http::field name, string_view name_text,
                                  string_view value, error_code& error) {
    if (data_.fields() >= max_fields) {
        error = boost::beast::http::error::header_limit;
        return;
    }
    data_.add_field({name_text.data(), name_text.size()}, {value.data(), value.size()});
    if (name == boost::beast::http::field::expect) {
        data_.wants_continue = boost::beast::iequals(value, "100-continue");
    }
}

std::size_t RequestParser::on_body_impl(string_view bytes, error_code& error) {
    if (!data_.share.take(bytes.size())) {
        data_.no_room = true;
        error = boost::beast::http::error::body_limit;
        return 0;
    }
    data_.body.append(bytes.data(), bytes.size());
    return bytes.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t /*left*/, string_view bytes,
                                              error_code& error) {
    return on_body_impl(bytes, error);
}

}  // namespace shoal::http

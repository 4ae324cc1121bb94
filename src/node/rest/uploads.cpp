// Uploads: content that a page sends, because it cannot give a path.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "http/query.h"
#include "node/rest/rest.h"

namespace shoal::node::rest {
namespace {

namespace json = boost::json;
using http::Method;

constexpr http::TextRule file_path_rule{.min_bytes = 0, .max_bytes = 4096};

Result<NewUpload> read_upload(const json::object& body) {
    http::JsonFields fields(body);
    NewUpload upload{.name = fields.text("name"),
                     .files = {},
                     .replace = fields.optional_boolean("replace").value_or(false)};
    const json::array* files = fields.array("files", Uploads::max_files);
    if (fields.error()) return std::unexpected(*fields.error());
    if (!files) return fail(ErrorCode::usage, "'files' is missing");
    for (const json::value& value : *files) {
        const json::object* object = value.if_object();
        if (!object) return fail(ErrorCode::usage, "'files' must hold objects");
        http::JsonFields parts(*object);
        UploadFile file{.path = parts.text("path", file_path_rule),
                        .size = parts.number("size", 0, INT64_MAX)};
        if (parts.error()) return std::unexpected(*parts.error());
        upload.files.push_back(std::move(file));
    }
    return upload;
}

Answer begin_upload(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto body = http::read_json(request, response, {.bytes = 16 << 20});
    if (!body) co_return;
    auto upload = read_upload(*body);
    if (!upload) co_return tell_error(response, upload.error());
    if (!upload->replace && node->library().named(upload->name)) {
        co_return tell_conflict(
            response, {ErrorCode::refused, "this peer shares '" + printable(upload->name) +
                                               "' already: choose another name, or replace it"});
    }
    const auto id = co_await node->uploads().begin(std::move(*upload));
    if (!id) co_return tell_conflict(response, id.error());
    http::send_json(response, 201, {{"id", *id}});
}

void send_refusal(http::Response& response, const UploadRefusal& refusal) {
    tell_conflict(response, refusal.error);
    if (!refusal.expected) return;
    json::value document = json::parse(response.body);
    document.as_object()["expected"] = *refusal.expected;
    response.body = json::serialize(document);
}

Answer take_part(DaemonPtr node, const http::Request& request, http::Response& response) {
    http::Query query;
    if (const auto ok = query.parse(request.query); !ok) co_return tell_error(response, ok.error());
    if (request.header("Content-Type") != "application/octet-stream") {
        co_return http::send_problem(response, 415, "the body has to be application/octet-stream");
    }
    if (request.body.size() > Uploads::max_part) {
        co_return http::send_problem(response, 413, "a part has at most 8 MiB");
    }
    const auto file = parse_number(request.parameter("index"));
    const auto offset = parse_number(query.find("offset").value_or("0"));
    if (!file || *file < 0 || !offset || *offset < 0) {
        co_return tell_error(response, {ErrorCode::usage, "give a file's number, and an 'offset'"});
    }
    const auto written =
        co_await node->uploads().write(request.parameter("upload"), static_cast<std::size_t>(*file),
                                       *offset, std::string(request.body));
    if (!written) co_return send_refusal(response, written.error());
    http::send_nothing(response);
}

/// What there is to be shared anew as what is at a place in the shared folder.
Answer share_upload(DaemonPtr node, std::filesystem::path place, bool replace,
                    http::Response& response) {
    node->expect_shared(place.filename().native());
    std::string name = place.filename().native();
    for (const auto& [id, share] : node->library().shares()) {
        if (share->item().path == place) name = share->item().name;
    }
    NewPublication publication{
        .path = place, .name = std::move(name), .replace = replace, .watched = true};
    const auto share = co_await node->library().publish(std::move(publication));
    if (!share) co_return tell_conflict(response, share.error());
    co_await settle_publication(node, *share);
    const bool ready = node->membership().is_listed((*share)->item());
    http::send_json(response, ready ? 201 : 202, to_json(*node, **share));
}

Answer complete_upload(DaemonPtr node, const http::Request& request, http::Response& response) {
    const std::string& id = request.parameter("upload");
    const NewUpload* upload = node->uploads().find(id);
    const bool replace = upload && upload->replace;
    const auto former = upload ? node->library().named(upload->name) : nullptr;
    if (former && (!replace || former->item().kind != Kind::published)) {
        co_return tell_conflict(
            response, {ErrorCode::refused, "this peer shares '" + printable(upload->name) +
                                               "' already: remove it, or choose another name"});
    }
    auto place = co_await node->uploads().complete(id);
    if (!place) co_return tell_conflict(response, place.error());
    co_await share_upload(node, std::move(*place), replace, response);
}

Answer cancel_upload(DaemonPtr node, const http::Request& request, http::Response& response) {
    const auto cancelled = co_await node->uploads().cancel(request.parameter("upload"));
    if (!cancelled) co_return tell_conflict(response, cancelled.error());
    http::send_nothing(response);
}

}  // namespace

void add_uploads(http::Router& router, const DaemonPtr& node) {
    router.add(Method::post, "/api/v1/uploads", with(node, begin_upload));
    router.add(Method::put, "/api/v1/uploads/{upload}/files/{index}", with(node, take_part));
    router.add(Method::post, "/api/v1/uploads/{upload}/complete", with(node, complete_upload));
    router.add(Method::delete_, "/api/v1/uploads/{upload}", with(node, cancel_upload));
}

}  // namespace shoal::node::rest

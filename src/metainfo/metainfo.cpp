#include "metainfo/metainfo.h"

#include <algorithm>
#include <array>

#include "bencode/writer.h"
#include "metainfo/info_parser.h"

namespace shoal::metainfo {
namespace {

constexpr std::size_t max_url_bytes = 2048;
constexpr std::size_t max_comment_bytes = 16 << 10;

std::string text_at(const bencode::Value& root, std::string_view key) {
    return std::string(root.find_string(key).value_or("").substr(0, max_comment_bytes));
}

TrackerTiers trackers_of(const bencode::Value& root) {
    TrackerTiers tiers;
    std::vector<std::string_view> seen;
    const auto add = [&](std::vector<std::string>& tier, const bencode::Value& value) {
        const auto url = value.string();
        if (!url || !is_tracker_url(*url) || seen.size() >= max_trackers) return;
        if (std::ranges::find(seen, *url) != seen.end()) return;
        seen.push_back(*url);
        tier.emplace_back(*url);
    };
    if (const auto list = root.find("announce-list")) {
        list->for_each([&](bencode::Value urls) {
            std::vector<std::string> tier;
            urls.for_each([&](bencode::Value url) { add(tier, url); });
            if (!tier.empty()) tiers.push_back(std::move(tier));
        });
    }
    const auto announce = root.find("announce");
    if (tiers.empty() && announce) {
        std::vector<std::string> tier;
        add(tier, *announce);
        if (!tier.empty()) tiers.push_back(std::move(tier));
    }
    return tiers;
}

void write_trackers(bencode::Writer& writer, const TrackerTiers& tiers) {
    if (tiers.empty() || tiers.front().empty()) return;
    writer.key("announce").string(tiers.front().front());
    if (tiers.size() == 1 && tiers.front().size() == 1) return;
    writer.key("announce-list").begin_list();
    for (const auto& tier : tiers) {
        writer.begin_list();
        for (const std::string& url : tier) writer.string(url);
        writer.end();
    }
    writer.end();
}

}  // namespace

Result<Metainfo> Metainfo::parse(Bytes torrent) {
    return parse(ByteVector(torrent.begin(), torrent.end()));
}

Result<Metainfo> Metainfo::parse(ByteVector torrent) {
    Info info;
    info.storage_ = std::move(torrent);
    Metainfo metainfo;
    {
        const auto document = parse_document(info.storage_);
        if (!document) return std::unexpected(document.error());
        const bencode::Value root = document->root();
        const auto value = root.find("info");
        if (!value) return fail(ErrorCode::bad_data, "not a torrent: it has no info");
        if (auto ok = InfoParser(info).run(*value); !ok) return std::unexpected(ok.error());
        if (info.has_v2()) {
            if (auto ok = info.take_layers(root.find("piece layers")); !ok) {
                return std::unexpected(ok.error());
            }
        }
        metainfo.trackers = trackers_of(root);
        metainfo.comment = text_at(root, "comment");
        metainfo.created_by = text_at(root, "created by");
        metainfo.creation_date = root.find_integer("creation date");
    }
    metainfo.info = std::make_shared<const Info>(std::move(info));
    return metainfo;
}

std::string Metainfo::encode() const {
    bencode::Writer writer;
    writer.begin_dictionary();
    write_trackers(writer, trackers);
    if (!comment.empty()) writer.key("comment").string(comment);
    if (!created_by.empty()) writer.key("created by").string(created_by);
    if (creation_date) writer.key("creation date").integer(*creation_date);
    writer.key("info").raw(info->encoded());
    if (info->has_v2() && info->has_layers()) {
        writer.key("piece layers").raw(bytes_of(info->encode_layers()));
    }
    return writer.end().finish();
}

bool is_tracker_url(std::string_view text) {
    if (text.size() > max_url_bytes) return false;
    const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
    const std::size_t colon = text.find("://");
    if (!plain || colon == std::string_view::npos) return false;
    std::string scheme(text.substr(0, colon));
    std::ranges::transform(scheme, scheme.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    constexpr std::array<std::string_view, 5> schemes = {"http", "https", "udp", "ws", "wss"};
    if (std::ranges::find(schemes, scheme) == schemes.end()) return false;
    const std::string_view rest = text.substr(colon + 3);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    return !host.empty() && !host.starts_with(':') && !host.ends_with('@');
}

std::string_view format_name(Format format) {
    switch (format) {
        case Format::v1:
            return "v1";
        case Format::v2:
            return "v2";
        case Format::hybrid:
            break;
    }
    return "hybrid";
}

}  // namespace shoal::metainfo

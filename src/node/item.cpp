#include "node/item.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/text.h"

namespace shoal::node {
namespace {

namespace json = boost::json;

constexpr std::int64_t version = 1;

constexpr std::array<std::pair<Kind, std::string_view>, 4> kinds{{
    {Kind::published, "published"},
    {Kind::fetched, "fetched"},
    {Kind::seeded, "seeded"},
    {Kind::downloaded, "downloaded"},
}};
constexpr std::array<std::pair<Intent, std::string_view>, 3> intents{{
    {Intent::running, "running"},
    {Intent::paused, "paused"},
    {Intent::stopped, "stopped"},
}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
    return std::ranges::find(table, value, [](const auto& entry) { return entry.first; })->second;
}

template <class Table>
auto value_in(const Table& table, std::string_view name)
    -> std::optional<typename Table::value_type::first_type> {
    const auto found =
        std::ranges::find(table, name, [](const auto& entry) { return entry.second; });
    if (found == table.end()) return std::nullopt;
    return found->first;
}

/// Takes members out of a record; notes when one is not of its type.
class Reader {
  public:
    explicit Reader(const json::object& object) : object_(object) {}

    std::string text(std::string_view name) {
        const json::value* value = object_.if_contains(name);
        if (value != nullptr && value->is_string()) return std::string(value->get_string());
        good_ = good_ && value == nullptr;
        return {};
    }
    std::int64_t number(std::string_view name) {
        const json::value* value = object_.if_contains(name);
        if (value != nullptr && value->is_int64()) return value->get_int64();
        good_ = good_ && value == nullptr;
        return 0;
    }
    bool boolean(std::string_view name) {
        const json::value* value = object_.if_contains(name);
        if (value != nullptr && value->is_bool()) return value->get_bool();
        good_ = good_ && value == nullptr;
        return false;
    }
    std::optional<Sha1Digest> digest(std::string_view name) {
        const std::string hex = text(name);
        if (hex.empty()) return std::nullopt;
        const auto bytes = from_hex(hex);
        good_ = good_ && bytes && bytes->size() == Sha1Digest::size;
        return good_ ? std::optional(Sha1Digest::from(*bytes)) : std::nullopt;
    }
    std::vector<std::string> texts(std::string_view name) {
        std::vector<std::string> all;
        const json::value* value = object_.if_contains(name);
        if (value == nullptr) return all;
        good_ = good_ && value->is_array();
        if (!good_) return all;
        for (const json::value& one : value->get_array()) {
            good_ = good_ && one.is_string();
            if (good_) all.emplace_back(one.get_string());
        }
        return all;
    }
    std::vector<FileRange> ranges(std::string_view name) {
        std::vector<FileRange> all;
        const json::value* value = object_.if_contains(name);
        if (value == nullptr) return all;
        const json::array* numbers = value->if_array();
        good_ = good_ && numbers && numbers->size() % 2 == 0;
        for (std::size_t i = 0; good_ && i < numbers->size(); i += 2) {
            all.push_back({file_number((*numbers)[i]), file_number((*numbers)[i + 1])});
            const bool ascend = i == 0 || all[i / 2 - 1].last < all.back().first;
            good_ = good_ && ascend && all.back().first <= all.back().last;
        }
        return all;
    }
    [[nodiscard]] bool good() const { return good_; }

  private:
    std::uint32_t file_number(const json::value& value) {
        const std::int64_t number = value.is_int64() ? value.get_int64() : -1;
        good_ = good_ && number >= 0 && number <= UINT32_MAX;
        return good_ ? static_cast<std::uint32_t>(number) : 0;
    }

    const json::object& object_;
    bool good_ = true;
};

json::array to_json(const std::vector<std::string>& texts) {
    json::array array;
    for (const auto& text : texts) array.emplace_back(text);
    return array;
}

json::array to_json(const std::vector<FileRange>& ranges) {
    json::array array;
    for (const FileRange& range : ranges) {
        array.emplace_back(range.first);
        array.emplace_back(range.last);
    }
    return array;
}

}  // namespace

std::vector<FileRange> unwanted_ranges(const std::vector<bool>& wanted) {
    std::vector<FileRange> ranges;
    for (std::uint32_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i]) continue;
        if (!ranges.empty() && ranges.back().last + 1 == i) {
            ranges.back().last = i;
        } else {
            ranges.push_back({i, i});
        }
    }
    return ranges;
}

std::vector<bool> wanted_of(const std::vector<FileRange>& unwanted, std::size_t files) {
    std::vector<bool> wanted(files, true);
    for (const FileRange& range : unwanted) {
        for (std::size_t i = range.first; i <= range.last && i < files; ++i) wanted[i] = false;
    }
    return wanted;
}

std::string_view kind_name(Kind kind) {
    return name_in(kinds, kind);
}

std::string_view intent_name(Intent intent) {
    return name_in(intents, intent);
}

std::optional<Intent> parse_intent(std::string_view name) {
    return value_in(intents, name);
}

std::string encode_item(const Item& item) {
    json::object object{{"version", version},
                        {"id", item.id},
                        {"kind", kind_name(item.kind)},
                        {"intent", intent_name(item.intent)},
                        {"name", item.name},
                        {"path", item.path.native()},
                        {"piece_length", item.piece_length},
                        {"watched", item.watched},
                        {"complete", item.complete},
                        {"trackers", to_json(item.trackers)},
                        {"from", to_json(item.from)},
                        {"single_source", item.single_source},
                        {"downloaded", item.downloaded},
                        {"uploaded", item.uploaded}};
    if (item.info_hash) object["info_hash"] = item.info_hash->hex();
    if (item.stamp) object["stamp"] = item.stamp->hex();
    if (!item.magnet.empty()) object["magnet"] = item.magnet;
    if (!item.files.empty()) object["files"] = to_json(item.files);
    if (!item.unwanted.empty()) object["unwanted"] = to_json(item.unwanted);
    if (item.taken_back) object["taken_back"] = true;
    if (item.max_down > 0) object["max_down"] = item.max_down;
    if (item.max_up > 0) object["max_up"] = item.max_up;
    if (item.added > 0) object["added"] = item.added;
    return json::serialize(object) + "\n";
}

Result<Item> decode_item(std::string_view document) {
    boost::system::error_code error;
    const json::value value = json::parse(document, error);
    const json::object* object = error ? nullptr : value.if_object();
    const auto damaged = [] { return fail(ErrorCode::bad_data, "the record is damaged"); };
    if (object == nullptr) return damaged();
    Reader reader(*object);
    if (reader.number("version") != version) return damaged();
    Item item{.id = reader.number("id"),
              .name = reader.text("name"),
              .path = reader.text("path"),
              .info_hash = reader.digest("info_hash"),
              .piece_length = static_cast<std::uint32_t>(reader.number("piece_length")),
              .watched = reader.boolean("watched"),
              .complete = reader.boolean("complete"),
              .stamp = reader.digest("stamp"),
              .magnet = reader.text("magnet"),
              .trackers = reader.texts("trackers"),
              .from = reader.texts("from"),
              .single_source = reader.boolean("single_source"),
              .files = reader.texts("files"),
              .unwanted = reader.ranges("unwanted"),
              .taken_back = reader.boolean("taken_back"),
              .max_down = std::max<ByteCount>(reader.number("max_down"), 0),
              .max_up = std::max<ByteCount>(reader.number("max_up"), 0),
              .added = reader.number("added"),
              .downloaded = reader.number("downloaded"),
              .uploaded = reader.number("uploaded")};
    const auto kind = value_in(kinds, reader.text("kind"));
    const auto intent = parse_intent(reader.text("intent"));
    const bool whole = reader.good() && kind && intent && item.id > 0 && item.path.is_absolute();
    if (!whole || (item.complete && !item.info_hash)) return damaged();
    item.kind = *kind;
    item.intent = *intent;
    return item;
}

}  // namespace shoal::node

#include "metainfo/path.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <unordered_set>
#include <utf8proc.h>

#include "base/text.h"

namespace shoal::metainfo {
namespace {

/// The longest start of the text, at most `limit` bytes, that cuts no character apart.
std::string_view cut_utf8(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
    return text.substr(0, limit);
}

/// Where the extension begins (its dot), or the end when there is none worth keeping.
std::size_t extension_at(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || name.size() - dot > 16) return name.size();
    return dot;
}

/// Puts a mark before the extension and keeps the name within its limit.
std::string mark_name(std::string_view name, std::string_view mark) {
    const std::size_t dot = extension_at(name);
    const std::string_view extension = name.substr(dot);
    const std::size_t room = max_name_bytes - extension.size() - mark.size();
    return fmt::format("{}{}{}", cut_utf8(name.substr(0, dot), room), mark, extension);
}

std::string escape_broken_utf8(std::string_view raw) {
    if (is_valid_utf8(raw)) return std::string(raw);
    std::string clean;
    for (std::size_t at = 0; at < raw.size();) {
        std::size_t length = 1;
        while (length <= 4 && at + length <= raw.size() && !is_valid_utf8(raw.substr(at, length))) {
            ++length;
        }
        if (length <= 4 && at + length <= raw.size()) {
            clean.append(raw, at, length);
            at += length;
        } else {
            fmt::format_to(std::back_inserter(clean), "%{:02X}",
                           static_cast<unsigned char>(raw[at]));
            ++at;
        }
    }
    return clean;
}

bool is_device_name(std::string_view name) {
    constexpr std::array devices = {"con",  "prn",  "aux",  "nul",  "com1", "com2", "com3", "com4",
                                    "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2", "lpt3",
                                    "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"};
    std::string stem(name.substr(0, name.find('.')));
    while (stem.ends_with(' ')) stem.pop_back();
    std::ranges::transform(stem, stem.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return std::ranges::find(devices, stem) != devices.end();
}

void apply_windows_rules(std::string& name) {
    for (char& c : name) {
        if (std::string_view("<>:\"|?*").contains(c) || static_cast<unsigned char>(c) < 0x20) {
            c = '_';
        }
    }
    if (name.ends_with('.') || name.ends_with(' ')) name.back() = '_';
    if (is_device_name(name)) name.insert(name.begin(), '_');
}

/// Gives every file whose folded path is taken already another last name.
void number_clashes(std::vector<File>& files) {
    std::unordered_set<std::string> taken;
    const auto folded = [](const std::vector<std::string>& path, std::size_t depth) {
        std::string key;
        for (std::size_t i = 0; i < depth; ++i) key += fold_name(path[i]) + '/';
        return key;
    };
    for (const File& file : files) {
        if (file.padding) continue;
        for (std::size_t i = 1; i < file.path.size(); ++i) taken.insert(folded(file.path, i));
    }
    for (File& file : files) {
        if (file.padding) continue;
        const std::string original = file.path.back();
        for (int number = 2; !taken.insert(folded(file.path, file.path.size())).second; ++number) {
            file.path.back() = mark_name(original, fmt::format("~{}", number));
        }
    }
}

}  // namespace

std::string fold_name(std::string_view name) {
    utf8proc_uint8_t* folded = nullptr;
    const auto flags = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPAT |
                                                      UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
    const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
                                     static_cast<utf8proc_ssize_t>(name.size()), &folded, flags);
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(folded, &std::free);
    if (length < 0) return std::string(name);
    return {reinterpret_cast<const char*>(folded), static_cast<std::size_t>(length)};
}

Result<std::string> safe_component(std::string_view raw, NameRules rules) {
    if (raw.empty() || raw == "." || raw == "..") {
        return fail(ErrorCode::bad_data, "'{}' cannot be the name of a file", raw);
    }
    if (raw.contains('/') || raw.contains('\0')) {
        return fail(ErrorCode::bad_data, "the file name '{}' has a separator in it",
                    printable(cut_utf8(raw, max_name_bytes)));
    }
    std::string name = escape_broken_utf8(raw);
    std::ranges::replace(name, '\\', '_');
    if (rules == NameRules::windows) apply_windows_rules(name);
    if (name.size() > max_name_bytes) name = mark_name(name, "~");
    return name;
}

Result<std::vector<std::string>> safe_path(const std::vector<std::string_view>& raw,
                                           NameRules rules) {
    std::vector<std::string> path;
    path.reserve(raw.size());
    std::size_t bytes = 0;
    for (const std::string_view component : raw) {
        if (component.empty() || component == ".") continue;
        auto name = safe_component(component, rules);
        if (!name) return std::unexpected(name.error());
        bytes += name->size() + 1;
        path.push_back(std::move(*name));
        if (path.size() > max_path_depth || bytes > max_path_bytes) {
            return fail(ErrorCode::bad_data, "a path in the torrent is too long");
        }
    }
    if (path.empty()) return fail(ErrorCode::bad_data, "a file in the torrent has no name");
    return path;
}

Result<void> settle_paths(std::vector<File>& files, NameRules rules) {
    if (rules == NameRules::windows) number_clashes(files);
    std::vector<std::uint32_t> order;
    order.reserve(files.size());
    for (std::uint32_t i = 0; i < files.size(); ++i) {
        if (!files[i].padding) order.push_back(i);
    }
    // Compared component by component, a path stands right before those that have it as a folder.
    const auto path_of = [&](std::uint32_t file) -> const auto& { return files[file].path; };
    // Most torrents are made in that order.
    if (!std::ranges::is_sorted(order, {}, path_of)) std::ranges::sort(order, {}, path_of);
    for (std::size_t i = 1; i < order.size(); ++i) {
        const auto& path = files[order[i - 1]].path;
        const auto& next = files[order[i]].path;
        if (next.size() >= path.size() && std::equal(path.begin(), path.end(), next.begin())) {
            return fail(ErrorCode::bad_data, "two files of the torrent want the place '{}'",
                        printable(join_path(path)));
        }
    }
    return {};
}

std::string join_path(const std::vector<std::string>& path) {
    std::string joined;
    for (const std::string& component : path) {
        if (!joined.empty()) joined += '/';
        joined += component;
    }
    return joined;
}

}  // namespace shoal::metainfo

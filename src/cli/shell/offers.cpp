#include "cli/shell/offers.h"

#include <boost/json/array.hpp>
#include <filesystem>

namespace shoal::cli {

namespace fs = std::filesystem;

Completion complete_each(std::vector<Offer> offers) {
    return [offers = std::move(offers)](const Words& before, std::string_view part) {
        const std::size_t argument = before.size() - 1;
        const bool known = argument < offers.size() && offers[argument];
        return known ? offers[argument](part) : std::vector<std::string>();
    };
}

Offer offer_words(std::vector<std::string> words) {
    return [words = std::move(words)](std::string_view) { return words; };
}

std::vector<std::string> offer_paths(std::string_view part) {
    constexpr std::size_t most = 1000;
    const std::size_t slash = part.rfind('/');
    const std::string before(slash == std::string_view::npos ? "" : part.substr(0, slash + 1));
    const std::string_view begin = part.substr(before.size());
    std::vector<std::string> found;
    std::error_code error;
    fs::directory_iterator entries(before.empty() ? "." : before, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
        const std::string name = entries->path().filename().native();
        if (!name.starts_with(begin) || (name.starts_with('.') && begin.empty())) continue;
        std::error_code ignored;
        found.push_back(before + name + (entries->is_directory(ignored) ? "/" : ""));
        if (found.size() == most) break;
    }
    return found;
}

std::vector<std::string> names_in(const Api& api, const std::string& path,
                                  std::string_view member) {
    std::vector<std::string> names;
    const auto page = api.get(path);
    const auto* document = page ? page->if_object() : nullptr;
    const auto* items = document == nullptr ? nullptr : document->if_contains("items");
    if (items == nullptr || !items->is_array()) return names;
    for (const auto& item : items->get_array()) {
        if (item.is_object()) names.push_back(text_of(item.get_object(), member));
    }
    return names;
}

std::vector<std::string> offer_files(const Api& api, std::string_view part) {
    return names_in(api, "/api/v1/files?limit=200&order=name&q=" + url_part(part), "name");
}

}  // namespace shoal::cli

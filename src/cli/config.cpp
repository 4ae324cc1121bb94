#include "cli/config.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "base/text.h"
#include "disk/private_file.h"

namespace shoal::cli {
namespace {

constexpr std::size_t max_config = 1 << 20;

Error error_at(std::string_view file, std::size_t line, std::string_view words) {
    return {ErrorCode::usage, fmt::format("{}:{}: {}", file, line, words)};
}

std::size_t line_of(const toml::source_region& region) {
    return region.begin.line;
}

/// A list's texts; nothing when something else is in it.
std::optional<std::vector<std::string>> texts_of(const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr) return std::nullopt;
    std::vector<std::string> texts;
    for (const toml::node& item : *list) {
        const auto* text = item.as_string();
        if (text == nullptr) return std::nullopt;
        texts.push_back(text->get());
    }
    return texts;
}

}  // namespace

struct ConfigFile::Table {
    toml::table values;
};

Result<ConfigFile> ConfigFile::read(const std::filesystem::path& path, const CLI::App& command) {
    const auto content = disk::read_private_file(path, max_config);
    if (!content) return std::unexpected(content.error());
    std::string name = printable(path.native());
    try {
        auto table = std::make_shared<Table>(Table{toml::parse(std::string_view(*content))});
        return ConfigFile(std::move(name), command, std::move(table));
    } catch (const toml::parse_error& error) {
        return std::unexpected(
            error_at(name, line_of(error.source()), printable(error.description())));
    }
}

bool ConfigFile::is_given(std::string_view key) const {
    std::string name = "--" + std::string(key);
    std::ranges::replace(name, '_', '-');
    const CLI::Option* option = command_->get_option_no_throw(name);
    return option != nullptr && option->count() > 0;
}

void ConfigFile::wrong(std::size_t line, std::string_view key, std::string_view how) {
    if (!error_) error_ = error_at(name_, line, fmt::format("'{}' {}", key, how));
}

void ConfigFile::text(std::string_view key, std::string& value, const Check& check) {
    asked_.emplace_back(key);
    const toml::node* node = table_->values.get(key);
    if (node == nullptr) return;
    const auto* text = node->as_string();
    if (text == nullptr) return wrong(line_of(node->source()), key, "must be text in quotes");
    const auto good = check ? check(text->get()) : Result<void>{};
    if (!good) return wrong(line_of(node->source()), key, "is wrong: " + good.error().message);
    if (!is_given(key)) value = text->get();
}

void ConfigFile::choice(std::string_view key, std::string& value,
                        const std::vector<std::string_view>& choices) {
    text(key, value, [&](const std::string& text) -> Result<void> {
        if (std::ranges::find(choices, text) != choices.end()) return {};
        return fail(ErrorCode::usage, "it is one of: {}", fmt::join(choices, ", "));
    });
}

void ConfigFile::flag(std::string_view key, bool& value) {
    asked_.emplace_back(key);
    const toml::node* node = table_->values.get(key);
    if (node == nullptr) return;
    const auto* flag = node->as_boolean();
    if (flag == nullptr) return wrong(line_of(node->source()), key, "must be true or false");
    if (!is_given(key)) value = flag->get();
}

void ConfigFile::number(std::string_view key, std::int64_t& value, std::int64_t min,
                        std::int64_t max) {
    asked_.emplace_back(key);
    const toml::node* node = table_->values.get(key);
    if (node == nullptr) return;
    const auto* number = node->as_integer();
    if (number == nullptr || number->get() < min || number->get() > max) {
        return wrong(line_of(node->source()), key,
                     fmt::format("must be a whole number from {} to {}", min, max));
    }
    if (!is_given(key)) value = number->get();
}

void ConfigFile::texts(std::string_view key, std::vector<std::string>& value, const Check& check) {
    asked_.emplace_back(key);
    const toml::node* node = table_->values.get(key);
    if (node == nullptr) return;
    auto texts = texts_of(*node);
    if (!texts) return wrong(line_of(node->source()), key, "must be a list of texts in quotes");
    for (const std::string& text : *texts) {
        const auto good = check ? check(text) : Result<void>{};
        if (!good) return wrong(line_of(node->source()), key, "is wrong: " + good.error().message);
    }
    if (!is_given(key)) value = std::move(*texts);
}

Result<void> ConfigFile::finish() const {
    if (error_) return std::unexpected(*error_);
    std::optional<std::pair<std::size_t, std::string>> unknown;  // the first by line
    for (const auto& [key, node] : table_->values) {
        if (std::ranges::find(asked_, key.str()) != asked_.end()) continue;
        const std::pair found{line_of(key.source()), std::string(key.str())};
        if (!unknown || found < *unknown) unknown = found;
    }
    if (!unknown) return {};
    return std::unexpected(
        error_at(name_, unknown->first,
                 fmt::format("there is no option '{}'; there are: {}", printable(unknown->second),
                             fmt::join(asked_, ", "))));
}

}  // namespace shoal::cli

// The tables of the catalogue, as numbered steps from an empty database to the present one.
#pragma once
#include <span>
#include <string_view>
#include <vector>

namespace shoal::catalogue {

/// One version's statements. `{id}` stands for an id column that numbers its rows itself, and
/// `{text}` for text that is compared and sorted byte by byte.
using SchemaStep = std::vector<std::string_view>;

/// A step that was released is never changed: what is new comes as a further one.
std::span<const SchemaStep> schema();

}  // namespace shoal::catalogue

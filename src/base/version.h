// Which version this is, as users and other programs are told.
#pragma once
#include <string_view>

namespace shoal {

inline constexpr std::string_view version = "0.1.0";

}  // namespace shoal

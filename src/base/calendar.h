// Moments of the calendar as text.
#pragma once
#include <chrono>
#include <string>

namespace shoal {

/// A moment as RFC 3339 has it, in UTC and whole seconds: "2026-01-31T08:00:00Z".
std::string to_rfc3339(std::chrono::sys_seconds time);

}  // namespace shoal

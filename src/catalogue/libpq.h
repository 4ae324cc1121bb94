// PostgreSQL's client library, loaded when somebody wants a database of that kind: it brings
// nineteen others, which would take a third of the time in which each command starts.
#pragma once
#include <libpq-fe.h>

#include "base/error.h"

namespace shoal::catalogue {

/// To be called before any function of libpq; further calls do nothing. Thread-safe.
/// failed: the library is not installed.
Result<void> load_libpq();

}  // namespace shoal::catalogue

// The heap of the process.
#pragma once

namespace shoal {

/// From now on what is freed stays with the process, for what comes next, instead of going back to
/// the system: doing so with a lot at once would stop the thread that frees for milliseconds. For
/// programs whose answers must not stand still. Thread-safe; where there is no such choice it does
/// nothing.
void keep_freed_memory();

}  // namespace shoal

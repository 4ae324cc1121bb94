// Room for many connections and open files.
#pragma once

namespace shoal::cli {

/// Raises this process's limit of open descriptors as far as the system lets it: every connection
/// is one, so is every open file, and the usual limit of 1024 is soon reached. Call at start-up,
/// before there are threads.
void raise_descriptor_limit();

}  // namespace shoal::cli

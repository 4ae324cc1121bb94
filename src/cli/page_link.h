// The peer's page: a link that lets one browser in, and that browser.
#pragma once
#include <string>

#include "base/error.h"
#include "cli/api.h"

namespace shoal::cli {

/// A link to the page of the peer, good once and for a minute; a secret. Blocks.
Result<std::string> new_page_link(const Api& api);

/// Opens a link as the desktop does; nothing where there is none. Does not wait for it. What the
/// browser says is not shown.
void show_in_browser(const std::string& link);

}  // namespace shoal::cli

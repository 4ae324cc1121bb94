// Watching what the peer does with something until it is done, in the foreground.
#pragma once
#include <boost/json/object.hpp>

#include "cli/api.h"
#include "cli/command.h"

namespace shoal::cli {

/// Shows how a fetch goes on, by the events or the line of `shoal download`, until every byte is
/// there. failed: it cannot go on, or somebody stopped or removed it. cancelled: a signal; the peer
/// goes on.
Result<void> follow_fetch(const Context& context, const Api& api, const boost::json::object& item);

/// The same for a publication, until the group has it; tells what was published.
Result<void> follow_publication(const Context& context, const Api& api,
                                const boost::json::object& item);

}  // namespace shoal::cli

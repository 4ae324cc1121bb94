// What a user may name a torrent by, as the subcommands read it.
#pragma once
#include "engine/source.h"

namespace shoal::cli {

using engine::read_source;
using engine::read_torrent;
using engine::Source;

}  // namespace shoal::cli

// How the swarm names its peers.
#pragma once
#include "base/ids.h"

namespace shoal::swarm {

/// A number that the owner of a Torrent gives to each connection; never used twice in a torrent's
/// life, so that late words about a peer that has left cannot hit another.
using PeerKey = Index<struct PeerTag>;

}  // namespace shoal::swarm

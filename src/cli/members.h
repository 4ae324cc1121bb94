// What administrators do with members and invitations, as subcommands and in the tracker's shell.
#pragma once
#include <boost/json/object.hpp>
#include <string>

#include "cli/api.h"
#include "cli/command.h"
#include "discovery/join_link.h"

namespace shoal::cli {

struct Invited {
    discovery::JoinLink link;  ///< a secret
    boost::json::value expires;
};

/// Makes an invitation as it is described (uses, days, label), and a join link of it that leads to
/// the tracker of the given link.
Result<Invited> invite(const Api& api, const boost::json::object& wanted,
                       discovery::JoinLink tracker);
Result<void> list_users(const Context& context, const Api& api);
/// Changes a member's role, or whether they are disabled. not_found: nobody has that name.
Result<void> change_user(const Api& api, std::string_view name, const boost::json::object& change);

}  // namespace shoal::cli

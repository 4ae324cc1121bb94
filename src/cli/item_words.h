// What this machine's peer shares and fetches: the same words as subcommands and in its shell.
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/api.h"
#include "cli/command.h"
#include "engine/download.h"

namespace shoal::cli {

// Items are as GET /api/v1/items describes them. All of these block for the interface.

/// The item of that name, or else of that number. not_found: there is none. refused: several have
/// the name; the message gives their numbers.
Result<boost::json::object> find_item(const Api& api, const std::string& name);
/// An item as it is now. not_found: it is no longer there.
Result<boost::json::object> refreshed(const Api& api, const boost::json::object& item);

Result<void> list_downloads(const Context& context, const Api& api);
/// Of one item, or without a name of the peer itself.
Result<void> show_status(const Context& context, const Api& api, const std::string& name);

/// "running" or "paused".
Result<void> set_state(const Context& context, const Api& api, const std::string& name,
                       std::string_view state);
/// Stops sharing and tells how many bytes went to others and came from them. Without a name:
/// everything that is not stopped.
Result<void> stop_sharing(const Context& context, const Api& api, const std::string& name);
/// Forgets the item; with `data` its content goes, too.
Result<void> remove_item(const Context& context, const Api& api, const std::string& name,
                         bool data);
/// The same for what was published under this name. not_found: nothing was.
Result<void> unpublish(const Context& context, const Api& api, const std::string& name);

struct PublishWish {
    std::string path;            ///< relative to the working directory
    std::string name;            ///< empty: the path's last part
    ByteCount piece_length = 0;  ///< 0: chosen by size
    bool replace = false;
};
/// Returns as soon as the peer has begun; the item says how far it is.
Result<boost::json::object> begin_publish(const Api& api, const PublishWish& wish);

struct FetchWish {
    std::string what;               ///< a name or an info hash
    std::string destination;        ///< relative to the working directory; empty: the peer chooses
    std::vector<std::string> from;  ///< HOST:PORT; empty: everybody who has it
    std::string sources = "many";
};
/// Where a name means several files, they are listed on standard error, or with --json in the error
/// event, and it is refused.
Result<boost::json::object> begin_fetch(Context& context, const Api& api, const FetchWish& wish);

/// An item in one line.
std::string item_line(const boost::json::object& item);
/// How far it is, as a download shows it.
engine::DownloadStatus status_of(const boost::json::object& item);
/// What became of a publication or a fetch, once nothing more is going to happen: a line for
/// people, or an error. Nothing: it is still under way.
std::optional<Result<std::string>> outcome_of(const boost::json::object& item);

/// Absolute, as the peer, whose working directory is another, has to be told.
std::string absolute_path(const std::string& path);
/// Whether it is one in hexadecimal digits, of either length.
bool is_info_hash(std::string_view text);
/// The item's number for a path: an id is a number or a text.
std::string id_of(const boost::json::object& item);

}  // namespace shoal::cli

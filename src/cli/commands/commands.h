// The subcommands, each in the file of its name in this folder.
#pragma once
#include "cli/command.h"

namespace shoal::cli {

void add_account(CLI::App& app, Context& context);
void add_create(CLI::App& app, Context& context);
void add_download(CLI::App& app, Context& context);
void add_group(CLI::App& app, Context& context);
void add_info(CLI::App& app, Context& context);
void add_items(CLI::App& app, Context& context);
void add_magnet(CLI::App& app, Context& context);
void add_open(CLI::App& app, Context& context);
void add_peer(CLI::App& app, Context& context);
void add_operators(CLI::App& app, Context& context);
void add_seed(CLI::App& app, Context& context);
void add_tracker(CLI::App& app, Context& context);
void add_transfers(CLI::App& app, Context& context);
void add_verify(CLI::App& app, Context& context);

}  // namespace shoal::cli

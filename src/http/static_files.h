// Files that never change while the program runs: a server's pages.
#pragma once
#include <span>
#include <string>

#include "http/router.h"
#include "pages/pages.h"

namespace shoal::http {

/// Answers GET for each file by its path, compressed for clients that take it so. A client that
/// has the file is told 304 (RFC 9110); one whose path names its content is kept for good. The
/// files must outlive the router.
void add_static_files(Router& router, std::span<const pages::File> files);

/// One file under a further path, such as the page at the address of a join link.
void add_static_file(Router& router, std::string path, const pages::File& file);

}  // namespace shoal::http

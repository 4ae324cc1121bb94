// One announce to one tracker over HTTP or HTTPS.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "base/version.h"
#include "discovery/announce.h"
#include "discovery/tracker_url.h"
#include "net/endpoint.h"
#include "net/tls_client.h"

namespace shoal::discovery {

struct HttpOptions {
    Duration timeout = 30s;  ///< for the whole announce, redirects included
    std::size_t max_body = 1 << 20;
    int max_redirects = 3;
    std::string user_agent = "shoal/" + std::string(version);
    /// Connections leave from this address; trackers of the other family are then unreachable.
    std::optional<net::Address> local_address;
    /// Null: certificates are checked against the system's store (or SSL_CERT_FILE, SSL_CERT_DIR).
    std::shared_ptr<boost::asio::ssl::context> tls;
    /// Trackers that are asked over TLS only, their http:// addresses too (they answer both on one
    /// port), and believed by their key instead of a certificate.
    net::KeyPins pins;
};

/// An announce under way. All calls and the handler run on the executor, which must be a single
/// thread or a strand.
class HttpAnnounce : public std::enable_shared_from_this<HttpAnnounce> {
  public:
    /// Called once, never from within start().
    /// timeout, refused (see check_reach), bad_data (no tracker's answer), failed (network, TLS or
    /// an HTTP status). A failure reason is an answer, not an error.
    using Handler = std::function<void(Result<AnnounceAnswer>)>;

    static std::shared_ptr<HttpAnnounce> start(boost::asio::any_io_executor executor,
                                               TrackerUrl url, const AnnounceRequest& request,
                                               HttpOptions options, Handler handler);
    virtual ~HttpAnnounce() = default;

    /// Ends it; the handler will not be called.
    virtual void cancel() = 0;
};

}  // namespace shoal::discovery

// The key and certificate by which a server is known over TLS.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "net/tls_client.h"

namespace shoal::http {

struct TlsIdentity {
    /// Ready for Server: TLS 1.2 and later, forward-secret ciphers, no renegotiation.
    std::shared_ptr<boost::asio::ssl::context> context;
    /// Of the key, for clients that pin it.
    net::KeyFingerprint fingerprint;
};

/// The identity in the folder's file tls.pem. On the first start it is made: an EC key (P-256) with
/// a self-signed certificate of ten years, which only the file's owner can read. The folder must
/// exist. A file that cannot be used is an error and stays: another key would not be known to
/// anybody. bad_data, refused, no_space, failed.
Result<TlsIdentity> open_tls_identity(const std::filesystem::path& folder);

/// An operator's own: PEM files with the certificate, followed by those of its issuers, and with
/// its key, which must not be encrypted. The two may be the same file.
/// not_found, refused, bad_data.
Result<TlsIdentity> load_tls_identity(const std::filesystem::path& certificate,
                                      const std::filesystem::path& key);

}  // namespace shoal::http

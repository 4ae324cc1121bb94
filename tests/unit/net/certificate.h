// Certificates made on the spot, for servers in tests.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "net/tls_client.h"

namespace shoal::net::testing {

/// A server's context with a new key and a self-signed certificate that nobody vouches for, of no
/// name, and long expired.
inline std::shared_ptr<boost::asio::ssl::context> make_server_context() {
    auto context =
        std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), -2000);
    X509_gmtime_adj(X509_getm_notAfter(certificate), -1000);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context->native_handle(), certificate);
    SSL_CTX_use_PrivateKey(context->native_handle(), key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

inline KeyFingerprint fingerprint_of(const boost::asio::ssl::context& context) {
    auto* handle = const_cast<boost::asio::ssl::context&>(context).native_handle();
    return net::fingerprint_of(*SSL_CTX_get0_certificate(handle));
}

}  // namespace shoal::net::testing

// TLS towards a server: whom to believe, and the handshake.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/error.h"
#include "net/endpoint.h"

namespace shoal::net {

/// SHA-256 of a public key as certificates hold it (SubjectPublicKeyInfo in DER). It stays the same
/// when the certificate is renewed for the same key.
using KeyFingerprint = Sha256Digest;

/// Of the certificate's key.
KeyFingerprint fingerprint_of(const X509& certificate);

/// 43 characters of base64url, as in join links.
std::string to_text(const KeyFingerprint& fingerprint);
/// Reads that, or 64 hexadecimal digits. bad_data: neither.
Result<KeyFingerprint> parse_fingerprint(std::string_view text);

/// Servers whose key is known: by host, in lower case and without brackets, and port.
class KeyPins {
  public:
    void set(std::string_view host, std::uint16_t port, const KeyFingerprint& fingerprint);
    [[nodiscard]] std::optional<KeyFingerprint> find(std::string_view host,
                                                     std::uint16_t port) const;

  private:
    std::map<std::pair<std::string, std::uint16_t>, KeyFingerprint> pins_;
};

/// Believes who has a certificate for the host's name from an authority in the system's store (or
/// in SSL_CERT_FILE, SSL_CERT_DIR). Thread-safe; read from the disk once.
std::shared_ptr<boost::asio::ssl::context> system_trust();
/// Believes who has exactly this key, whatever name, dates and issuer the certificate shows.
std::shared_ptr<boost::asio::ssl::context> pinned_trust(const KeyFingerprint& fingerprint);

/// Believes anybody: only to look at the key that a server shows, and to send it nothing.
std::shared_ptr<boost::asio::ssl::context> trust_in_anybody();

using TlsClientStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

/// Shakes hands over a connection to the host, which is a name or an address. The stream's context
/// decides whom to believe; nothing else has been sent when it does not.
/// refused: another key or a certificate that is not trusted. failed: no TLS there.
boost::asio::awaitable<Result<void>> handshake(TlsClientStream& stream, std::string host);

}  // namespace shoal::net

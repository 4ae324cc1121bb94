#include "net/tls_client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <openssl/x509.h>
#include <stdexcept>

#include "base/base64.h"
#include "base/hash.h"
#include "base/text.h"

namespace shoal::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// A context together with the one key that it believes in.
struct PinnedTrust {
    KeyFingerprint fingerprint;
    asio::ssl::context context{asio::ssl::context::tls_client};
};

void require_modern(asio::ssl::context& context) {
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_RENEGOTIATION);
}

/// Takes the place of OpenSSL's whole verification of certificates. That the other side has the
/// key's secret half is part of every handshake.
int verify_pin(X509_STORE_CTX* store, void* trust) {
    const X509* certificate = X509_STORE_CTX_get0_cert(store);
    const auto& wanted = static_cast<const PinnedTrust*>(trust)->fingerprint;
    if (certificate != nullptr && fingerprint_of(*certificate) == wanted) return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

std::pair<std::string, std::uint16_t> pin_key(std::string_view host, std::uint16_t port) {
    std::string lower(host);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return {lower, port};
}

Error handshake_error(TlsClientStream& stream, const std::string& host, const error_code& error) {
    const long verdict = SSL_get_verify_result(stream.native_handle());
    if (verdict == X509_V_ERR_APPLICATION_VERIFICATION) {
        return {ErrorCode::refused,
                fmt::format("the key of {} is not the one that is known of it: this may be another "
                            "server, or somebody in between",
                            printable(host))};
    }
    if (error.message().find("certificate") == std::string::npos) {
        return {ErrorCode::failed, fmt::format("no TLS there: {}", error.message())};
    }
    // The name is checked by Asio's callback, which leaves no reason with OpenSSL.
    const bool other_name = verdict == X509_V_OK || verdict == X509_V_ERR_UNSPECIFIED;
    return {ErrorCode::refused,
            fmt::format(
                "the certificate of {} is not trusted: {}", printable(host),
                other_name ? "it is for another name" : X509_verify_cert_error_string(verdict))};
}

}  // namespace

KeyFingerprint fingerprint_of(const X509& certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
    if (size < 0) throw std::runtime_error("a certificate without a key");
    const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(
        der, [](unsigned char* memory) { OPENSSL_free(memory); });
    return sha256(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
}

std::string to_text(const KeyFingerprint& fingerprint) {
    return to_base64url(fingerprint.view());
}

Result<KeyFingerprint> parse_fingerprint(std::string_view text) {
    const auto bytes =
        text.size() == 2 * KeyFingerprint::size ? from_hex(text) : from_base64url(text);
    if (!bytes || bytes->size() != KeyFingerprint::size) {
        return fail(ErrorCode::bad_data, "'{}' is no fingerprint of a key", printable(text));
    }
    return KeyFingerprint::from(*bytes);
}

void KeyPins::set(std::string_view host, std::uint16_t port, const KeyFingerprint& fingerprint) {
    pins_[pin_key(host, port)] = fingerprint;
}

std::optional<KeyFingerprint> KeyPins::find(std::string_view host, std::uint16_t port) const {
    if (pins_.empty()) return std::nullopt;
    const auto found = pins_.find(pin_key(host, port));
    return found == pins_.end() ? std::nullopt : std::optional(found->second);
}

std::shared_ptr<asio::ssl::context> system_trust() {
    // Reading the system's certificates takes tens of milliseconds, so it is done once.
    static const auto context = [] {
        auto fresh = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
        error_code ignored;  // without a store every certificate is refused, with a reason
        fresh->set_default_verify_paths(ignored);
        require_modern(*fresh);
        return fresh;
    }();
    return context;
}

std::shared_ptr<asio::ssl::context> pinned_trust(const KeyFingerprint& fingerprint) {
    const auto trust = std::make_shared<PinnedTrust>(PinnedTrust{fingerprint});
    require_modern(trust->context);
    SSL_CTX_set_cert_verify_callback(trust->context.native_handle(), &verify_pin, trust.get());
    return {trust, &trust->context};
}

std::shared_ptr<asio::ssl::context> trust_in_anybody() {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    require_modern(*context);
    SSL_CTX_set_cert_verify_callback(
        context->native_handle(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
    return context;
}

asio::awaitable<Result<void>> handshake(TlsClientStream& stream, std::string host) {
    error_code literal;
    asio::ip::make_address(host, literal);
    // Server name indication is for names only (RFC 6066).
    if (literal) {
        SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 host.data());
    }
    error_code error;
    stream.set_verify_mode(asio::ssl::verify_peer, error);
    if (!error) stream.set_verify_callback(asio::ssl::host_name_verification(host), error);
    if (!error) {
        std::tie(error) = co_await stream.async_handshake(asio::ssl::stream_base::client,
                                                          asio::as_tuple(asio::use_awaitable));
    }
    if (error) co_return std::unexpected(handshake_error(stream, host, error));
    co_return Result<void>{};
}

}  // namespace shoal::net

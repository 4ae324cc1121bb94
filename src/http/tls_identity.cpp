#include "http/tls_identity.h"

#include <boost/asio/buffer.hpp>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <spdlog/spdlog.h>
#include <stdexcept>

#include "base/random.h"
#include "base/text.h"
#include "disk/private_file.h"

namespace shoal::http {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using boost::system::error_code;

constexpr std::size_t max_pem = 256 * 1024;
constexpr long day = 24 * 60 * 60;
constexpr long validity = 3650 * day;

template <class T, void (*Free)(T*)>
struct Deleter {
    void operator()(T* object) const { Free(object); }
};
template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Deleter<T, Free>>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Owned<X509, X509_free>;
using Extension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using Memory = Owned<BIO, BIO_free_all>;

/// These calls fail only when memory runs out or the library is broken.
void require(bool good) {
    if (!good) throw std::runtime_error("OpenSSL cannot make a certificate");
}

void add_extension(X509& certificate, int id, const char* value) {
    const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, id, value));
    require(extension && X509_add_ext(&certificate, extension.get(), -1) == 1);
}

/// Browsers refuse a second certificate with the same issuer and serial number, so it is random.
void set_random_serial(X509& certificate) {
    std::array<std::byte, 16> bytes{};
    secure_random(bytes);
    bytes[0] &= std::byte{0x7f};
    const Owned<BIGNUM, BN_free> number(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr));
    require(number != nullptr);
    require(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr);
}

Certificate make_certificate(EVP_PKEY& key) {
    Certificate made(X509_new());
    require(made && X509_set_version(made.get(), X509_VERSION_3) == 1);
    set_random_serial(*made);
    // Clocks of clients may be slow.
    require(X509_gmtime_adj(X509_getm_notBefore(made.get()), -day) != nullptr);
    require(X509_gmtime_adj(X509_getm_notAfter(made.get()), validity) != nullptr);
    X509_NAME* name = X509_get_subject_name(made.get());
    require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                       reinterpret_cast<const unsigned char*>("shoal"), -1, -1,
                                       0) == 1);
    require(X509_set_issuer_name(made.get(), name) == 1);
    require(X509_set_pubkey(made.get(), &key) == 1);
    add_extension(*made, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(*made, NID_key_usage, "critical,digitalSignature");
    add_extension(*made, NID_ext_key_usage, "serverAuth");
    add_extension(*made, NID_subject_alt_name, "DNS:shoal,DNS:localhost");
    require(X509_sign(made.get(), &key, EVP_sha256()) > 0);
    return made;
}

/// A new key and its certificate, both in one text, so that one can never be without the other.
std::string make_pem() {
    const Key key(EVP_EC_gen("P-256"));
    require(key != nullptr);
    const Certificate certificate = make_certificate(*key);
    const Memory memory(BIO_new(BIO_s_mem()));
    require(memory && PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0,
                                               nullptr, nullptr) == 1);
    require(PEM_write_bio_X509(memory.get(), certificate.get()) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

void harden(SSL_CTX& context) {
    SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(&context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(&context,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    // Sessions are not resumed: a handshake with such a key costs less than keeping them would.
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(&context, 0);
    SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS);
}

Result<TlsIdentity> read_identity(const std::string& certificate, const std::string& key,
                                  const fs::path& certificate_path, const fs::path& key_path) {
    const auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    harden(*context->native_handle());
    error_code error;
    // An encrypted key would have OpenSSL ask for its password on the terminal.
    context->set_password_callback([](std::size_t, auto) { return std::string(); }, error);
    context->use_certificate_chain(asio::buffer(certificate), error);
    if (error) {
        return fail(ErrorCode::bad_data, "'{}' holds no certificate in PEM: {}",
                    printable(certificate_path.string()), error.message());
    }
    context->use_private_key(asio::buffer(key), asio::ssl::context::pem, error);
    const std::string key_name = printable(key_path.string());
    const bool mismatch = error ? ERR_GET_REASON(static_cast<unsigned long>(error.value())) ==
                                      X509_R_KEY_VALUES_MISMATCH
                                : SSL_CTX_check_private_key(context->native_handle()) != 1;
    if (mismatch) {
        ERR_clear_error();
        return fail(ErrorCode::bad_data, "the key in '{}' is not that of the certificate",
                    key_name);
    }
    if (error) {
        return fail(ErrorCode::bad_data, "'{}' holds no key in PEM without a password: {}",
                    key_name, error.message());
    }
    const X509* own = SSL_CTX_get0_certificate(context->native_handle());
    if (X509_cmp_current_time(X509_get0_notAfter(own)) <= 0) {
        spdlog::warn("the certificate in '{}' has expired; renew it",
                     printable(certificate_path.string()));
    }
    return TlsIdentity{context, net::fingerprint_of(*own)};
}

}  // namespace

Result<TlsIdentity> open_tls_identity(const fs::path& folder) {
    const fs::path path = folder / "tls.pem";
    Result<std::string> pem = disk::read_private_file(path, max_pem);
    if (!pem && pem.error().code == ErrorCode::not_found) {
        pem = make_pem();
        if (const auto written = disk::write_private_file(path, *pem); !written) {
            return std::unexpected(written.error());
        }
    }
    if (!pem) return std::unexpected(pem.error());
    return read_identity(*pem, *pem, path, path);
}

Result<TlsIdentity> load_tls_identity(const fs::path& certificate, const fs::path& key) {
    const auto certificate_pem = disk::read_private_file(certificate, max_pem);
    if (!certificate_pem) return std::unexpected(certificate_pem.error());
    const auto key_pem = disk::read_private_file(key, max_pem);
    if (!key_pem) return std::unexpected(key_pem.error());
    return read_identity(*certificate_pem, *key_pem, certificate, key);
}

}  // namespace shoal::http

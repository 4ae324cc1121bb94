#include "http/tls_identity.h"

#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shoal::http {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class TlsIdentityTest : public ::testing::Test {
  protected:
    TlsIdentityTest() { fs::create_directories(folder_); }
    ~TlsIdentityTest() override { fs::remove_all(folder_); }

    void run(const std::string& command) const {
        const std::string whole = "cd " + folder_.string() + " && " + command + " 2>openssl.log";
        ASSERT_EQ(std::system(whole.c_str()), 0);  // NOLINT(cert-env33-c): a fixed command
    }

    fs::path folder_ = fs::temp_directory_path() / ("shoal-identity-" + std::to_string(::getpid()));
};

TEST_F(TlsIdentityTest, IsMadeOnceAndThenKept) {
    const auto made = open_tls_identity(folder_);
    ASSERT_TRUE(made) << made.error().message;
    struct stat found{};
    ASSERT_EQ(::stat((folder_ / "tls.pem").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600u);
    const auto again = open_tls_identity(folder_);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(made->fingerprint, again->fingerprint);

    const X509* certificate = SSL_CTX_get0_certificate(made->context->native_handle());
    int days = 0;
    int seconds = 0;
    ASSERT_EQ(ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)), 1);
    EXPECT_NEAR(days, 3650, 2);
    EXPECT_LT(X509_cmp_current_time(X509_get0_notBefore(certificate)), 0);
    EXPECT_EQ(EVP_PKEY_get_bits(X509_get0_pubkey(certificate)), 256);
    EXPECT_NE(ASN1_INTEGER_get(X509_get0_serialNumber(certificate)), 0);
    run("openssl verify -CAfile tls.pem tls.pem >verified");
}

TEST_F(TlsIdentityTest, TheFingerprintIsThatOfOpenssl) {
    const auto made = open_tls_identity(folder_);
    ASSERT_TRUE(made);
    run("openssl x509 -in tls.pem -noout -pubkey | openssl pkey -pubin -outform der | "
        "openssl dgst -sha256 -r | cut -c1-64 | tr -d '\\n' >fingerprint");
    std::string told;
    std::ifstream(folder_ / "fingerprint") >> told;
    EXPECT_EQ(made->fingerprint.hex(), told);
}

TEST_F(TlsIdentityTest, AFileThatCannotBeUsedStays) {
    std::ofstream(folder_ / "tls.pem") << "-----BEGIN nonsense";
    const auto identity = open_tls_identity(folder_);
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().code, ErrorCode::bad_data);
    EXPECT_EQ(fs::file_size(folder_ / "tls.pem"), 19u);
    EXPECT_FALSE(open_tls_identity(folder_ / "none"));
}

TEST_F(TlsIdentityTest, AnOperatorsOwnIsLoaded) {
    run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=a -keyout a.key -out a.pem");
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=b "
        "-keyout b.key -out b.pem");
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=c "
        "-keyout c.key -out c.pem");
    run("openssl pkey -in b.key -aes256 -passout pass:secret -out locked.key");
    const auto load = [&](const char* certificate, const char* key) {
        return load_tls_identity(folder_ / certificate, folder_ / key);
    };
    const auto message = [&](const char* certificate, const char* key) {
        const auto loaded = load(certificate, key);
        return loaded ? "(loaded)" : loaded.error().message;
    };
    EXPECT_TRUE(load("a.pem", "a.key"));
    EXPECT_TRUE(load("b.pem", "b.key"));
    EXPECT_THAT(message("b.pem", "c.key"), HasSubstr("not that of the certificate"));
    EXPECT_THAT(message("b.pem", "a.key"), HasSubstr("not that of the certificate"));
    EXPECT_THAT(message("b.key", "b.key"), HasSubstr("no certificate in PEM"));
    EXPECT_THAT(message("b.pem", "b.pem"), HasSubstr("no key in PEM"));
    EXPECT_THAT(message("b.pem", "locked.key"), HasSubstr("no key in PEM without a password"));
    EXPECT_EQ(load("none.pem", "b.key").error().code, ErrorCode::not_found);
    EXPECT_EQ(load("b.pem", "none.key").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace shoal::http

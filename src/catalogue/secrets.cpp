#include "catalogue/secrets.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/text.h"

namespace shoal::catalogue {
namespace {

constexpr int url_safe = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

class File {
  public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }
    explicit operator bool() const { return descriptor_ >= 0; }

  private:
    int descriptor_;
};

std::unexpected<Error> system_error(std::string_view what, const std::filesystem::path& file) {
    const ErrorCode code = errno == ENOENT   ? ErrorCode::not_found
                           : errno == ENOSPC ? ErrorCode::no_space
                                             : ErrorCode::failed;
    return fail(code, "cannot {} the key file {}: {}", what, printable(file.string()),
                std::generic_category().message(errno));
}

/// The whole new key file, on the disk, under a name that no other process uses.
Result<void> write_key(const std::filesystem::path& file) {
    std::array<std::byte, Secrets::key_bytes> key{};
    secure_random(key);
    const File out(
        ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!out) return system_error("make", file);
    const auto written = ::write(out.get(), key.data(), key.size());
    sodium_memzero(key.data(), key.size());
    if (written != static_cast<ssize_t>(key.size()) || ::fsync(out.get()) != 0) {
        return system_error("write", file);
    }
    return {};
}

/// Makes the key file unless another process made it first: link() never replaces.
Result<void> create_key(const std::filesystem::path& file) {
    std::array<std::byte, 8> random{};
    secure_random(random);
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const std::filesystem::path temporary =
        folder / fmt::format(".{}.{}", file.filename().string(), to_hex(random));
    auto written = write_key(temporary);
    if (written && ::link(temporary.c_str(), file.c_str()) != 0 && errno != EEXIST) {
        written = system_error("make", file);
    }
    ::unlink(temporary.c_str());
    if (!written) return written;
    const File opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || ::fsync(opened.get()) != 0) return system_error("keep", file);
    return {};
}

void put(unsigned char* to, std::int64_t value) {
    store_big_endian(static_cast<std::uint64_t>(value),
                     MutableBytes(reinterpret_cast<std::byte*>(to), 8));
}

}  // namespace

Secrets::Secrets(Secrets&& other) noexcept : key_(other.key_) {
    sodium_memzero(other.key_.data(), other.key_.size());
}
Secrets::~Secrets() {
    sodium_memzero(key_.data(), key_.size());
}

Result<Secrets> Secrets::open(const std::filesystem::path& file) {
    if (sodium_init() < 0) return fail(ErrorCode::failed, "libsodium cannot be started");
    int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) {
        if (auto created = create_key(file); !created) return std::unexpected(created.error());
        descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    }
    const File in(descriptor);
    struct stat status{};
    if (!in || ::fstat(in.get(), &status) != 0) return system_error("read", file);
    if (S_ISREG(status.st_mode) && (status.st_mode & 077) != 0) {
        return fail(ErrorCode::refused,
                    "the key file {0} can be read by others; make it private with: chmod 600 {0}",
                    printable(file.string()));
    }
    Secrets secrets;
    if (!S_ISREG(status.st_mode) || status.st_size != static_cast<off_t>(key_bytes) ||
        ::read(in.get(), secrets.key_.data(), key_bytes) != static_cast<ssize_t>(key_bytes)) {
        return fail(ErrorCode::bad_data,
                    "{} is no key file of shoal ({} bytes); restore it from a backup, or move it "
                    "away and have everyone take a new passkey",
                    printable(file.string()), key_bytes);
    }
    return secrets;
}

Secrets::Raw Secrets::raw(SecretKind kind, std::int64_t id, std::int64_t generation) const {
    std::array<unsigned char, 1 + 8 + 8> message{};
    message[0] = static_cast<unsigned char>(kind);
    put(message.data() + 1, id);
    put(message.data() + 9, generation);
    Raw result{};
    put(result.data(), id);
    crypto_generichash(result.data() + 8, mac_bytes, message.data(), message.size(), key_.data(),
                       key_.size());
    return result;
}

std::string Secrets::derive(SecretKind kind, std::int64_t id, std::int64_t generation) const {
    const Raw bytes = raw(kind, id, generation);
    return to_base64url(std::as_bytes(std::span(bytes)));
}

std::string Secrets::instance() const {
    return derive(SecretKind::instance, 0, 0).substr(derived_characters - 8);
}

std::optional<Secrets::Raw> Secrets::decode(std::string_view text) {
    Raw bytes{};
    std::size_t length = 0;
    if (text.size() != derived_characters ||
        sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length,
                          nullptr, url_safe) != 0 ||
        length != bytes.size()) {
        return std::nullopt;
    }
    return bytes;
}

std::optional<std::int64_t> Secrets::claimed_id(std::string_view text) {
    const auto bytes = decode(text);
    if (!bytes) return std::nullopt;
    return static_cast<std::int64_t>(
        load_big_endian<std::uint64_t>(std::as_bytes(std::span(*bytes))));
}

bool Secrets::verify(std::string_view text, SecretKind kind, std::int64_t id,
                     std::int64_t generation) const {
    const auto bytes = decode(text);
    if (!bytes) return false;
    const Raw right = raw(kind, id, generation);
    return sodium_memcmp(bytes->data(), right.data(), right.size()) == 0;
}

std::string new_token() {
    std::array<std::byte, 32> bytes{};
    secure_random(bytes);
    return to_base64url(bytes);
}

bool same_secret(std::string_view one, std::string_view other) {
    return one.size() == other.size() && sodium_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string token_hash(std::string_view token) {
    return sha256(bytes_of(token)).hex();
}

}  // namespace shoal::catalogue

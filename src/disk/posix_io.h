// What the POSIX files and folders share: owned descriptors and errors in words.
#pragma once
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "disk/file_system.h"

namespace shoal::disk {

/// Owns a descriptor.
class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] int release() { return std::exchange(number_, -1); }
    [[nodiscard]] explicit operator bool() const { return number_ >= 0; }

  private:
    int number_;
};

/// What errno says about "cannot {doing} '{path}'".
std::unexpected<Error> system_error(std::string_view doing, std::string_view path,
                                    int number = errno);

FileStatus to_status(const struct stat& found);

/// Takes a descriptor of a regular file over. path: for messages.
std::shared_ptr<File> make_posix_file(Descriptor descriptor, std::string path);

}  // namespace shoal::disk

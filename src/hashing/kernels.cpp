#include "hashing/kernels.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "hashing/plain.h"
#if defined(__x86_64__)
#include <cpuid.h>

#include "hashing/x86.h"
#endif

namespace shoal::hashing {
namespace {

template <class DigestType>
constexpr bool is_sha1 = std::is_same_v<DigestType, Sha1Digest>;

#if defined(__x86_64__)
bool has_avx512() {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
}

bool has_avx2() {
    return __builtin_cpu_supports("avx2") != 0;
}

bool has_sha_ni() {
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    constexpr unsigned sha = 1u << 29;
    return __builtin_cpu_supports("sse4.1") != 0 &&
           __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & sha) != 0;
}

// Where one kernel overtakes another is the ratio of what was measured on a processor that has all
// of them, and without SHA-NI an estimate on the safe side.
template <class DigestType>
void add_vector_kernels(std::vector<Kernel>& kernels) {
    const std::size_t sha_ni_bound = is_sha1<DigestType> ? 5 : 9;
    const std::size_t worth_from = has_sha_ni() ? sha_ni_bound : 4;
    if (has_avx512()) {
        kernels.push_back(
            {"avx512", 16, worth_from, is_sha1<DigestType> ? sha1_avx512 : sha256_avx512});
    }
    if (has_avx2()) {
        kernels.push_back({"avx2", 8, worth_from, is_sha1<DigestType> ? sha1_avx2 : sha256_avx2});
    }
    if (has_sha_ni()) {
        kernels.push_back({"sha-ni", 2, 2, is_sha1<DigestType> ? sha1_sha_ni : sha256_sha_ni});
    }
}
#else
template <class DigestType>
void add_vector_kernels(std::vector<Kernel>&) {}
#endif

template <class DigestType>
std::vector<Kernel> find_kernels() {
    std::vector<Kernel> kernels;
    add_vector_kernels<DigestType>(kernels);
    kernels.push_back({"plain", 1, 1, is_sha1<DigestType> ? sha1_plain : sha256_plain});
    return kernels;
}

template <class DigestType>
std::vector<Kernel> choose_kernels() {
    std::vector<Kernel> kernels = find_kernels<DigestType>();
    const auto has = [&](std::string_view name) {
        return std::ranges::find(kernels, name, &Kernel::name) != kernels.end();
    };
    // Eight lanes are no faster than SHA-NI, and half as fast as sixteen.
    const bool avx2 = !has("avx512") && !has("sha-ni");
    std::erase_if(kernels, [&](const Kernel& kernel) { return kernel.name == "avx2" && !avx2; });
    return kernels;
}

}  // namespace

template <class DigestType>
std::span<const Kernel> usable_kernels() {
    static const std::vector<Kernel> found = find_kernels<DigestType>();
    return found;
}

template <class DigestType>
std::span<const Kernel> chosen_kernels() {
    static const std::vector<Kernel> chosen = choose_kernels<DigestType>();
    return chosen;
}

template std::span<const Kernel> usable_kernels<Sha1Digest>();
template std::span<const Kernel> usable_kernels<Sha256Digest>();
template std::span<const Kernel> chosen_kernels<Sha1Digest>();
template std::span<const Kernel> chosen_kernels<Sha256Digest>();

}  // namespace shoal::hashing

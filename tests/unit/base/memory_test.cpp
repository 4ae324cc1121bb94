#include "base/memory.h"

#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace shoal {
namespace {

class MemoryTest : public ::testing::Test {
  protected:
    ~MemoryTest() override { std::filesystem::remove_all(root); }

    void write(const char* path, std::string_view text) {
        std::filesystem::create_directories((root / path).parent_path());
        std::ofstream(root / path) << text;
    }

    const std::filesystem::path root =
        std::filesystem::temp_directory_path() / ("shoal-memory-" + std::to_string(::getpid()));
};

TEST_F(MemoryTest, IsWhatTheSystemEstimates) {
    write("proc/meminfo",
          "MemTotal:       24684092 kB\nMemFree:         1234 kB\nMemAvailable:   1000 kB\n");
    EXPECT_EQ(available_memory(root), 1'024'000);
}

TEST_F(MemoryTest, IsNoMoreThanAContainersLimitLeaves) {
    write("proc/meminfo", "MemAvailable:   1000 kB\n");
    write("sys/fs/cgroup/memory.max", "500000\n");
    write("sys/fs/cgroup/memory.current", "200000\n");
    EXPECT_EQ(available_memory(root), 300'000);
    write("sys/fs/cgroup/memory.current", "600000\n");
    EXPECT_EQ(available_memory(root), 0);
    write("sys/fs/cgroup/memory.max", "max\n");
    EXPECT_EQ(available_memory(root), 1'024'000);
}

TEST_F(MemoryTest, CannotBeToldWithoutTheSystemsFiles) {
    EXPECT_FALSE(available_memory(root));
    write("proc/meminfo", "MemAvailable: much\n");
    EXPECT_FALSE(available_memory(root));
}

}  // namespace
}  // namespace shoal

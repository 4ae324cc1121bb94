#include "disk/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "temp_folder.h"

namespace shoal::disk {
namespace {

namespace fs = std::filesystem;
using disk::testing::TempFolder;
using ::testing::ElementsAre;
using testing::message_of;

/// Both ways of resolving names have to behave alike.
class FileSystemTest : public ::testing::TestWithParam<Resolve> {
  protected:
    FileSystemTest() : root(*files->open_folder(temporary / "root", true)) {}

    void write(std::string_view path, std::string_view text, Access access = Access::create) {
        const auto file = root->open(path, access);
        ASSERT_TRUE(file) << file.error().message;
        const Bytes bytes = bytes_of(text);
        ASSERT_TRUE((*file)->write(0, std::span(&bytes, 1)));
    }
    std::string read(std::string_view path) {
        const auto file = root->open(path, Access::read);
        if (!file) return "error: " + file.error().message;
        std::string text(100, '\0');
        text.resize((*file)->read(0, std::as_writable_bytes(std::span(text))).value());
        return text;
    }

    TempFolder temporary;
    std::shared_ptr<FileSystem> files = native_file_system(GetParam());
    std::shared_ptr<disk::Folder> root;
};

INSTANTIATE_TEST_SUITE_P(Resolve, FileSystemTest, ::testing::Values(Resolve::best, Resolve::walk),
                         [](const auto& test) {
                             return test.param == Resolve::best ? "ByTheKernel" : "ByWalking";
                         });

TEST_P(FileSystemTest, WritesBuffersInOneGoAndReadsThemBack) {
    ASSERT_TRUE(root->make_folder("a/b"));
    const auto file = root->open("a/b/c", Access::create);
    ASSERT_TRUE(file) << message_of(file);
    std::vector<std::string> texts(1000);
    std::vector<Bytes> buffers;
    std::string whole;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        texts[i] = std::string(i % 3, static_cast<char>('a' + i % 26));
        buffers.push_back(bytes_of(texts[i]));
        whole += texts[i];
    }
    ASSERT_TRUE((*file)->write(5, buffers));
    std::string back(whole.size() + 10, '?');
    EXPECT_EQ((*file)->read(5, std::as_writable_bytes(std::span(back))), whole.size());
    EXPECT_EQ(back.substr(0, whole.size()), whole);
    EXPECT_EQ((*file)->status()->size, std::ssize(whole) + 5);
}

TEST_P(FileSystemTest, RefusesPathsThatLeaveTheFolder) {
    temporary.write("outside", "secret");
    for (const std::string_view path :
         {"../outside", "a/../../outside", "/etc/passwd", "", ".", "..", "a//b", "a/", "./a"}) {
        EXPECT_FALSE(root->open(path, Access::create)) << path;
        EXPECT_FALSE(root->make_folder(path)) << path;
        EXPECT_FALSE(root->status(path)) << path;
        EXPECT_FALSE(root->remove(path)) << path;
        EXPECT_FALSE(root->remove_tree(path)) << path;
    }
    EXPECT_FALSE(root->open(std::string_view("a\0b", 3), Access::create));
    EXPECT_TRUE(fs::exists(temporary / "outside"));
}

TEST_P(FileSystemTest, NeverFollowsAPlantedSymlink) {
    temporary.write("outside/file", "secret");
    fs::create_directory_symlink(temporary / "outside", temporary / "root/folder");
    fs::create_symlink(temporary / "outside/file", temporary / "root/file");
    fs::create_symlink(temporary / "outside/new", temporary / "root/dangling");
    fs::create_directory_symlink(".", temporary / "root/self");

    for (const std::string_view path :
         {"folder/file", "file", "dangling", "folder/new", "self/x"}) {
        for (const Access access : {Access::read, Access::write, Access::create}) {
            const auto opened = root->open(path, access);
            ASSERT_FALSE(opened) << path;
            EXPECT_EQ(opened.error().code, ErrorCode::refused) << opened.error().message;
        }
    }
    EXPECT_FALSE(root->make_folder("folder/below"));
    EXPECT_FALSE(root->open_folder("folder"));
    EXPECT_FALSE(root->remove("folder/file"));
    write("mine", "mine");
    EXPECT_FALSE(root->rename("mine", *root, "folder/mine", Existing::replace));
    EXPECT_FALSE(root->rename("folder/file", *root, "theirs", Existing::replace));
    EXPECT_EQ(root->status("file")->kind, FileKind::symlink);

    EXPECT_FALSE(fs::exists(temporary / "outside/new"));
    EXPECT_FALSE(fs::exists(temporary / "outside/below"));
    EXPECT_TRUE(fs::exists(temporary / "outside/file"));
}

TEST_P(FileSystemTest, RemovesATreeButNotWhatItsSymlinksLeadTo) {
    temporary.write("outside/file", "stays");
    temporary.write("root/tree/a/b/file", "goes");
    fs::create_directory_symlink(temporary / "outside", temporary / "root/tree/link");
    fs::create_directory_symlink(temporary / "outside", temporary / "root/link");
    ASSERT_TRUE(root->remove_tree("tree"));
    ASSERT_TRUE(root->remove_tree("link"));
    ASSERT_TRUE(root->remove_tree("was never there"));
    EXPECT_THAT(*root->list(), ElementsAre());
    EXPECT_TRUE(fs::exists(temporary / "outside/file"));
}

TEST_P(FileSystemTest, DoesNotWaitForAPipeOrOpenAFolderAsAFile) {
    ASSERT_EQ(::mkfifo((temporary / "root/pipe").c_str(), 0666), 0);
    ASSERT_TRUE(root->make_folder("folder"));
    EXPECT_EQ(root->open("pipe", Access::read).error().code, ErrorCode::bad_data);
    EXPECT_EQ(root->open("folder", Access::read).error().code, ErrorCode::bad_data);
    EXPECT_EQ(root->open("folder", Access::create).error().code, ErrorCode::bad_data);
    EXPECT_EQ(root->open("none", Access::write).error().code, ErrorCode::not_found);
}

TEST_P(FileSystemTest, RenamesWithoutReplacingUnlessAsked) {
    write("a", "a");
    write("b", "b");
    ASSERT_TRUE(root->make_folder("full/x"));
    ASSERT_TRUE(root->make_folder("empty"));
    EXPECT_EQ(root->rename("a", *root, "b", Existing::keep).error().code, ErrorCode::refused);
    EXPECT_EQ(root->rename("full", *root, "empty", Existing::keep).error().code,
              ErrorCode::refused);
    EXPECT_EQ(read("b"), "b");
    ASSERT_TRUE(root->rename("a", *root, "b", Existing::replace));
    EXPECT_EQ(read("b"), "a");
    const auto other = files->open_folder(temporary / "other", true);
    ASSERT_TRUE(other);
    ASSERT_TRUE(root->rename("b", **other, "c", Existing::keep));
    EXPECT_TRUE(fs::exists(temporary / "other/c"));
}

TEST_P(FileSystemTest, TellsDataFromHoles) {
    const auto file = root->open("sparse", Access::create);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->resize(10 << 20));
    const std::string text(4096, 'x');
    const Bytes bytes = bytes_of(text);
    ASSERT_TRUE((*file)->write(5 << 20, std::span(&bytes, 1)));
    const auto data = (*file)->next_data(0);
    ASSERT_TRUE(data);
    EXPECT_EQ(*data, ByteCount{5 << 20});
    const auto hole = (*file)->next_hole(5 << 20);
    ASSERT_TRUE(hole);
    EXPECT_EQ(*hole, ByteCount{(5 << 20) + 4096});
    EXPECT_EQ((*file)->next_data(8 << 20).value(), std::nullopt);
    EXPECT_LT((*file)->status()->allocated, 1 << 20);
}

TEST_P(FileSystemTest, LocksAgainstASecondOpening) {
    auto first = root->open("lock", Access::create);
    const auto second = root->open("lock", Access::create);
    ASSERT_TRUE(first && second);
    ASSERT_TRUE((*first)->lock());
    EXPECT_EQ((*second)->lock().error().code, ErrorCode::refused);
    first->reset();
    EXPECT_TRUE((*second)->lock());
}

TEST_P(FileSystemTest, KnowsThatAnOpenFileOrFolderWasDeleted) {
    const auto file = root->open("file", Access::create);
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->status()->links, 1u);
    fs::remove_all(temporary / "root");
    EXPECT_EQ((*file)->status()->links, 0u);
    EXPECT_EQ(root->status()->links, 0u);
}

TEST_P(FileSystemTest, MakesFilesOfProgramsExecutable) {
    write("program", "x", Access::create_program);
    write("text", "x");
    EXPECT_EQ(::access((temporary / "root/program").c_str(), X_OK), 0);
    EXPECT_NE(fs::status(temporary / "root/text").permissions() & fs::perms::owner_exec,
              fs::perms::owner_exec);
}

TEST_P(FileSystemTest, SeesWrittenPagesInMemory) {
    const std::string text(100'000, 'x');
    write("file", text);
    const auto file = root->open("file", Access::read);
    ASSERT_TRUE(file);
    EXPECT_TRUE((*file)->is_cached(0, 100'000));
}

TEST_P(FileSystemTest, SaysWhyAFolderOfTheUserCannotBeOpened) {
    temporary.write("file", "x");
    EXPECT_EQ(files->open_folder(temporary / "none", false).error().code, ErrorCode::not_found);
    EXPECT_EQ(files->open_folder(temporary / "file", false).error().code, ErrorCode::bad_data);
    EXPECT_EQ(files->open_folder(temporary / "file/below", true).error().code, ErrorCode::bad_data);
    EXPECT_EQ(files->status(temporary / "none").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace shoal::disk

"""A folder reaches only lower floors, and its files look as the house has them.

Run with SHOAL_BUILD=path/to/build python3 -m unittest: the compile commands are taken from there.
"""
import concurrent.futures
import glob
import json
import os
import re
import shlex
import subprocess
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SRC = os.path.join(ROOT, "src")
BUILD = os.path.abspath(os.environ.get("SHOAL_BUILD", os.path.join(ROOT, "build", "dev")))
LONGEST_FILE = 500  # lines


def floors():
    """Folder to floor, as the build files say."""
    found = {}
    for path in glob.glob(os.path.join(SRC, "*", "CMakeLists.txt")):
        with open(path) as file:
            named = re.search(r"shoal_floor\((\w+)\s+FLOOR\s+(\d+)", file.read())
        found[named[1]] = int(named[2])
    return found


def headers(folder="*"):
    """The headers of a folder as they are included."""
    return sorted(os.path.relpath(path, SRC)
                  for path in glob.glob(os.path.join(SRC, folder, "**", "*.h"), recursive=True))


def sources():
    return sorted(glob.glob(os.path.join(SRC, "**", "*.cpp"), recursive=True)
                  + glob.glob(os.path.join(SRC, "**", "*.h"), recursive=True))


def compile_command(folder):
    """How the files of a folder are compiled, without the file, its object and anything that is
    included before it."""
    with open(os.path.join(BUILD, "compile_commands.json")) as file:
        # What the build makes itself lies in a folder of the same name.
        places = tuple(os.path.join(root, folder) + os.sep for root in (SRC, BUILD))
        entry = next(entry for entry in json.load(file) if entry["file"].startswith(places))
    words, kept = iter(shlex.split(entry["command"])), []
    for word in words:
        if word in ("-o", "-c", "-include"):
            next(words)
        elif word != "-Winvalid-pch":
            kept.append(word)
    return kept, entry["directory"]


def compiles(folder, text, *options):
    """The compiler's exit code and what it says about a file of that text in the folder."""
    command, directory = compile_command(folder)
    done = subprocess.run([*command, *options, "-fsyntax-only", "-x", "c++", "-"], cwd=directory,
                          input=text, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stderr


class Floors(unittest.TestCase):
    def test_an_include_of_a_lower_floor_compiles(self):
        for folder, header in (("swarm", "wire/message.h"), ("wire", "base/bytes.h"),
                               ("metainfo", "bencode/document.h")):
            with self.subTest(folder=folder):
                code, said = compiles(folder, f'#include "{header}"\n')
                self.assertEqual(code, 0, said)

    def test_an_include_of_a_higher_floor_does_not_compile(self):
        for folder, header in (("swarm", "net/stream.h"), ("wire", "disk/storage.h"),
                               ("engine", "cli/command.h"), ("disk", "net/stream.h")):
            with self.subTest(folder=folder):
                self.assertTrue(os.path.exists(os.path.join(SRC, header)))
                code, said = compiles(folder, f'#include "{header}"\n')
                self.assertNotEqual(code, 0)
                self.assertIn("No such file", said)

    def test_every_folder_sees_itself_and_lower_floors_alone(self):
        levels = floors()
        self.assertEqual(sorted(levels), sorted({header.split("/")[0] for header in headers()}))
        probe = "".join(f'#if __has_include("{header}")\nseen {header}\n#endif\n'
                        for header in headers())
        for folder, level in levels.items():
            command, directory = compile_command(folder)
            done = subprocess.run([*command, "-E", "-P", "-x", "c++", "-"], cwd=directory,
                                  input=probe, capture_output=True, text=True, timeout=60)
            seen = {line.split()[1].split("/")[0] for line in done.stdout.splitlines()
                    if line.startswith("seen ")}
            with self.subTest(folder=folder):
                self.assertIn(folder, seen)
                for other in seen - {folder}:
                    self.assertLess(levels[other], level, f"{folder} sees {other}")


class Dependencies(unittest.TestCase):
    def configure(self, low_needs, high_needs):
        """Configures a house of two floors; exit code and what was said."""
        with tempfile.TemporaryDirectory() as house:
            for folder in ("low", "high"):
                os.makedirs(os.path.join(house, "src", folder))
                with open(os.path.join(house, "src", folder, "one.cpp"), "w") as file:
                    file.write("// Nothing.\n")
            with open(os.path.join(house, "CMakeLists.txt"), "w") as file:
                file.write("cmake_minimum_required(VERSION 3.25)\nproject(probe LANGUAGES CXX)\n"
                           f"include({ROOT}/cmake/ShoalHouse.cmake)\n"
                           "add_library(shoal_compile INTERFACE)\n")
                if low_needs:  # the other floor has to be known by then
                    file.write("shoal_floor(high FLOOR 2 SOURCES src/high/one.cpp)\n"
                               "shoal_floor(low FLOOR 1 SOURCES src/low/one.cpp DEPS high)\n")
                else:
                    file.write("shoal_floor(low FLOOR 1 SOURCES src/low/one.cpp)\n"
                               "shoal_floor(high FLOOR 2 SOURCES src/high/one.cpp"
                               f"{' DEPS low' if high_needs else ''})\n")
            done = subprocess.run(["cmake", "-G", "Ninja", "-S", house,
                                   "-B", os.path.join(house, "build")],
                                  capture_output=True, text=True, timeout=120)
            return done.returncode, " ".join(done.stderr.split())

    def test_a_dependency_downwards_configures(self):
        code, said = self.configure(low_needs=False, high_needs=True)
        self.assertEqual(code, 0, said)

    def test_a_dependency_upwards_does_not_configure(self):
        code, said = self.configure(low_needs=True, high_needs=False)
        self.assertNotEqual(code, 0)
        self.assertIn("src/low (floor 1) must not use src/high (floor 2)", said)


class Files(unittest.TestCase):
    def text_of(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_no_file_includes_by_a_way_around_the_floors(self):
        for path in sources():
            self.assertIsNone(re.search(r'#\s*include\s*["<](\.\.?/|.*/\.\./|src/)',
                                        self.text_of(path)), path)

    def test_every_file_says_what_it_is_for(self):
        """Headers open with a comment; so do sources that no header of the same name speaks for."""
        for path in sources():
            first = self.text_of(path).split("\n", 1)[0]
            own = os.path.relpath(os.path.splitext(path)[0] + ".h", SRC)
            if path.endswith(".cpp") and os.path.exists(os.path.join(SRC, own)):
                continue
            self.assertTrue(first.startswith("// "), f"{path} opens with: {first}")

    def test_no_file_is_too_long(self):
        for path in sources():
            self.assertLessEqual(self.text_of(path).count("\n"), LONGEST_FILE, path)

    def uses_boost(self, header, seen):
        """Whether it includes Boost, itself or through headers of ours."""
        if header in seen:
            return False
        seen.add(header)
        for name in re.findall(r'#\s*include\s*["<]([^">]+)[">]',
                               self.text_of(os.path.join(SRC, header))):
            if name.startswith(("boost/", "CLI/")):
                return True
            if os.path.exists(os.path.join(SRC, name)) and self.uses_boost(name, seen):
                return True
        return False

    def test_headers_compile_alone(self):
        """Those that include Boost would take minutes, and are left out."""
        alone = [header for header in headers() if not self.uses_boost(header, set())]
        self.assertGreater(len(alone), 30)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(lambda header: compiles(header.split("/")[0],
                                                       f'#include "{header}"\n', "-O0", "-g0"),
                               alone)
            for header, (code, said) in zip(alone, results):
                self.assertEqual(code, 0, f"{header}: {said}")


if __name__ == "__main__":
    unittest.main()

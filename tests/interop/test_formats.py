"""The same input has the same info hash here and in other tools, and each reads what the other wrote.

Run with SHOAL=path/to/shoal /usr/bin/python3 -m unittest; needs libtorrent's Python module,
mktorrent and transmission-create.
"""
import json
import os
import random
import shutil
import subprocess
import tempfile
import unittest

import libtorrent

SHOAL = os.path.abspath(os.environ.get("SHOAL", "build/dev/bin/shoal"))
PIECE = 32768
FLAGS = {
    "v1": libtorrent.create_torrent.v1_only,
    "v2": libtorrent.create_torrent.v2_only,
    "hybrid": 0,
}


def shoal(*arguments, code=0):
    """Runs the program; its standard output as text."""
    done = subprocess.run([SHOAL, *arguments], capture_output=True, text=True, timeout=60)
    if done.returncode != code:
        raise AssertionError(f"{arguments}: exit {done.returncode}, not {code}: {done.stderr}")
    return done.stdout


def info(source):
    return json.loads(shoal("--json", "info", source))


def libtorrent_torrent(path, form, private=False):
    """What libtorrent makes of a file or folder, files in the order of their paths."""
    storage = libtorrent.file_storage()
    parent, name = os.path.split(path)
    if os.path.isdir(path):
        found = []
        for folder, _, names in os.walk(path):
            for one in names:
                full = os.path.join(folder, one)
                found.append((os.path.relpath(full, parent).split("/"), full))
        # libtorrent keeps the order of v1 files as it is given, and orders the others itself.
        for parts, full in sorted(found, key=lambda one: "/".join(one[0]).encode()):
            storage.add_file("/".join(parts), os.path.getsize(full))
    else:
        storage.add_file(name, os.path.getsize(path))
    torrent = libtorrent.create_torrent(storage, PIECE, FLAGS[form])
    torrent.set_priv(private)
    libtorrent.set_piece_hashes(torrent, parent)
    return libtorrent.bencode(torrent.generate())


class Formats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="shoal-formats-")
        noise = random.Random(7)
        sizes = {
            "single.bin": 1_000_003,
            "tiny": 1,
            "exact": 4 * PIECE,
            "Bài giảng.pdf": 70_001,
            "folder/a.txt": 100,
            "folder/a-b/x": 5_000,
            "folder/a/deep/er/y": 40_000,
            "folder/a/z": 16_384,
            "folder/B": 32_768,
            "folder/empty": 0,
            "folder/mid": 65_537,
            "folder/tên có dấu": 123_456,
            "folder/zz": 0,
            "one/file": 50_000,
            "full/a": 16_385,
            "full/sub/b": 99_999,
            "full/c": 32_768,
        }
        for name, size in sizes.items():
            path = os.path.join(cls.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(noise.randbytes(size))
        cls.inputs = ["single.bin", "tiny", "exact", "Bài giảng.pdf", "folder", "one", "full"]

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.root)

    def path(self, name):
        return os.path.join(self.root, name)

    def create(self, name, form, *more):
        """The torrent that shoal makes, and its hashes."""
        with tempfile.TemporaryDirectory() as out:
            file = os.path.join(out, "x.torrent")
            said = json.loads(shoal("--json", "create", self.path(name), "-o", file, "--format", form,
                                    "--piece-length", str(PIECE), *more))
            with open(file, "rb") as torrent:
                return torrent.read(), said

    def test_info_hash_equals_that_of_libtorrent(self):
        for name in self.inputs:
            for form in FLAGS:
                for private in (False, True):
                    with self.subTest(name=name, form=form, private=private):
                        theirs = libtorrent.torrent_info(
                            libtorrent.bdecode(libtorrent_torrent(self.path(name), form, private)))
                        _, ours = self.create(name, form, *(["--private"] if private else []))
                        hashes = theirs.info_hashes()
                        if form != "v2":
                            self.assertEqual(ours["info_hash_v1"], str(hashes.v1))
                        if form != "v1":
                            self.assertEqual(ours["info_hash_v2"], str(hashes.v2))

    def test_info_hash_equals_that_of_mktorrent(self):
        for name in self.inputs:
            with self.subTest(name=name), tempfile.TemporaryDirectory() as out:
                file = os.path.join(out, "m.torrent")
                subprocess.run(["mktorrent", "-l", "15", "-o", file, self.path(name)], check=True,
                               stdout=subprocess.DEVNULL)
                _, ours = self.create(name, "v1")
                self.assertEqual(ours["info_hash"], info(file)["info_hash"])

    def test_info_hash_equals_that_of_transmission(self):
        # It leaves empty files out, orders case-insensitively, and always writes the private flag.
        for name in ("single.bin", "tiny", "exact", "Bài giảng.pdf", "one", "full"):
            with self.subTest(name=name), tempfile.TemporaryDirectory() as out:
                file = os.path.join(out, "t.torrent")
                subprocess.run(["transmission-create", "-p", "-t", "http://t/announce", "-s",
                                str(PIECE // 1024), "-o", file, self.path(name)], check=True, stdout=subprocess.DEVNULL)
                _, ours = self.create(name, "v1", "--private")
                theirs = info(file)
                self.assertTrue(theirs["private"])
                self.assertEqual(ours["info_hash"], theirs["info_hash"])

    def test_libtorrent_reads_what_shoal_writes(self):
        for name in self.inputs:
            for form in FLAGS:
                with self.subTest(name=name, form=form):
                    torrent, ours = self.create(name, form, "--tracker", "http://t:1/announce")
                    theirs = libtorrent.torrent_info(libtorrent.bdecode(torrent))
                    files = theirs.files()
                    content = [files.file_path(i) for i in range(files.num_files())
                               if not files.file_flags(i) & libtorrent.file_flags_t.flag_pad_file]
                    self.assertEqual(len(content), ours["file_count"])
                    self.assertEqual([t.url for t in theirs.trackers()], ["http://t:1/announce"])

    def test_shoal_reads_what_libtorrent_writes(self):
        for name in self.inputs:
            for form in FLAGS:
                with self.subTest(name=name, form=form), tempfile.TemporaryDirectory() as out:
                    file = os.path.join(out, "l.torrent")
                    with open(file, "wb") as torrent:
                        torrent.write(libtorrent_torrent(self.path(name), form))
                    ours = info(file)
                    self.assertEqual(ours["format"], form)
                    self.assertEqual(ours["name"], name)
                    sizes = {f["path"]: f["size"] for f in ours["files"]}
                    for path, size in sizes.items():
                        full = os.path.join(self.path(name), path) if ours["folder"] else self.path(path)
                        self.assertEqual(os.path.getsize(full), size)

    def test_magnet_links_are_read_alike(self):
        for form in FLAGS:
            with self.subTest(form=form), tempfile.TemporaryDirectory() as out:
                file = os.path.join(out, "x.torrent")
                shoal("create", self.path("Bài giảng.pdf"), "-o", file, "--format", form,
                      "--tracker", "http://t:1/announce?passkey=a&b=c")
                link = shoal("magnet", file).strip()
                theirs = libtorrent.parse_magnet_uri(link)
                ours = info(link)
                self.assertEqual(theirs.name, "Bài giảng.pdf")
                self.assertEqual(theirs.trackers, ["http://t:1/announce?passkey=a&b=c"])
                if form != "v2":
                    self.assertEqual(str(theirs.info_hashes.v1), ours["info_hash_v1"])
                if form != "v1":
                    self.assertEqual(str(theirs.info_hashes.v2), ours["info_hash_v2"])
                again = info(libtorrent.make_magnet_uri(libtorrent.torrent_info(file)))
                self.assertEqual(again["info_hash"], ours["info_hash"])


class Command(unittest.TestCase):
    """Exit codes and side effects of create and magnet."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="shoal-command-")
        self.file = os.path.join(self.root, "data")
        with open(self.file, "wb") as out:
            out.write(b"x" * 100_000)
        self.torrent = os.path.join(self.root, "data.torrent")

    def tearDown(self):
        shutil.rmtree(self.root)

    def test_dry_run_says_the_same_hash_and_writes_nothing(self):
        dry = json.loads(shoal("--json", "create", self.file, "-o", self.torrent, "--dry-run"))
        self.assertFalse(os.path.exists(self.torrent))
        wet = json.loads(shoal("--json", "create", self.file, "-o", self.torrent))
        self.assertEqual(dry["info_hash"], wet["info_hash"])
        self.assertEqual(sorted(os.listdir(self.root)), ["data", "data.torrent"])

    def test_writes_into_the_current_folder(self):
        subprocess.run([SHOAL, "create", self.file], cwd=self.root, check=True, capture_output=True)
        self.assertEqual(info(self.torrent)["name"], "data")

    def test_an_existing_torrent_is_kept(self):
        shoal("create", self.file, "-o", self.torrent)
        with open(self.torrent, "rb") as torrent:
            before = torrent.read()
        shoal("create", self.file, "-o", self.torrent)  # the same again is no error
        shoal("create", self.file, "-o", self.torrent, "--private", code=4)
        with open(self.torrent, "rb") as torrent:
            self.assertEqual(torrent.read(), before)
        other = os.path.join(self.root, "notes")
        with open(other, "w") as out:
            out.write("mine")
        shoal("create", self.file, "-o", other, code=4)

    def test_wrong_input_has_its_exit_code(self):
        os.mkdir(os.path.join(self.root, "empty"))
        shoal("create", os.path.join(self.root, "none"), code=3)
        shoal("create", os.path.join(self.root, "empty"), code=2)
        shoal("create", self.file, "--tracker", "nonsense", "-o", self.torrent, code=2)
        shoal("create", self.file, "--piece-length", "17K", "-o", self.torrent, code=2)
        shoal("create", self.file, "--format", "v3", "-o", self.torrent, code=2)
        shoal("info", os.path.join(self.root, "none"), code=3)
        shoal("info", self.file, code=5)
        self.assertFalse(os.path.exists(self.torrent))

    def test_magnet_of_a_private_torrent_is_refused_unless_forced(self):
        shoal("create", self.file, "-o", self.torrent, "--private")
        shoal("magnet", self.torrent, code=4)
        self.assertTrue(shoal("magnet", self.torrent, "--force").startswith("magnet:?xt=urn:btih:"))

    def test_info_reads_a_text_file_with_a_link(self):
        shoal("create", self.file, "-o", self.torrent)
        text = os.path.join(self.root, "link.txt")
        with open(text, "w") as out:
            out.write(shoal("magnet", self.torrent))
        self.assertEqual(info(text)["info_hash"], info(self.torrent)["info_hash"])

    def test_many_files_are_shared_at_once(self):
        folder = os.path.join(self.root, "many")
        os.mkdir(folder)
        for i in range(10_000):
            with open(os.path.join(folder, f"{i:05}"), "w") as out:
                out.write(str(i))
        said = json.loads(shoal("--json", "create", folder, "-o", self.torrent))
        self.assertEqual(said["file_count"], 10_000)
        self.assertEqual(len(info(self.torrent)["files"]), 10_000)


if __name__ == "__main__":
    unittest.main()

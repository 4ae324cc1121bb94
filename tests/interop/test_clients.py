"""Other people's clients and `shoal` seed to each other and download from each other, through our
tracker and through opentracker."""
import os
import unittest

import libtorrent

from other_clients import CLIENTS, Aria2, Libtorrent, opentracker
from swarm_tools import (ADDRESSES, KIB, MIB, Swarm, make_file, make_folder, needs_isolation,
                         scrape, wait_until)


class Share:
    """A torrent, where it comes from, and how the downloader is told of it."""

    def __init__(self, case, name, folder, magnet, theirs):
        self.name, self.magnet, self.theirs = name, magnet, theirs
        make = make_folder if folder else make_file
        self.home = case.path("origin", name)
        self.content = make(os.path.join(self.home, name), *(
            (name, MIB) if folder else (3 * MIB + 77, name)))

    def announce(self, case, url):
        self.announce_url = url
        self.torrent = case.create(self.content, "--piece-length", "64K", "--tracker", url)
        self.info_hash = case.info(self.torrent)["info_hash"]
        self.source = case.magnet(self.torrent) if self.magnet else self.torrent


@needs_isolation
class Clients(Swarm):
    """Every client both ways: file and folder, torrent and magnet link, two trackers."""

    def shares(self):
        return [Share(self, "tập tin một.bin", False, False, False),
                Share(self, "thư mục hai", True, True, False),
                Share(self, "tập tin ba.bin", False, True, True),
                Share(self, "thư mục bốn", True, False, True)]

    def prepare(self):
        shares = self.shares()
        hashes = [self.info_hash_of(share.content) for share in shares]
        ours = self.tracker(listen=f"{ADDRESSES.fresh()}:0").announce
        theirs = opentracker(self, hashes)
        for share in shares:
            share.announce(self, theirs if share.theirs else ours)
        return shares

    def info_hash_of(self, content):
        return self.info(self.create(content, "--piece-length", "64K"))["info_hash"]

    def arrived(self, share, folder, empty_files=True):
        self.assert_same(share.content, os.path.join(folder, os.path.basename(share.content)),
                         empty_files)

    def from_them(self, client):
        shares = self.prepare()
        seeding = CLIENTS[client](self)
        for share in shares:
            seeding.seed(share.torrent, share.home)
        seeding.wait(len(shares))
        for share in shares:
            wait_until(lambda: scrape(share.announce_url, share.info_hash)[0] == 1,
                       "the tracker to know of the seed", period=0.1)
        downloads = [(share, self.path("to", share.name)) for share in shares]
        programs = [self.download(share.source, to, listen=f"{ADDRESSES.fresh()}:0")
                    for share, to in downloads]
        for program, (share, to) in zip(programs, downloads):
            program.expect()
            self.arrived(share, to)
        seeding.stop()

    def to_them(self, client):
        shares = self.prepare()
        pairs = [one for share in shares for one in (share.torrent, share.content)]
        seed = self.seed(*pairs, listen=f"{ADDRESSES.fresh()}:0")
        fetching = CLIENTS[client](self)
        for share in shares:
            fetching.download(share.source, self.path("to", share.name))
        fetching.wait(len(shares))
        for share in shares:
            self.arrived(share, self.path("to", share.name), fetching.makes_empty_files)
        fetching.stop()
        seed.stop()

    def test_transmission_seeds_to_shoal(self):
        self.from_them("transmission")

    def test_transmission_downloads_from_shoal(self):
        self.to_them("transmission")

    def test_libtorrent_seeds_to_shoal(self):
        self.from_them("libtorrent")

    def test_libtorrent_downloads_from_shoal(self):
        self.to_them("libtorrent")

    def test_aria2_seeds_to_shoal(self):
        self.from_them("aria2")

    def test_aria2_downloads_from_shoal(self):
        self.to_them("aria2")


@needs_isolation
class Mixed(Swarm):
    def test_all_download_together_from_one_seed(self):
        content = make_folder(self.path("chung"), 21, 6 * MIB)
        tracker = self.tracker(listen=f"{ADDRESSES.fresh()}:0")
        torrent = self.create(content, "--piece-length", "64K", "--tracker", tracker.announce)
        size = sum(os.path.getsize(os.path.join(folder, name))
                   for folder, _, names in os.walk(content) for name in names)
        seed = self.seed(torrent, content, "--max-up", "3M", listen=f"{ADDRESSES.fresh()}:0")
        others = [Libtorrent(self), Aria2(self)]
        for i, other in enumerate(others):
            other.download(torrent, self.path(f"other{i}"))
        shoals = [self.download(torrent, self.path(f"shoal{i}"), "--seed",
                                listen=f"{ADDRESSES.fresh()}:0") for i in range(2)]
        for i, program in enumerate(shoals):
            program.event("complete")
            self.assert_same(content, self.path(f"shoal{i}", "chung"))
        for i, other in enumerate(others):
            other.wait(1)
            self.assert_same(content, self.path(f"other{i}", "chung"))
        # They gave to each other: four copies cost the seed less than two.
        self.assertLess(self.uploaded(seed), 2 * size)
        self.assertGreater(sum(self.uploaded(one) for one in shoals), size // 4)


@needs_isolation
class VersionTwo(Swarm):
    """v2 and hybrid torrents, of ours and of libtorrent's making, both ways."""

    def libtorrent_torrent(self, content, flags):
        storage = libtorrent.file_storage()
        libtorrent.add_files(storage, content)
        made = libtorrent.create_torrent(storage, 64 * KIB, flags)
        libtorrent.set_piece_hashes(made, os.path.dirname(content))
        path = self.path(f"{os.path.basename(content)}-libtorrent-{flags}.torrent")
        with open(path, "wb") as file:
            file.write(libtorrent.bencode(made.generate()))
        return path

    def torrents(self):
        for name, content in (("tệp.bin", make_file(self.path("tệp.bin"), 3 * MIB + 5, 31)),
                              ("thư mục", make_folder(self.path("thư mục"), 32, MIB))):
            for form, flags in (("v2", libtorrent.create_torrent.v2_only), ("hybrid", 0)):
                yield content, self.create(content, "--format", form, "--piece-length", "64K")
                yield content, self.libtorrent_torrent(content, flags)

    def test_libtorrent_seeds_to_shoal(self):
        # The same content is the same torrent to libtorrent, so each has a session of its own.
        jobs = []
        for content, torrent in self.torrents():
            seeding = Libtorrent(self)
            seeding.seed(torrent, self.root)
            seeding.wait(1)
            to = self.path(f"to-{os.path.basename(torrent)}")
            jobs.append((content, to, self.download(
                torrent, to, f"--peer={seeding.address}:51413", listen=f"{ADDRESSES.fresh()}:0")))
        for content, to, program in jobs:
            program.expect()
            self.assert_same(content, os.path.join(to, os.path.basename(content)))

    def test_libtorrent_downloads_from_shoal(self):
        jobs = []
        for content, torrent in self.torrents():
            seed = self.seed(torrent, content, listen=f"{ADDRESSES.fresh()}:0")
            fetching = Libtorrent(self)
            to = self.path(f"to-{os.path.basename(torrent)}")
            fetching.download(torrent, to)
            fetching.connect(seed.address)
            jobs.append((content, to, fetching))
        for content, to, fetching in jobs:
            fetching.wait(1)
            self.assert_same(content, os.path.join(to, os.path.basename(content)))

    def test_shoal_passes_them_on_and_by_magnet_link(self):
        content = make_folder(self.path("lai"), 33, MIB)
        torrent = self.create(content, "--format", "hybrid", "--piece-length", "64K")
        seeding = Libtorrent(self)
        seeding.seed(torrent, self.root)
        seeding.wait(1)
        link = self.magnet(torrent)
        first = self.download(link, self.path("first"), f"--peer={seeding.address}:51413",
                              "--seed", listen=f"{ADDRESSES.fresh()}:0")
        first.event("complete")
        seeding.stop()
        second = Libtorrent(self)
        second.download(link, self.path("second"))
        second.connect(first.event("ready")["address"])
        second.wait(1)
        self.assert_same(content, self.path("first", "lai"))
        self.assert_same(content, self.path("second", "lai"))


if __name__ == "__main__":
    unittest.main()

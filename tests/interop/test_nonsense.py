"""Peers that talk nonsense: they harm neither `seed` nor `download`, and no other peer."""
import hashlib
import os
import random
import socket
import threading
import time
import unittest

import hostile_peer as hp
from hostile_peer import BLOCK, Peer, Server, extended, handshake, message, numbers
from swarm_tools import (KIB, MIB, SANITIZED, Swarm, bdecode, bencode, make_file, wait_until)

MEMORY = 2000 if SANITIZED else 100  # MiB
PIECE = 64 * KIB
PIECES = 48


def noise(seed, count):
    return random.Random(seed).randbytes(count)


class Nonsense(Swarm):
    def setUp(self):
        super().setUp()
        self.content = make_file(self.path("data.bin"), PIECES * PIECE, 61)
        with open(self.content, "rb") as file:
            self.data = file.read()
        self.torrent = self.create(self.content, "--piece-length", PIECE)
        self.info_hash = bytes.fromhex(self.info(self.torrent)["info_hash"])
        with open(self.torrent, "rb") as file:
            whole = file.read()
        self.metadata = bencode(bdecode(whole)[0][b"info"])
        self.assertEqual(hashlib.sha1(self.metadata).digest(), self.info_hash)

    def assert_healthy(self, *programs):
        for program in programs:
            self.assertIsNone(program.process.poll(), program.errors)
            self.assertLess(program.memory(), MEMORY)

    def server(self, treat):
        server = Server(treat)
        self.addCleanup(server.close)
        return server

    def everything(self, peer):
        """The part of an honest seed that comes before the data."""
        peer.greet(self.info_hash)
        peer.send(message(hp.HAVE_ALL), message(hp.UNCHOKE))

    def answer(self, peer, request):
        piece, offset, length = (int.from_bytes(request[i:i + 4], "big") for i in (0, 4, 8))
        at = piece * PIECE + offset
        peer.send(message(hp.PIECE, numbers(piece, offset) + self.data[at:at + length]))


# What no peer of sound mind says after its handshake. True: it must be hung up on; None: it may.
WORDS = {
    "a length of 4 GiB": (b"\xff\xff\xff\xff\x00", True),
    "a length of 20 MiB": (numbers(20 * MIB) + b"\x05", True),
    "a bitfield that is too short": (message(hp.BITFIELD, b"\xff"), True),
    "a bitfield that is too long": (message(hp.BITFIELD, b"\xff" * 1000), True),
    "a bitfield with bits beyond its end": (message(hp.BITFIELD, b"\xff" * 7), True),
    "an empty bitfield": (message(hp.BITFIELD), True),
    "a have beyond the last piece": (message(hp.HAVE, numbers(PIECES)), True),
    "a have of 4 billion": (message(hp.HAVE, numbers(0xffffffff)), True),
    "a have that is too short": (message(hp.HAVE, b"\0"), True),
    "a choke with a payload": (message(hp.CHOKE, b"x"), True),
    "a request beyond the piece": (message(hp.REQUEST, numbers(0, PIECE, BLOCK)), True),
    "a request across the end": (message(hp.REQUEST, numbers(0, PIECE - 1, 2)), True),
    "a request that overflows": (message(hp.REQUEST, numbers(0, 0xfffffff0, 0x20)), True),
    "a request of no bytes": (message(hp.REQUEST, numbers(0, 0, 0)), True),
    "a request of 1 GiB": (message(hp.REQUEST, numbers(0, 0, 1 << 30)), True),
    "a request of no piece": (message(hp.REQUEST, numbers(PIECES, 0, BLOCK)), True),
    "a request that is too long": (message(hp.REQUEST, numbers(0, 0, BLOCK, 0)), True),
    "an extended message of nothing": (message(hp.EXTENDED), True),
    "an extension handshake of noise": (message(hp.EXTENDED, b"\0" + noise(1, 200)), True),
    "an extension handshake that nests": (message(hp.EXTENDED, b"\0" + b"l" * 9000), True),
    "a metadata message of noise": (message(hp.EXTENDED, b"\1" + noise(2, 50)), True),
    "a piece message without a piece": (message(hp.PIECE, b"\0\0"), True),
    "a piece message of 2 MiB": (message(hp.PIECE, numbers(0, 0) + bytes(2 * MIB)), True),
    "data that nobody asked for": (message(hp.PIECE, numbers(0, 0) + bytes(BLOCK)), False),
    "data of no piece": (message(hp.PIECE, numbers(0xffffffff, 7) + bytes(BLOCK)), False),
    "a cancel of nothing": (message(hp.CANCEL, numbers(9999, 1, 2)), False),
    "a suggestion of nothing": (message(hp.SUGGEST, numbers(1 << 31)), False),
    "an allowed piece that is none": (message(hp.ALLOWED_FAST, numbers(1 << 31)), False),
    "a message of an unknown kind": (message(99, noise(3, 100)), False),
    "an unknown extension": (message(hp.EXTENDED, b"\xc8" + noise(4, 100)), False),
    "metadata that nobody asked for": (extended(1, {"msg_type": 1, "piece": 0,
                                                   "total_size": 10}, b"x" * 10), False),
    "a request for metadata of 4 billion": (extended(0, {"m": {"ut_metadata": 3}}) + extended(
        1, {"msg_type": 0, "piece": 0xffffffff}), False),
    "absurd numbers in the handshake": (extended(0, {
        "m": {"ut_metadata": 1 << 60, "upload_only": -1}, "metadata_size": -5, "p": 1 << 40,
        "reqq": -1}), False),
    "the same extension handshake a thousand times": (extended(
        0, {"m": {"ut_metadata": 3}, "metadata_size": 100, "p": 9}) * 1000, False),
    "keep-alives without end": (b"\0\0\0\0" * 100_000, False),
    "all and nothing by turns": ((message(hp.HAVE_ALL) + message(hp.HAVE_NONE)) * 2000, None),
}

GREETINGS = {
    "nothing at all": b"",
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "noise": noise(5, 500),
    "half a handshake": hp.PROTOCOL + b"\0" * 10,
    "another protocol's name": b"\x13BitTorrent protocoX" + b"\0" * 48,
    "a torrent that is not here": handshake(b"?" * 20) + message(hp.HAVE_ALL),
}


class AgainstASeed(Nonsense):
    def setUp(self):
        super().setUp()
        self.target = self.seed(self.torrent, self.content)

    def serves(self):
        """An honest download is served in full."""
        to = self.path(f"to{next(self._names)}")
        self.download(self.torrent, to, "--peer", self.target.address).expect()
        self.assert_same(self.content, os.path.join(to, "data.bin"))
        self.assert_healthy(self.target)

    def test_nonsense_in_dozens_of_ways(self):
        for name, greeting in GREETINGS.items():
            with self.subTest(name), Peer.call(self.target.address) as peer:
                peer.send(greeting)
                if name not in ("nothing at all", "half a handshake"):
                    self.assertTrue(peer.hung_up(5))
        for name, (words, deadly) in WORDS.items():
            with self.subTest(name), Peer.call(self.target.address) as peer:
                peer.greet(self.info_hash)
                peer.send(words)
                if deadly:
                    self.assertTrue(peer.hung_up(5))
                elif deadly is False:
                    # It still listens and answers.
                    peer.send(message(hp.INTERESTED))
                    peer.hear_until(hp.UNCHOKE)
        self.serves()

    def test_noise_after_the_handshake(self):
        for seed in range(200):
            peer = Peer.call(self.target.address)
            peer.send(handshake(self.info_hash) + noise(seed, 3000))
            peer.close()
        self.serves()

    def test_requests_without_reading_the_answers(self):
        # Rejects, data and metadata pile up unless the seed stops reading.
        peers = []
        for words in ((message(hp.REQUEST, numbers(0, 0, BLOCK)),) * 20_000,
                      (extended(1, {"msg_type": 0, "piece": 0}),) * 20_000,
                      (extended(1, {"msg_type": 0, "piece": 77}),) * 20_000,
                      (message(hp.INTERESTED), *(message(hp.REQUEST, numbers(0, 0, 128 * KIB // 2)),
                                                 ) * 20_000)):
            peer = Peer.call(self.target.address)
            self.addCleanup(peer.close)
            peer.greet(self.info_hash)
            peer.send(extended(0, {"m": {"ut_metadata": 3}}))
            peer.socket.settimeout(3)
            peers.append((peer, b"".join(words)))
        threads = [threading.Thread(target=lambda p=peer, w=words: p.send(w * 20), daemon=True)
                   for peer, words in peers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.serves()

    def test_a_crowd_that_says_nothing(self):
        crowd = [Peer.call(self.target.address) for _ in range(300)]
        # Who speaks is let in, and the silent make room for it.
        begin = time.monotonic()
        self.serves()
        self.assertLess(time.monotonic() - begin, 60 if SANITIZED else 10)
        for peer in crowd:
            peer.close()

    def test_connections_by_the_thousand(self):
        before = self.target.memory()
        for i in range(3000):
            peer = Peer.call(self.target.address)
            peer.send(handshake(self.info_hash))
            peer.close()
        self.assertLess(self.target.memory(), before + (1000 if SANITIZED else 20))
        self.serves()


class AgainstADownload(Nonsense):
    """Each with an honest seed beside the liar: the download completes."""

    def completes(self, *peers, seed_options=("--max-up", "4M"), source=None, timeout=60):
        seed = self.seed(self.torrent, self.content, *seed_options)
        to = self.path(f"to{next(self._names)}")
        program = self.download(source or self.torrent, to, "--peer", seed.address,
                                *[f"--peer={peer.address}" for peer in peers])
        peak = 0
        end = time.monotonic() + timeout
        while program.process.poll() is None and time.monotonic() < end:
            peak = max(peak, program.memory() or 0)
            time.sleep(0.02)
        program.expect(0, 1)
        self.assert_same(self.content, os.path.join(to, "data.bin"))
        self.assertLess(peak, MEMORY)
        seed.stop()
        return program

    def test_nonsense_in_dozens_of_ways(self):
        liars = []
        for greeting in GREETINGS.values():
            liars.append(self.server(lambda peer, g=greeting: peer.send(g)))
        for words, _ in WORDS.values():
            def treat(peer, words=words):
                self.everything(peer)
                peer.send(words)
            liars.append(self.server(treat))
        self.completes(*liars, seed_options=("--max-up", "1M"))
        self.assertTrue(all(liar.calls for liar in liars))

    def test_false_data_is_banned(self):
        def lie(peer):
            self.everything(peer)
            while True:
                request = peer.hear_until(hp.REQUEST)
                peer.send(message(hp.PIECE, request[:8] + bytes(BLOCK)))
        liar = self.server(lie)
        program = self.completes(liar)
        self.assertEqual(liar.calls, 1, "banned, so never called again")
        self.assertIn("banned", program.errors)

    def test_false_data_among_good_is_traced(self):
        # The honest seed gives most of each piece, the liar one block now and then.
        def lie(peer):
            self.everything(peer)
            for i in range(10_000):
                request = peer.hear_until(hp.REQUEST)
                if i % 5 == 4:
                    peer.send(message(hp.PIECE, request[:8] + bytes(BLOCK)))
                else:
                    self.answer(peer, request)
        liar = self.server(lie)
        program = self.completes(liar)
        self.assertEqual(liar.calls, 1)
        self.assertNotIn("127.0.0.1:0", program.errors)

    def test_a_block_that_never_ends(self):
        def stall(peer):
            self.everything(peer)
            request = peer.hear_until(hp.REQUEST)
            whole = message(hp.PIECE, request[:8] + bytes(BLOCK))
            peer.send(whole[:5000])
            peer.hung_up(300)
        self.completes(self.server(stall), self.server(stall))

    def test_promises_that_are_not_kept(self):
        def promise(peer):
            self.everything(peer)
            peer.hung_up(300)

        def reject(peer):
            self.everything(peer)
            while True:
                peer.send(message(hp.REJECT, peer.hear_until(hp.REQUEST)))

        def choke(peer):
            self.everything(peer)
            while True:
                peer.hear_until(hp.REQUEST)
                peer.send(message(hp.CHOKE), message(hp.UNCHOKE))
        self.completes(self.server(promise), self.server(reject), self.server(choke))

    def test_a_liar_alone_ends_nothing(self):
        liar = self.server(lambda peer: (self.everything(peer), peer.send(noise(7, 9000))))
        program = self.download(self.torrent, self.path("to"), "--peer", liar.address)
        wait_until(lambda: liar.calls >= 2, "the peer to be tried again")
        self.assert_healthy(program)

    @staticmethod
    def serve_all(peer, info_hash, data):
        peer.greet(info_hash)
        peer.send(message(hp.HAVE_ALL), message(hp.UNCHOKE))
        while True:
            request = peer.hear_until(hp.REQUEST)
            length = int.from_bytes(request[8:], "big")
            peer.send(message(hp.PIECE, request[:8] + data[:length]))

    def test_names_that_lead_out_of_the_folder(self):
        data = b"hostile" * 1000
        names = ["..", "../out", "../../out", "/out", "a/../../../out", ".", "", "\0", "con/../..",
                 ".progress", "-o", "out\n\x1b[2J", "..\\..\\out", "x" * 300, "\u202eout"]
        jobs = []
        for i, name in enumerate(names):
            for path in (None, [name], ["a", name], [name, "b"], ["..", "..", name]):
                info = {"name": name if path is None else "folder", "piece length": 16384,
                        "pieces": hashlib.sha1(data).digest()}
                if path is None:
                    info["length"] = len(data)
                else:
                    info["files"] = [{"length": len(data), "path": path}]
                jobs.append(info)
        for i, info in enumerate(jobs):
            torrent = self.path(f"hostile{i}.torrent")
            with open(torrent, "wb") as file:
                file.write(bencode({"info": info}))
        for begin in range(0, len(jobs), 8):
            running = []
            for i in range(begin, min(begin + 8, len(jobs))):
                encoded = hashlib.sha1(bencode(jobs[i])).digest()
                server = self.server(lambda peer, h=encoded: self.serve_all(peer, h, data))
                running.append(self.download(self.path(f"hostile{i}.torrent"),
                                             self.path("outer", f"{i}", "inner", "to"), "--peer",
                                             server.address))
            for program in running:
                # Cleaned and fetched, or refused in one line.
                code = program.exit()
                self.assertIn(code, (0, 4, 5), program.errors)
                if code:
                    self.assert_one_line(program.errors)
        for i in range(len(jobs)):
            for where, inside in (((f"{i}",), {"inner"}), ((f"{i}", "inner"), {"to"})):
                folder = self.path("outer", *where)
                if os.path.exists(folder):
                    self.assertEqual(set(os.listdir(folder)), inside)
        self.assertFalse(os.path.exists("/out"))
        fetched = [name for _, _, files in os.walk(self.path("outer")) for name in files]
        self.assertGreater(len(fetched), 10, "names that can be cleaned are")

    # Metadata of a magnet link.

    def metadata_peer(self, size, answer):
        def treat(peer):
            peer.greet(self.info_hash)
            peer.send(extended(0, {"m": {"ut_metadata": 5}, "metadata_size": size}))
            while True:
                payload = peer.hear_until(hp.EXTENDED)
                if payload[0] == 5:
                    piece = bdecode(payload[1:])[0][b"piece"]
                    answer(peer, piece)
        return self.server(treat)

    def test_hostile_metadata(self):
        size = len(self.metadata)

        def data(total, content):
            return lambda peer, piece: peer.send(
                extended(1, {"msg_type": 1, "piece": piece, "total_size": total}, content))

        liars = {
            "nothing": self.metadata_peer(0, data(0, b"")),
            "negative": self.metadata_peer(-1, data(size, self.metadata)),
            "absurd": self.metadata_peer(1 << 31, data(1 << 31, b"x" * BLOCK)),
            "large": self.metadata_peer(39 * MIB, data(39 * MIB, b"x" * BLOCK)),
            "false": self.metadata_peer(size, data(size, bytes(size))),
            "short": self.metadata_peer(size, data(size, self.metadata[:-1])),
            "long": self.metadata_peer(size, data(size, self.metadata + b"x")),
            "other size": self.metadata_peer(size, data(size + 1, self.metadata)),
            "another piece": self.metadata_peer(size, lambda peer, piece: peer.send(extended(
                1, {"msg_type": 1, "piece": piece + 1, "total_size": size}, self.metadata))),
            "refuses": self.metadata_peer(size, lambda peer, piece: peer.send(extended(
                1, {"msg_type": 2, "piece": piece}))),
            "silent": self.metadata_peer(size, lambda peer, piece: None),
            "noise": self.metadata_peer(size, lambda peer, piece: peer.send(
                message(hp.EXTENDED, b"\1" + noise(8, 400)))),
        }
        link = f"magnet:?xt=urn:btih:{self.info_hash.hex()}"
        for name, liar in liars.items():
            with self.subTest(name):
                self.completes(liar, source=link, seed_options=())
        self.completes(*liars.values(), source=link, seed_options=())

    def test_metadata_that_never_ends(self):
        def drip(peer, piece):
            time.sleep(2)
            peer.send(extended(1, {"msg_type": 1, "piece": piece, "total_size": 39 * MIB},
                               b"x" * BLOCK))
        liar = self.metadata_peer(39 * MIB, drip)
        link = f"magnet:?xt=urn:btih:{self.info_hash.hex()}"
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            honest = "127.0.0.1:%d" % reserved.getsockname()[1]
        program = self.download(link, self.path("to"), "--peer", liar.address, "--peer", honest)
        wait_until(lambda: liar.calls, "the liar to be asked first")
        self.seed(self.torrent, self.content, listen=honest)
        program.expect()
        self.assert_same(self.content, self.path("to", "data.bin"))


if __name__ == "__main__":
    unittest.main()

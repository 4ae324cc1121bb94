"""Drives the real `shoal tracker` process over HTTP. SHOAL names the program."""

import ipaddress
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

SHOAL = os.environ.get("SHOAL", "shoal")


def bdecode(data):
    """Strict bencode: canonical numbers, sorted keys, nothing behind the value."""

    def value(at):
        lead = data[at : at + 1]
        if lead == b"i":
            end = data.index(b"e", at)
            text = data[at + 1 : end]
            assert re.fullmatch(rb"0|-?[1-9][0-9]*", text), text
            return int(text), end + 1
        if lead == b"l":
            at, items = at + 1, []
            while data[at : at + 1] != b"e":
                item, at = value(at)
                items.append(item)
            return items, at + 1
        if lead == b"d":
            at, pairs, last = at + 1, {}, None
            while data[at : at + 1] != b"e":
                key, at = value(at)
                assert isinstance(key, bytes) and (last is None or last < key), (last, key)
                pairs[key], at = value(at)
                last = key
            return pairs, at + 1
        colon = data.index(b":", at)
        length = int(data[at:colon])
        assert colon + 1 + length <= len(data)
        return data[colon + 1 : colon + 1 + length], colon + 1 + length

    result, end = value(0)
    assert end == len(data), data[end:]
    return result


def compact_peers(answer):
    """All peers of a compact answer, as (address, port)."""
    peers = []
    for key, size in ((b"peers", 4), (b"peers6", 16)):
        text = answer.get(key, b"")
        assert isinstance(text, bytes) and len(text) % (size + 2) == 0
        for i in range(0, len(text), size + 2):
            address = ipaddress.ip_address(text[i : i + size])
            peers.append((str(address), struct.unpack(">H", text[i + size : i + size + 2])[0]))
    return peers


class PostgresqlLibrary(unittest.TestCase):
    """It is loaded by those alone who have their database there."""

    def needed(self):
        listed = subprocess.run(["ldd", SHOAL], capture_output=True, text=True, check=True)
        return re.findall(r"^\s*(\S+)", listed.stdout, re.MULTILINE)

    def test_no_other_start_pays_for_it(self):
        self.assertEqual([name for name in self.needed() if name.startswith("libpq")], [])
        self.assertIn("libsqlite3.so.0", self.needed())

    def test_where_it_is_missing_that_is_said(self):
        known = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True)
        path = re.search(r"libpq\.so\.5 .*=> (\S+)", known.stdout)[1]
        hidden = ["unshare", "--mount", "sh", "-c",
                  'mount --bind /dev/null "$1" && shift && exec "$@"', "-", path]
        tracker = [SHOAL, "tracker", "--no-shell", "--listen", "127.0.0.1:0",
                   "--db", "postgresql://user:s3cret@127.0.0.1:1/shoal"]
        done = subprocess.run([*hidden, *tracker], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("apt-get install libpq5", done.stderr)
        self.assertNotIn("s3cret", done.stderr)


class Tracker:
    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [SHOAL, "tracker", "--access", "open", "--listen", ":0", "--no-shell", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        if line.startswith("{"):
            event = json.loads(line)
            assert event["event"] == "ready", line
            self.url = event["url"]
        else:
            assert line.startswith("ready http://"), line + self.process.stderr.read()
            self.url = line.split()[1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    def get(self, path, host="127.0.0.1", source=None):
        """One request from a given address: status and body."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as connection:
            connection.settimeout(20)
            if source:
                connection.bind((source, 0))
            connection.connect((host, self.port))
            connection.sendall(
                b"GET " + path.encode("latin-1") + b" HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
            )
            reply = b""
            while part := connection.recv(65536):
                reply += part
        head, _, body = reply.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    def announce(self, host="127.0.0.1", source=None, **parameters):
        fields = {
            "info_hash": b"\x00swarm%&=+\xff\xfe789012345"[:20],
            "peer_id": b"-XX0000-abcdefghijkl",
            "port": 7001,
            "uploaded": 0,
            "downloaded": 0,
            "left": 1,
        }
        fields.update(parameters)
        query = urllib.parse.urlencode({k: v for k, v in fields.items() if v is not None})
        status, body = self.get("/announce?" + query, host, source)
        assert status == 200, (status, body)
        return bdecode(body)


class TrackerTest(unittest.TestCase):
    ARGUMENTS = ()

    def setUp(self):
        self.tracker = Tracker(*self.ARGUMENTS)
        self.addCleanup(self.end)

    def end(self):
        if self.tracker.process.poll() is None:
            status, _, err = self.tracker.stop()
            self.assertEqual((status, err), (0, ""))
        self.tracker.process.stdout.close()
        self.tracker.process.stderr.close()


class Announcing(TrackerTest):
    def test_peers_meet_by_address_and_port(self):
        first = self.tracker.announce(port=7001, event="started")
        self.assertEqual(compact_peers(first), [])
        self.assertGreater(first[b"interval"], 0)
        self.assertLessEqual(first[b"min interval"], first[b"interval"])
        self.assertEqual(first[b"external ip"], socket.inet_aton("127.0.0.1"))
        second = self.tracker.announce(port=7002, event="started", source="127.0.0.9")
        self.assertEqual(compact_peers(second), [("127.0.0.1", 7001)])
        self.assertEqual((second[b"complete"], second[b"incomplete"]), (0, 2))

    def test_dictionary_answers(self):
        self.tracker.announce(port=7001)
        full = self.tracker.announce(port=7002, compact=0)
        self.assertEqual(
            full[b"peers"],
            [{b"ip": b"127.0.0.1", b"peer id": b"-XX0000-abcdefghijkl", b"port": 7001}],
        )
        brief = self.tracker.announce(port=7002, compact=0, no_peer_id=1)
        self.assertEqual(brief[b"peers"], [{b"ip": b"127.0.0.1", b"port": 7001}])

    def test_both_families_meet(self):
        self.tracker.announce(port=7001)
        six = self.tracker.announce(port=7002, host="::1")
        self.assertEqual(six[b"external ip"], socket.inet_pton(socket.AF_INET6, "::1"))
        self.assertEqual(compact_peers(six), [("127.0.0.1", 7001)])
        four = self.tracker.announce(port=7001)
        self.assertEqual(compact_peers(four), [("::1", 7002)])
        self.assertEqual(
            self.tracker.announce(port=7001, compact=0, no_peer_id=1)[b"peers"],
            [{b"ip": b"::1", b"port": 7002}],
        )

    def test_stopped_removes_and_completed_counts_once(self):
        self.tracker.announce(port=7001, event="started")
        done = self.tracker.announce(port=7001, left=0, event="completed")
        self.assertEqual((done[b"complete"], done[b"downloaded"]), (1, 1))
        again = self.tracker.announce(port=7001, left=0, event="completed")
        self.assertEqual(again[b"downloaded"], 1)
        self.tracker.announce(port=7001, left=0, event="stopped")
        other = self.tracker.announce(port=7002)
        self.assertEqual(compact_peers(other), [])
        self.assertEqual(other[b"complete"], 0)

    def test_seeds_get_no_seeds(self):
        for port in range(7001, 7011):
            self.tracker.announce(port=port, left=0)
        self.assertEqual(compact_peers(self.tracker.announce(port=7001, left=0)), [])
        self.assertEqual(len(compact_peers(self.tracker.announce(port=7100))), 10)
        self.assertEqual(
            compact_peers(self.tracker.announce(port=7001, left=0)), [("127.0.0.1", 7100)]
        )

    def test_numwant(self):
        ports = set(range(8000, 8300))
        for port in ports:
            self.tracker.announce(port=port)
        seen = set()
        for wanted, given in ((None, 50), (-1, 50), (0, 0), (7, 7), (200, 200), (10**6, 200)):
            peers = compact_peers(self.tracker.announce(port=8000, numwant=wanted))
            self.assertEqual(len(set(peers)), given)
            self.assertNotIn(("127.0.0.1", 8000), peers)
            seen.update(port for _, port in peers)
        for _ in range(30):
            peers = compact_peers(self.tracker.announce(port=8000, numwant=200))
            seen.update(port for _, port in peers)
        self.assertEqual(seen, ports - {8000}, "drawn at random, everyone is named sooner or later")

    def test_a_claimed_address_is_ignored(self):
        self.tracker.announce(port=7001, ip="203.0.113.9")
        peers = compact_peers(self.tracker.announce(port=7002))
        self.assertEqual(peers, [("127.0.0.1", 7001)])

    def test_scrape(self):
        info_hashes = [bytes([i]) * 20 for i in (200, 7, 100)]
        for info_hash in info_hashes:
            self.tracker.announce(info_hash=info_hash, port=7001, left=0, event="completed")
        query = urllib.parse.urlencode([("info_hash", h) for h in info_hashes + [b"?" * 20]])
        status, body = self.tracker.get("/scrape?" + query)
        self.assertEqual(status, 200)
        files = bdecode(body)[b"files"]
        self.assertEqual(set(files), set(info_hashes))
        self.assertEqual(files[info_hashes[0]], {b"complete": 1, b"downloaded": 1, b"incomplete": 0})
        for bad in ("/scrape", "/scrape?", "/scrape?info_hash=x", "/scrape?info_hash=%"):
            self.assertIn(b"failure reason", bdecode(self.tracker.get(bad)[1]), bad)


class Trusting(TrackerTest):
    ARGUMENTS = ("--trust-ip-from", "127.0.0.8/30", "--trust-ip-from", "::1")

    def test_a_claimed_address_counts_from_trusted_connections_alone(self):
        self.tracker.announce(port=7001, ip="203.0.113.9", source="127.0.0.9")
        self.tracker.announce(port=7002, ip="2001:db8::9", host="::1")
        self.tracker.announce(port=7003, ip="203.0.113.10")
        peers = compact_peers(self.tracker.announce(port=7009))
        self.assertEqual(
            set(peers), {("203.0.113.9", 7001), ("2001:db8::9", 7002), ("127.0.0.1", 7003)}
        )


class Expiring(TrackerTest):
    ARGUMENTS = ("--interval", "1", "--json")

    def test_a_silent_peer_is_forgotten_after_two_intervals(self):
        self.assertEqual(self.tracker.announce(port=7001)[b"interval"], 1)
        self.assertEqual(len(compact_peers(self.tracker.announce(port=7002))), 1)
        time.sleep(3)
        answer = self.tracker.announce(port=7002)
        self.assertEqual(compact_peers(answer), [])
        self.assertEqual(answer[b"incomplete"], 1)


class Hostile(TrackerTest):
    def assert_unchanged(self):
        query = urllib.parse.urlencode({"info_hash": b"h" * 20})
        self.assertEqual(bdecode(self.tracker.get("/scrape?" + query)[1])[b"files"], {})

    def test_every_malformed_announce_gets_a_reason_and_changes_nothing(self):
        good = {
            "info_hash": "h" * 20,
            "peer_id": "p" * 20,
            "port": "1",
            "left": "0",
            "uploaded": "0",
            "downloaded": "0",
        }
        number = ["", "-1", "x", "1x", "0x10", "1e3", "99999999999999999999", "%00", "+1", "1+", "%"]
        bad = {
            "info_hash": [None, "", "h" * 19, "h" * 21, "h" * 4000, "%" + "h" * 19, "%zz" + "h" * 19],
            "peer_id": [None, "", "p" * 19, "p" * 21, "%f" + "p" * 19],
            "port": [None, "0", "65536", "4294967297", *number],
            "left": [None, *number],
            "uploaded": number,
            "downloaded": number,
            "event": ["x", "Started", "started+", "stopped%00", "%"],
            "numwant": ["x", "", "1.5", "99999999999999999999", "%"],
        }
        cases = 0
        for name, values in bad.items():
            for text in values:
                fields = {**good, name: text}
                query = "&".join(f"{k}={v}" for k, v in fields.items() if v is not None)
                self.check(query)
                self.check(query + "&compact=0&event=started" if name != "event" else query)
                cases += 2
        for name, text in good.items():
            query = "&".join(f"{k}={v}" for k, v in good.items())
            self.check(f"{query}&{name}={text}")
            self.check(f"{name}={text}&{query}")
            cases += 2
        self.check("&".join(["a=b"] * 1000))
        self.assertGreater(cases, 120)
        self.assert_unchanged()

    def check(self, query):
        status, body = self.tracker.get("/announce?" + query)
        self.assertEqual(status, 200, query)
        self.assertEqual(set(bdecode(body)), {b"failure reason"}, query)

    def test_random_bytes_by_the_hundred(self):
        chance = random.Random(5)
        start = b"GET /announce?info_hash=hhhhhhhhhhhhhhhhhhhh&peer_id=pppppppppppppppppppp"
        for i in range(400):
            noise = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 200)))
            text = noise if i % 2 else start + noise
            with socket.create_connection(("127.0.0.1", self.tracker.port), 20) as connection:
                connection.sendall(text + b"\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
        self.assert_unchanged()
        self.assertEqual(self.tracker.get("/healthz")[0], 200)

    def test_oversized_requests_are_refused(self):
        self.assertEqual(self.tracker.get("/announce?" + "x" * 7000)[0], 414)
        with socket.create_connection(("127.0.0.1", self.tracker.port), 20) as connection:
            connection.sendall(b"GET /announce HTTP/1.1\r\nX: " + b"y" * 20000)
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 431"))

    def test_many_silent_connections_do_not_lock_others_out(self):
        crowd = [socket.create_connection(("127.0.0.1", self.tracker.port)) for _ in range(500)]
        try:
            self.tracker.announce(port=7001)
        finally:
            for connection in crowd:
                connection.close()

    def test_other_methods_and_paths(self):
        for method, path, status in (
            ("POST", "/announce", 405),
            ("GET", "/assets/", 404),
            ("GET", "/announce/../healthz", 404),
        ):
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.tracker.port}{path}", method=method
            )
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=20)
            self.assertEqual(caught.exception.code, status)
            problem = json.load(caught.exception)
            self.assertEqual(problem["status"], status)
            caught.exception.close()


class Process(unittest.TestCase):
    def run_tracker(self, *arguments):
        return subprocess.run(
            [SHOAL, "tracker", *arguments], capture_output=True, text=True, timeout=20
        )

    def test_ends_cleanly_by_either_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            tracker = Tracker()
            with socket.create_connection(("127.0.0.1", tracker.port)) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
                self.assertTrue(connection.recv(100))
                begin = time.monotonic()
                self.assertEqual(tracker.stop(number), (0, "", ""))
                self.assertLess(time.monotonic() - begin, 3)

    def test_the_ready_address_can_be_reached(self):
        tracker = Tracker()
        try:
            with urllib.request.urlopen(tracker.url + "/healthz", timeout=20) as reply:
                self.assertEqual(json.load(reply), {"status": "ok"})
        finally:
            tracker.stop()

    def test_a_port_in_use_is_one_line_and_exit_1(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            result = self.run_tracker("--access", "open", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(result.stderr.count("\n"), 1)
        self.assertIn("in use", result.stderr)

    def test_wrong_usage_is_one_line_and_exit_2(self):
        for arguments in (
            ("--access", "x"),
            ("--registration", "x", "--data", "/nonexistent"),
            ("--least-password", "0"),
            ("--interval", "0"),
            ("--interval", "x"),
            ("--listen", "host:port"),
            ("--listen", "127.0.0.1:65536"),
            ("--trust-ip-from", "10.0.0.0/33"),
            ("--nonsense",),
        ):
            result = self.run_tracker(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())

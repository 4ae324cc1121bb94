"""Swarms of `shoal` alone, as real processes: sources, places, endings, and trouble."""
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

import swarm_tools
from swarm_tools import (KIB, MIB, Swarm, last_progress, make_file, make_folder, needs_isolation,
                         scrape, together, wait_until)

FAILED, USAGE, NOT_FOUND, EXISTS, BAD_DATA, INTERRUPTED = 1, 2, 3, 4, 5, 130


def info_hash(case, torrent):
    return case.info(torrent)["info_hash"]


class Sources(Swarm):
    def test_three_peers_with_one_piece_each_make_a_whole_that_serves_on(self):
        tracker = self.tracker()
        content = make_file(self.path("film.bin"), 3 * MIB, 1)
        torrent = self.create(content, "--piece-length", "1M", "--tracker", tracker.announce)
        with open(content, "rb") as file:
            whole = file.read()
        holders = []
        for i in range(3):
            part = self.path(f"holder{i}", "film.bin")
            os.makedirs(os.path.dirname(part))
            with open(part, "wb") as file:
                file.truncate(3 * MIB)
                file.seek(i * MIB)
                file.write(whole[i * MIB:(i + 1) * MIB])
            holders.append(self.seed(torrent, part, "--partial", "--max-up", "400K"))
        four = self.download(torrent, self.path("four"), "--seed")
        self.assertEqual(four.event("complete")["bytes"], 3 * MIB)
        self.assert_same(content, self.path("four", "film.bin"))
        for holder in holders:
            self.assertEqual(self.uploaded(holder), MIB)
        # All three gave at the same time: none had given all before the last began.
        began = [next(t for t, e in h.events("progress") if e["uploaded"] > 0) for h in holders]
        ended = [next(t for t, e in h.events("progress") if e["uploaded"] == MIB) for h in holders]
        self.assertLess(max(began), min(ended))
        for holder in holders:
            holder.stop()
        self.assertEqual(scrape(tracker.announce, info_hash(self, torrent)), (1, 0, 1))
        five = self.download(torrent, self.path("five")).expect()
        self.assertEqual(five.events("complete")[0][1]["bytes"], 3 * MIB)
        self.assert_same(content, self.path("five", "film.bin"))
        four.stop()

    def test_sources_one_fetches_from_one_seed_and_many_from_both(self):
        content = make_file(self.path("data.bin"), 12 * MIB, 2)
        torrent = self.create(content, "--piece-length", "256K")
        for sources, givers in (("one", 1), ("many", 2)):
            with self.subTest(sources):
                seeds = [self.seed(torrent, content, "--max-up", "6M") for _ in range(2)]
                peers = [f"--peer={seed.address}" for seed in seeds]
                self.download(torrent, self.path(sources), "--sources", sources,
                              *peers).expect()
                sent = sorted(self.uploaded(seed) for seed in seeds)
                self.assertEqual(sum(one > 0 for one in sent), givers, sent)
                if sources == "one":
                    self.assertEqual(sent[1], 12 * MIB)
                self.assert_same(content, self.path(sources, "data.bin"))
                for seed in seeds:
                    seed.stop()

    def test_sources_one_turns_to_another_when_its_source_is_gone(self):
        content = make_file(self.path("data.bin"), 12 * MIB, 3)
        torrent = self.create(content, "--piece-length", "256K")
        seeds = [self.seed(torrent, content, "--max-up", "4M") for _ in range(2)]
        download = self.download(torrent, self.path("to"), "--sources", "one",
                                 *[f"--peer={seed.address}" for seed in seeds])
        giving = wait_until(lambda: [s for s in seeds
                                     if (last_progress(s) or {}).get("uploaded", 0) > MIB],
                            "one of the seeds to give")
        self.assertEqual(len(giving), 1)
        giving[0].send(signal.SIGKILL)
        download.expect()
        self.assert_same(content, self.path("to", "data.bin"))

    def test_one_seed_of_several_torrents_serves_several_downloads_at_once(self):
        tracker = self.tracker()
        pairs, jobs = [], []
        for i in range(4):
            content = (make_folder(self.path(f"Thư mục {i}"), i) if i % 2 else
                       make_file(self.path(f"tệp {i}.bin"), 5 * MIB + i, i))
            torrent = self.create(content, "--piece-length", "128K", "--tracker", tracker.announce)
            pairs += [torrent, content]
            jobs.append((torrent, content))
        # PATH may be the content or the folder that holds it.
        pairs[1] = self.root
        seed = self.seed(*pairs)
        downloads = [(content, who, self.download(torrent, self.path(f"to-{who}-{i}")))
                     for i, (torrent, content) in enumerate(jobs) for who in "ab"]
        for content, who, download in downloads:
            download.expect()
        for i, (_, content) in enumerate(jobs):
            for who in "ab":
                self.assert_same(content, self.path(f"to-{who}-{i}", os.path.basename(content)))
        seed.stop()
        for torrent, _ in jobs:
            self.assertEqual(scrape(tracker.announce, info_hash(self, torrent)), (0, 0, 2))

    def test_a_torrent_may_be_empty_tiny_or_odd(self):
        for name, size in (("empty", 0), ("one byte", 1), ("odd", 70_001)):
            with self.subTest(name):
                content = make_file(self.path(name), size, name)
                torrent = self.create(content, "--piece-length", "16K")
                seed = self.seed(torrent, content)
                self.download(torrent, self.path("to"), "--peer", seed.address).expect()
                self.assert_same(content, self.path("to", name))
                seed.stop()


class Choosing(Swarm):
    def test_files_glob_fetches_what_matches_alone(self):
        content = make_folder(self.path("khoá học"), 4)
        torrent = self.create(content, "--piece-length", "64K")
        seed = self.seed(torrent, content)
        first = self.download(torrent, self.path("to"), "--peer", seed.address, "--files", "*.jpg",
                              "--files", "nhỏ.txt").expect()
        wanted = ["thư mục có dấu/ảnh đẹp (1).jpg", "nhỏ.txt"]
        sizes = [os.path.getsize(os.path.join(content, name)) for name in wanted]
        self.assertEqual(first.events("complete")[0][1]["bytes"], sum(sizes))
        found = [os.path.relpath(os.path.join(folder, name), self.path("to", "khoá học"))
                 for folder, _, names in os.walk(self.path("to")) for name in names]
        self.assertEqual(sorted(found), sorted(wanted))
        for name in wanted:
            self.assert_same(os.path.join(content, name), self.path("to", "khoá học", name))
        self.assertLess(self.uploaded(seed), sum(sizes) + 4 * 64 * KIB)

    def test_files_glob_chooses_in_a_hybrid_torrent_too(self):
        content = make_folder(self.path("lai"), 14)
        torrent = self.create(content, "--piece-length", "64K", "--format", "hybrid")
        seed = self.seed(torrent, content)
        self.download(torrent, self.path("to"), "--peer", seed.address, "--files",
                      "*.pdf").expect()
        self.assertEqual(os.listdir(self.path("to", "lai")), ["Bài giảng tuần 1.pdf"])

    def test_a_pattern_that_matches_nothing_is_told(self):
        content = make_folder(self.path("data"), 5)
        torrent = self.create(content)
        program = self.download(torrent, self.path("to"), "--files", "*.mp4").expect(NOT_FOUND)
        self.assert_one_line(program.errors)

    def test_a_magnet_link_with_a_peer_alone_is_enough(self):
        content = make_folder(self.path("bài tập"), 6)
        torrent = self.create(content, "--piece-length", "32K")
        seed = self.seed(torrent, content)
        link = f"magnet:?xt=urn:btih:{info_hash(self, torrent)}"
        text = self.path("link.txt")
        with open(text, "w") as file:
            file.write(link + "\n")
        together(
            lambda: self.download(link, self.path("a"), "--peer", seed.address).expect(),
            lambda: self.download(text, self.path("b"), "--peer", seed.address).expect(),
            lambda: self.download(link + f"&x.pe={seed.address}", self.path("c")).expect())
        for to in "abc":
            self.assert_same(content, self.path(to, "bài tập"))

    def test_a_private_torrent_goes_through_its_tracker(self):
        tracker = self.tracker()
        content = make_file(self.path("riêng.bin"), 3 * MIB, 7)
        torrent = self.create(content, "--private", "--tracker", tracker.announce)
        self.assertTrue(self.info(torrent)["private"])
        seed = self.seed(torrent, content)
        self.download(torrent, self.path("to")).expect()
        self.assert_same(content, self.path("to", "riêng.bin"))
        seed.stop()


class Places(Swarm):
    def setUp(self):
        super().setUp()
        self.content = make_folder(self.path("data"), 8)
        self.torrent = self.create(self.content, "--piece-length", "64K")

    def test_unfinished_content_lives_under_progress_alone(self):
        seed = self.seed(self.torrent, self.content, "--max-up", "1M")
        to = self.path("to")
        download = self.download(self.torrent, to, "--peer", seed.address)
        seen = set()
        while download.process.poll() is None:
            names = set(os.listdir(to)) if os.path.isdir(to) else set()
            if "data" in names:
                # One rename brought all of it: from the first sight on it is whole.
                self.assert_same(self.content, os.path.join(to, "data"))
                break
            seen |= names
            time.sleep(0.005)
        download.expect()
        self.assertEqual(seen, {".progress"})
        self.assertEqual(os.listdir(to), ["data"])

    def test_content_that_is_there_already_is_success_and_other_content_is_refused(self):
        seed = self.seed(self.torrent, self.content)
        to = self.path("to")
        shutil.copytree(self.content, os.path.join(to, "data"))
        self.download(self.torrent, to, "--peer", seed.address).expect()
        self.assertEqual(os.listdir(to), ["data"])
        changed = os.path.join(to, "data", "Bài giảng tuần 1.pdf")
        with open(changed, "r+b") as file:
            file.seek(100_000)
            file.write(b"changed")
        for damage in (lambda: None, lambda: os.truncate(changed, 5), lambda: os.remove(changed),
                       lambda: make_file(shutil.rmtree(to) or os.path.join(to, "data"), 99, 9)):
            damage()
            before = swarm_tools.digest(to)
            program = self.download(self.torrent, to, "--peer", seed.address).expect(EXISTS)
            self.assert_one_line(program.errors)
            self.assertEqual(swarm_tools.digest(to), before)
        self.assertEqual(self.uploaded(seed), 0)

    def test_content_that_is_there_already_is_served_with_seed(self):
        first = self.download(self.torrent, self.root, "--seed")
        first.event("complete")
        address = first.event("ready")["address"]
        self.download(self.torrent, self.path("to"), "--peer", address).expect()
        self.assert_same(self.content, self.path("to", "data"))
        first.stop()

    def test_two_processes_do_not_work_on_the_same_download(self):
        seed = self.seed(self.torrent, self.content, "--max-up", "1M")
        to = self.path("to")
        first = self.download(self.torrent, to, "--peer", seed.address)
        first.event("progress", lambda event: event["have"] > 0)
        second = self.download(self.torrent, to, "--peer", seed.address).expect(EXISTS)
        self.assert_one_line(second.errors)
        first.expect()
        self.assert_same(self.content, os.path.join(to, "data"))

    def test_data_that_is_not_whole_is_not_seeded_unless_asked(self):
        os.remove(os.path.join(self.content, "nhỏ.txt"))
        refused = self.shoal("seed", self.torrent, self.content, "--listen", "127.0.0.1:0")
        refused.expect(BAD_DATA)
        self.assert_one_line(refused.errors)
        self.seed(self.torrent, self.content, "--partial").stop()


class Ending(Swarm):
    def test_an_interrupted_download_goes_on_where_it_stopped(self):
        content = make_file(self.path("data.bin"), 12 * MIB, 10)
        torrent = self.create(content, "--piece-length", "256K")
        seed = self.seed(torrent, content, "--max-up", "2M")
        for number in (signal.SIGINT, signal.SIGTERM):
            download = self.download(torrent, self.path("to"), "--peer", seed.address)
            start = download.event("progress")["have"]
            download.event("progress", lambda event: event["have"] > start)
            download.stop(number, INTERRUPTED)
            self.assert_one_line(download.errors)
            self.assertEqual(os.listdir(self.path("to")), [".progress"])
        self.download(torrent, self.path("to"), "--peer", seed.address).expect()
        self.assert_same(content, self.path("to", "data.bin"))
        # What was on its way at each end is sent again, and nothing else.
        self.assertLess(self.uploaded(seed), (12 + 2 * 2) * MIB)

    def test_the_tracker_hears_of_every_coming_and_going(self):
        tracker = self.tracker()
        content = make_file(self.path("data.bin"), 2 * MIB, 11)
        torrent = self.create(content, "--tracker", tracker.announce)
        swarm = info_hash(self, torrent)

        def counts(wanted):
            wait_until(lambda: scrape(tracker.announce, swarm) == wanted, f"counts of {wanted}")

        seed = self.seed(torrent, content)
        counts((1, 0, 0))  # data that was complete from the start is no completion
        other = self.download(torrent, self.path("to"), "--seed")
        other.event("complete")
        counts((2, 0, 1))
        other.stop()
        counts((1, 0, 1))
        again = self.download(torrent, self.path("to"), "--seed")
        again.event("complete")
        counts((2, 0, 1))  # nor is data that was there already
        again.stop(signal.SIGINT)
        seed.stop()
        counts((0, 0, 1))
        lonely = self.download(torrent, self.path("elsewhere"))
        counts((0, 1, 1))
        lonely.stop(signal.SIGINT, INTERRUPTED)
        counts((0, 0, 1))


class Https(Swarm):
    """Our tracker behind a TLS end of the test's own."""

    def setUp(self):
        super().setUp()
        self.authority("ours")
        self.authority("theirs")
        self.plain = self.tracker()

    def authority(self, name):
        openssl = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj"]
        subprocess.run([*openssl, f"/CN={name}", "-keyout", self.path(f"{name}.key"), "-out",
                        self.path(f"{name}.pem")], check=True, capture_output=True)

    def certificate(self, name):
        """A key and a certificate for a host name, signed by our authority."""
        key, certificate = self.path(f"{name}.key"), self.path(f"{name}.crt")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-addext", f"subjectAltName=DNS:{name}", "-addext",
                        "basicConstraints=critical,CA:FALSE", "-CA", self.path("ours.pem"),
                        "-CAkey", self.path("ours.key"), "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        return certificate, key

    def front(self, name):
        """Speaks TLS under that name and passes on to the tracker; its announce URL."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate(name))
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        port = int(self.plain.announce.split(":")[2].split("/")[0])

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=pass_on, args=(connection,), daemon=True).start()

        def pass_on(connection):
            connection.settimeout(20)
            try:
                with context.wrap_socket(connection, server_side=True) as outside, \
                        socket.create_connection(("127.0.0.1", port), 20) as inside:
                    request = b""
                    while b"\r\n\r\n" not in request:
                        request += outside.recv(65536)
                    inside.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                    while part := inside.recv(65536):
                        outside.sendall(part)
                    outside.unwrap()
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        return f"https://localhost:{listener.getsockname()[1]}/announce"

    def test_certificates_are_checked(self):
        content = make_file(self.path("data.bin"), MIB, 12)
        torrent = self.create(content)
        trusting = {**os.environ, "SSL_CERT_FILE": self.path("ours.pem")}
        doubting = {**os.environ, "SSL_CERT_FILE": self.path("theirs.pem")}
        good, other_name = self.front("localhost"), self.front("elsewhere")
        self.seed(torrent, content, "--tracker", good, env=trusting)
        self.download(torrent, self.path("to"), "--tracker", good, env=trusting).expect()
        self.assert_same(content, self.path("to", "data.bin"))
        for url, environment in ((good, doubting), (other_name, trusting)):
            download = self.download(torrent, self.path("never"), "--tracker", url,
                                     env=environment)
            wait_until(lambda: "certificate" in download.errors, "a word on the certificate")
            self.assertEqual(last_progress(download) or {"peers": 0, "have": 0},
                             {**(last_progress(download) or {}), "peers": 0, "have": 0})
            download.stop(signal.SIGINT, INTERRUPTED)


class Trouble(Swarm):
    """Each is told in one line with the contract's exit code, and nothing good is lost."""

    def setUp(self):
        super().setUp()
        self.content = make_file(self.path("data.bin"), 8 * MIB, 13)
        self.torrent = self.create(self.content, "--piece-length", "256K")

    def refuse(self, code, *arguments, **options):
        program = self.shoal(*arguments, **options).expect(code)
        self.assert_one_line(program.errors)
        event = program.events("error")[0][1]
        self.assertEqual((event["code"], f"shoal: {event['message']}\n"), (code, program.errors))
        return program.errors

    def complete(self, folder, seed):
        """The same command, now that the cause is gone."""
        self.download(self.torrent, folder, "--peer", seed.address).expect()
        self.assert_same(self.content, os.path.join(folder, "data.bin"))

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            for command in (("seed", self.torrent, self.content),
                            ("download", self.torrent, "-o", self.path("to"))):
                self.assertIn("in use", self.refuse(FAILED, *command, "--listen", where))

    def test_wrong_words(self):
        for code, words in ((USAGE, ("download",)), (USAGE, ("seed", self.torrent)),
                            (USAGE, ("download", self.torrent, "--max-down", "fast")),
                            (USAGE, ("download", self.torrent, "--peer", "127.0.0.1")),
                            (USAGE, ("download", self.torrent, "--sources", "two")),
                            (USAGE, ("download", self.torrent, "--tracker", "gopher://x/")),
                            (NOT_FOUND, ("download", self.path("missing.torrent"))),
                            (NOT_FOUND, ("seed", self.torrent, self.path("missing.bin"))),
                            (BAD_DATA, ("download", self.content))):
            with self.subTest(words):
                self.refuse(code, *words)

    def test_no_permission(self):
        seed = self.seed(self.torrent, self.content)
        folder = self.path("locked")
        os.mkdir(folder, 0o555)
        mortal = ["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps",
                  "-dac_override,-dac_read_search"] if os.getuid() == 0 else []
        said = self.refuse(EXISTS, "download", self.torrent, "-o", folder, "--peer", seed.address,
                           "--listen", "127.0.0.1:0", privileges=mortal)
        self.assertIn("ermission", said)
        self.assertEqual(self.uploaded(seed), 0)
        os.chmod(folder, 0o755)
        self.complete(folder, seed)

    def test_a_seed_without_permission_to_read(self):
        os.chmod(self.content, 0)
        mortal = ["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps",
                  "-dac_override,-dac_read_search"] if os.getuid() == 0 else []
        said = self.refuse(EXISTS, "seed", self.torrent, self.content, "--listen", "127.0.0.1:0",
                           privileges=mortal)
        self.assertIn("ermission", said)
        os.chmod(self.content, 0o644)
        self.seed(self.torrent, self.content).stop()

    def small_disk(self, size):
        folder = self.path("disk")
        os.mkdir(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        return folder

    @needs_isolation
    def test_a_disk_that_is_too_small_from_the_start(self):
        seed = self.seed(self.torrent, self.content)
        folder = self.small_disk("4M")
        said = self.refuse(FAILED, "download", self.torrent, "-o", folder, "--peer", seed.address,
                           "--listen", "127.0.0.1:0")
        self.assertIn("free", said)
        self.assertEqual(self.uploaded(seed), 0)
        subprocess.run(["mount", "-o", "remount,size=64M", folder], check=True)
        self.complete(folder, seed)

    @needs_isolation
    def test_a_disk_that_fills_up_on_the_way(self):
        seed = self.seed(self.torrent, self.content, "--max-up", "3M")
        folder = self.small_disk("14M")
        download = self.download(self.torrent, folder, "--peer", seed.address)
        download.event("progress", lambda event: event["have"] > 2 * MIB)
        with open(os.path.join(folder, "filler"), "wb") as filler:
            try:
                while True:
                    filler.write(bytes(64 * KIB))
                    filler.flush()
            except OSError:
                pass
        download.expect(FAILED)
        self.assert_one_line(download.errors)
        self.assertRegex(download.errors, "space|full")
        os.remove(os.path.join(folder, "filler"))
        self.complete(folder, seed)
        self.assertLess(self.uploaded(seed), (8 + 4) * MIB)

    def test_a_folder_that_is_moved_away_and_back(self):
        seed = self.seed(self.torrent, self.content, "--max-up", "3M")
        folder, away = self.path("to"), self.path("away")
        download = self.download(self.torrent, folder, "--peer", seed.address)
        download.event("progress", lambda event: event["have"] > MIB)
        os.rename(folder, away)
        # The open folder can still be written to, wherever it is now.
        download.expect()
        self.assert_same(self.content, os.path.join(away, "data.bin"))
        self.assertFalse(os.path.exists(folder))

    def test_a_folder_that_is_removed(self):
        seed = self.seed(self.torrent, self.content, "--max-up", "3M")
        folder = self.path("to")
        download = self.download(self.torrent, folder, "--peer", seed.address)
        download.event("progress", lambda event: event["have"] > MIB)
        shutil.rmtree(folder)
        download.expect(FAILED)
        self.assert_one_line(download.errors)
        self.complete(folder, seed)

    def test_content_of_a_seed_that_is_cut_short(self):
        seed = self.seed(self.torrent, self.content, "--max-up", "3M")
        whole = self.path("whole.bin")
        shutil.copy(self.content, whole)
        download = self.download(self.torrent, self.path("to"), "--peer", seed.address)
        download.event("progress", lambda event: event["have"] > MIB)
        os.truncate(self.content, 0)
        seed.expect(BAD_DATA)
        self.assert_one_line(seed.errors)
        shutil.copy(whole, self.content)
        again = self.seed(self.torrent, self.content, listen=seed.address)
        download.expect()
        self.assert_same(whole, self.path("to", "data.bin"))
        again.stop()


if __name__ == "__main__":
    unittest.main()

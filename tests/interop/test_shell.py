"""The shells, through a terminal, as a person at a keyboard has them."""
import json
import os
import re
import stat
import subprocess
import unittest

from swarm_tools import (ADDRESSES, MIB, SHOAL, Swarm, make_file, make_folder, needs_isolation,
                         wait_until)
from terminal import Terminal
from group_tools import PASSWORD, Group


class Operated(Group):
    """A group's tracker whose operator sits at a terminal."""

    def __init__(self, case, *arguments, host=None, folder=None):
        self.case = case
        self.host = host or ADDRESSES.fresh()
        self.folder = folder or case.path("tracker")
        self.terminal = Terminal(case, SHOAL, "tracker", "--data", self.folder, "--listen",
                                 f"{self.host}:0", "--interval", "2", "--allow-plain-login",
                                 *arguments, prompt="tracker> ").ready()
        said = self.terminal.text()
        self.ready = {name: re.search(rf"^{name} (\S+)$", said, re.MULTILINE)[1]
                      for name in ("join", "ready")}
        if "\nadmin " in "\n" + said:
            self.ready["admin"] = re.search(r"^admin (\S+)$", said, re.MULTILINE)[1]
        self.url = self.ready["ready"]
        self.port = int(self.url.rsplit(":", 1)[1])

    def say(self, line):
        return self.terminal.command(line)


@needs_isolation
class TrackerShell(Swarm):
    def setUp(self):
        super().setUp()
        self.group = Operated(self)
        self.say = self.group.say

    def share(self):
        """A file of the group with a seed of it, and the seed's address."""
        token = self.group.member("Lan")
        content = make_file(self.path("home", "Đề thi.pdf"), 200_000, 4)
        info_hash = self.group.upload(token, self.create(content, "--private"))
        seed = self.seed(self.group.personal(token, info_hash), content,
                         listen=f"{ADDRESSES.fresh()}:0")
        host, port = seed.address.rsplit(":", 1)
        _, peer = self.group.call("POST", "/api/v1/peers", {"daemon": "d", "port": int(port)},
                                  token=token, source=host)
        status, said = self.group.call("POST", "/api/v1/files", {
            "peer": peer["id"], "name": "Đề thi", "path": "de.pdf", "info_hash": info_hash},
            token=token)
        self.assertEqual(status, 201, said)
        return host, port

    def test_an_empty_group(self):
        for word in ("list_peers", "list_files", "list_chunkinfo", "users"):
            self.assertEqual(self.say(word), "none", word)
        self.assertRegex(self.say("list_chunkinfo x"), "^error: nobody shares 'x'")

    def test_what_the_group_has(self):
        host, port = self.share()
        self.assertIn(f"{host}:{port}", self.say("list_peers"))
        self.assertIn("Đề thi", self.say("list_files de THI"))
        self.assertEqual(self.say("list_files khác"), "none")
        wait_until(lambda: "13 of them: 0-12" in self.say("list_chunkinfo"), "the seed is known")
        self.assertIn("at risk, one peer has them: 0-12", self.say("list_chunkinfo 'Đề thi'"))
        for address in (f"{host} {port}", f"{host}:{port}"):
            self.assertIn("Đề thi", self.say(f"discover {address}"))
            self.assertRegex(self.say(f"ping {address}"), rf"^{host}:{port} is there: [\d.]+ ms$")

    def test_pings_that_nobody_answers(self):
        self.assertRegex(self.say("ping 10.77.0.1 1"), "^error: .* does not answer: ")
        self.assertRegex(self.say(f"ping {self.group.host} {self.group.port}"),
                         "^error: .*cannot ping itself")
        self.assertRegex(self.say("ping localhost 1"), "^error: .* does not answer: ")
        self.assertRegex(self.say("discover 10.77.0.1 1"), "^error: no peer of the group")
        for wrong in ("ping", "ping a b c", "ping 10.77.0.1 x"):
            self.assertRegex(self.say(wrong), "^error: ")

    def test_settings(self):
        self.assertEqual(self.say("registration open"), "registration is open now")
        self.assertEqual(self.say("access open"), "access is open now")
        token = self.group.member("Lan")
        said = self.group.call("GET", "/api/v1/settings", token=token)[1]
        self.assertEqual((said["access"], said["registration"]), ("open", "open"))
        self.assertRegex(self.say("access closed"), "^error: 'access' has no such value")

    def test_members(self):
        said = self.say("invite 2")
        self.assertRegex(said, r"^join http://\S+/i=\S+\n")
        self.assertGreater(len(said.splitlines()), 20, "no QR code is shown")
        link = said.splitlines()[0].split()[1]
        self.assertNotEqual(link, self.group.ready["join"])
        self.group.ready["join"] = link
        for name in ("Lan", "Minh Anh"):
            self.group.member(name)
        self.assertEqual(self.group.call("POST", "/register", {
            "username": "Third", "password": PASSWORD,
            "invitation": self.group.invitation})[0], 403)
        self.assertRegex(self.say("users"), r"member +Lan\nmember +Minh Anh")
        self.say("disable 'Minh Anh'")
        self.assertRegex(self.say("users"), "member +disabled +Minh Anh")
        self.assertEqual(self.group.call("POST", "/login", {
            "username": "Minh Anh", "password": PASSWORD})[0], 401)
        self.say("enable 'Minh Anh'")
        self.group.login("Minh Anh")
        self.say("role Lan admin")
        self.assertRegex(self.say("users"), "admin +Lan")
        self.assertRegex(self.say("role Lan member"), "^error: ")
        self.assertRegex(self.say("role Lan king"), "^error: ")
        self.assertRegex(self.say("disable nobody"), "^error: ")
        self.assertRegex(self.say("invite many"), "^error: ")

    def test_the_join_link_is_shown_again(self):
        self.assertIn("join " + self.group.ready["join"], self.say("join").splitlines())

    def test_the_tracker_moves(self):
        member = self.group.member("Lan")
        former = self.group.host
        self.group.host = ADDRESSES.fresh()
        self.assertEqual(self.say(f"start {self.group.host} 5005"),
                         f"listening on http://{self.group.host}:5005")
        self.group.port = 5005
        self.assertEqual(self.group.call("GET", "/api/v1/me", token=member)[1]["name"], "Lan")
        self.assertRegex(self.say("users"), "Lan")
        self.assertIn(f"http://{self.group.host}:5005/join#", self.say("join"))
        self.assertRegex(self.say(f"ping {self.group.host} 5005"), "cannot ping itself")
        taken = self.tracker(listen=f"{former}:0")
        port = taken.announce.rsplit(":", 1)[1].split("/")[0]
        self.assertRegex(self.say(f"start {former} {port}"), "^error: .*the port is in use")
        self.assertEqual(self.group.call("GET", "/api/v1/me", token=member)[0], 200)
        self.say("start 0.0.0.0 5005")
        self.assertEqual(self.group.call("GET", "/api/v1/me", token=member)[0], 200)
        self.assertRegex(self.say("users"), "Lan")

    def test_help_and_errors(self):
        said = self.say("help")
        for word in ("start", "list_peers", "list_files", "list_chunkinfo", "discover", "ping",
                     "invite", "users", "disable", "enable", "role", "join", "help", "exit"):
            self.assertRegex(said, rf"(?m)^ +{word}\b")
            self.assertEqual(len(self.say(f"help {word}").splitlines()), 2)
        self.assertEqual(self.say("lst_files"),
                         "error: there is no command 'lst_files': did you mean 'list_files'?")
        self.assertRegex(self.say("help nothing_like_it"), "^error: there is no command")
        self.assertEqual(self.say("list_peers now"), "error: write it as: list_peers")
        self.assertRegex(self.say("list_files 'open"), "^error: a quote")
        self.assertEqual(self.say(""), "")

    def test_words_and_names_are_completed(self):
        self.group.member("Nguyễn Văn An")
        terminal = self.group.terminal
        terminal.typed("list_p\t", r"> list_peers $")
        terminal.typed("list_\t", r"^list_chunkinfo\nlist_files\nlist_peers\ntracker> list_$")
        terminal.typed("disable Ng\t", r'> disable "Nguyễn Văn An" $')
        terminal.typed("role x \t", r"^admin\nmember\ntracker> role x ")
        terminal.typed("xyz\t", r"> xyz$")
        self.share()
        terminal.typed("list_chunkinfo Đề\t", r'> list_chunkinfo "Đề thi" $')

    def test_keys(self):
        terminal = self.group.terminal
        terminal.typed("Bài giảng", "> Bài giảng$")
        self.assertEqual(self.say("nothing\x03"), "")
        self.assertEqual(self.say("usersà\x7f"), "none")
        self.assertEqual(self.say("\x1b[A"), "none")
        self.assertIsNone(terminal.process.poll())

    def test_history_lasts_and_is_private(self):
        self.say("list_files 'Bài giảng'")
        self.say("lst http://10.77.0.1:1/join#1/k=secret")
        self.group.terminal.keys("exit\r")
        self.assertEqual(self.group.terminal.exit(), 0)
        path = os.path.join(self.group.folder, "tracker-history")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path) as file:
            self.assertEqual(file.read(), "list_files 'Bài giảng'\nexit\n")
        self.group = Operated(self, host=self.group.host, folder=self.group.folder)
        self.group.terminal.typed("\x1b[A\x1b[A", r"> list_files 'Bài giảng'$")

    def test_exit(self):
        for keys in ("exit\r", "\x04", None):
            terminal = self.group.terminal
            if keys:
                terminal.keys(keys)
            else:
                terminal.process.terminate()
            self.assertEqual(terminal.exit(), 0, keys)
            self.assertTrue(terminal.is_as_before(), keys)
            self.group = Operated(self, host=self.group.host, folder=self.group.folder)


@needs_isolation
class OpenTracker(Swarm):
    def test_it_keeps_no_list_and_moves(self):
        host = ADDRESSES.fresh()
        terminal = Terminal(self, SHOAL, "tracker", "--access", "open", "--listen", f"{host}:0",
                            prompt="tracker> ").ready()
        for word in ("list_peers", "list_files", "list_chunkinfo", "users", "join", "invite",
                     "disable x", "ping a 1", "discover a 1"):
            self.assertRegex(terminal.command(word), "^error: an open tracker keeps no list", word)
        self.assertEqual(terminal.command(f"start {host} 5006"), f"listening on http://{host}:5006")
        content = make_file(self.path("a"), 50_000, 1)
        torrent = self.create(content, "--tracker", f"http://{host}:5006/announce")
        self.seed(torrent, content, listen=f"{ADDRESSES.fresh()}:0")
        self.download(torrent, self.path("b"), listen=f"{ADDRESSES.fresh()}:0").expect(0)
        terminal.keys("exit\r")
        self.assertEqual(terminal.exit(), 0)


# A word that it does not know leaves the program with the help of its own.
HAS_PEER = b"shoal peer" in subprocess.run([SHOAL, "peer", "--help"], capture_output=True).stdout
needs_peer = unittest.skipUnless(HAS_PEER, "this shoal has no peer")


class Person:
    """A peer with its user at a terminal, in no group yet."""

    def __init__(self, case, name):
        self.case, self.name = case, name
        self.host = ADDRESSES.fresh()
        self.data = case.path("data", name)
        self.terminal = Terminal(case, SHOAL, "peer", "--data", self.data, "--listen",
                                 f"{self.host}:0", "--web", "127.0.0.1:0",
                                 prompt="shoal> ").ready()
        self.port = re.search(r"^peer \S+:(\d+)$", self.terminal.text(), re.MULTILINE)[1]

    def say(self, line):
        return self.terminal.command(line)

    def join(self, group):
        said = self.terminal.dialog(
            f"connect {group.ready['join']} register", ("User", self.name),
            ("New password", PASSWORD), ("The same again", PASSWORD))
        self.case.assertIn(f"{self.name} is logged in", said)
        return self

    def waits_for(self, pattern):
        """A line that comes behind the prompt."""
        return self.terminal.wait(pattern)

    def command(self, *arguments, code=0):
        """What a subcommand says that speaks to this peer."""
        program = self.case.start(SHOAL, "--json", *arguments, "--data", self.data,
                                  cwd=self.case.root)
        program.expect(code)
        if code:
            self.case.assert_one_line(program.errors)
        return [json.loads(line.text) for line in program.lines]


@needs_isolation
@needs_peer
class PeerShell(Swarm):
    def setUp(self):
        super().setUp()
        self.group = Group(self)
        self.lan = Person(self, "Lan").join(self.group)
        self.folder = make_folder(self.path("home", "Bài giảng 1"), 5, MIB)

    def publish(self):
        said = self.lan.say(f"publish '{self.folder}' 'Bài giảng'")
        self.assertNotIn("error", said)
        self.lan.waits_for("^published Bài giảng: ")

    def reader(self):
        return Person(self, "Minh").join(self.group)

    def test_what_one_publishes_another_fetches(self):
        self.publish()
        reader = self.reader()
        self.assertIn("Bài giảng", reader.say("list_files bai GIANG"))
        self.assertIn("Bài giảng", reader.say(f"discover {self.lan.host} {self.lan.port}"))
        self.assertIn("is there", reader.say(f"ping {self.lan.host} {self.lan.port}"))
        self.assertIn(f"{self.lan.host}:{self.lan.port}", reader.say("list_peers"))
        reader.terminal.typed("fetch B\t", r'> fetch "Bài giảng" $')
        self.assertNotIn("error", reader.say(f"fetch 'Bài giảng' '{self.path('mine')}'"))
        reader.waits_for("^complete Bài giảng: ")
        self.assert_same(self.folder, self.path("mine"))
        self.assertIn("Bài giảng", reader.say("list_downloads"))
        self.assertIn("sharing", reader.say("status 'Bài giảng'"))
        wait_until(lambda: f"{reader.host}:{reader.port}" in
                   self.lan.say("list_chunkinfo 'Bài giảng'"), "the second holder is known")
        sent = self.lan.say("stop 'Bài giảng'")
        self.assertGreater(int(re.search(r"(\d+) bytes sent", sent)[1]), MIB)
        third = Person(self, "Third").join(self.group)
        third.say(f"fetch 'Bài giảng' '{self.path('third')}' {reader.host} {reader.port}")
        third.waits_for("^complete Bài giảng: ")
        self.assert_same(self.folder, self.path("third"))

    def test_what_is_refused(self):
        self.publish()
        self.assertRegex(self.lan.say(f"publish '{self.folder}' other"), "^error: ")
        other = make_file(self.path("home", "other"), 1000, 1)
        self.assertRegex(self.lan.say(f"publish '{other}' 'Bài giảng'"), "^error: ")
        self.assertRegex(self.lan.say(f"publish '{self.path('nowhere')}'"), "^error: ")
        self.assertRegex(self.lan.say(f"fetch 'Bài giảng' '{self.path('x')}'"), "^error: ")
        reader = self.reader()
        self.assertRegex(reader.say(f"fetch 'Bài giảng' '{other}'"), "^error: ")
        self.assertRegex(reader.say("fetch nothing"), "^error: ")
        self.assertRegex(reader.say("pause nothing"), "^error: nothing here is called 'nothing'")

    def test_what_is_published_is_taken_back(self):
        self.publish()
        self.lan.say("pause 'Bài giảng'")
        self.assertIn("paused", self.lan.say("status 'Bài giảng'"))
        self.lan.say("resume 'Bài giảng'")
        wait_until(lambda: "sharing" in self.lan.say("status 'Bài giảng'"), "it goes on")
        self.lan.say("unpublish 'Bài giảng'")
        self.assertEqual(self.lan.say("list_files"), "none")
        self.assertTrue(os.path.isdir(self.folder))
        self.publish()
        self.lan.say("remove 'Bài giảng'")
        self.assertTrue(os.path.isdir(self.folder))

    def test_torrents_outside_the_group(self):
        url = self.tracker(listen=f"{ADDRESSES.fresh()}:0").announce
        said = self.lan.say(f"create '{self.folder}' '{self.path('torrents')}' {url}")
        torrent = said.removeprefix("torrent ")
        self.assertEqual(self.info(torrent)["name"], "Bài giảng 1")
        self.lan.say(f"upload '{self.folder}' {url}")
        self.lan.waits_for("^sharing Bài giảng 1: ")
        self.assertRegex(self.lan.say(f"upload '{torrent}' {url}"), "^error: .* is neither in ")
        reader = self.reader()
        for source in (torrent, self.magnet(torrent)):
            folder = self.path(f"to {len(source)}")
            self.assertNotIn("error", reader.say(f"download '{source}' '{folder}'"))
            wait_until(lambda: os.path.isdir(os.path.join(folder, "Bài giảng 1")), "it is there")
            self.assert_same(self.folder, os.path.join(folder, "Bài giảng 1"))
            reader.say("remove 'Bài giảng 1'")

    def test_logging_in_and_out(self):
        self.assertIn("Lan (member)", self.lan.say("whoami"))
        self.lan.say("logout")
        self.assertRegex(self.lan.say("whoami"), "^error: ")
        self.assertRegex(self.lan.terminal.dialog("login Lan", ("Password", "x7-none")), "^error: ")
        self.assertNotIn("x7-none", self.lan.terminal.text())
        self.assertIn("Lan is logged in", self.lan.terminal.dialog("login Lan",
                                                                   ("Password", PASSWORD)))
        self.assertIn("Lan (member)", self.lan.say("whoami"))
        self.assertNotIn(PASSWORD, self.lan.terminal.text())

    def test_a_tracker_by_its_address_alone(self):
        address = f"{self.group.host} {self.group.port}"
        self.group.member("Minh")
        new = Person(self, "Minh")
        said = new.terminal.dialog(f"connect {address}", ("Is it (yes or no)", "no"))
        self.assertRegex(said, "^error: not connected")
        key = re.search("k=([^/]+)", self.group.ready["join"])[1]
        self.assertIn(f"Its key is {key}", new.terminal.text())
        said = new.terminal.dialog(f"connect {address}", ("Is it (yes or no)", "yes"),
                                   ("User", "Minh"), ("Password", PASSWORD))
        self.assertIn("Minh is logged in", said)

    def test_the_peer_moves(self):
        self.publish()
        self.assertEqual(self.lan.say(f"start {self.lan.host} 6999"),
                         f"listening on {self.lan.host}:6999")
        reader = self.reader()
        wait_until(lambda: f"{self.lan.host}:6999" in reader.say("list_peers"), "it has moved")
        reader.say(f"fetch 'Bài giảng' '{self.path('mine')}'")
        reader.waits_for("^complete Bài giảng: ")

    def test_subcommands_speak_to_the_peer(self):
        content = make_file(self.path("home", "a.bin"), 300_000, 2)
        published, = self.lan.command("publish", content, "tệp a", "--piece-length", "64K")
        self.assertEqual((published["name"], published["pieces"]), ("tệp a", 5))
        self.lan.command("publish", content, "again", code=4)
        reader = self.reader()
        self.assertEqual([file["name"] for file in reader.command("list", "files")[0]["items"]],
                         ["tệp a"])
        events = reader.command("fetch", "tệp a", "mine.bin")
        self.assertEqual((events[-1]["event"], events[-1]["bytes"]), ("complete", 300_000))
        self.assert_same(content, self.path("mine.bin"))
        reader.command("fetch", "tệp a", "mine.bin", code=4)
        reader.command("fetch", "nothing", code=3)
        self.assertEqual(reader.command("status", "tệp a")[0]["state"], "sharing")
        self.assertEqual(reader.command("list", "downloads")[0]["items"][0]["name"], "tệp a")
        self.assertEqual(self.lan.command("stop", "tệp a")[0]["items"][0]["state"], "stopped")
        reader.command("remove", "tệp a", "--with-data")
        self.assertFalse(os.path.exists(self.path("mine.bin")))
        self.lan.terminal.keys("exit\r")
        self.assertEqual(self.lan.terminal.exit(), 0)
        self.lan.command("status", code=1)

    def test_help_keys_and_exit(self):
        said = self.lan.say("help")
        for word in ("connect", "register", "login", "logout", "whoami", "start", "list_files",
                     "list_peers", "list_chunkinfo", "discover", "ping", "publish", "unpublish",
                     "fetch", "create", "upload", "download", "list_downloads", "status", "pause",
                     "resume", "stop", "remove", "help", "exit"):
            self.assertRegex(said, rf"(?m)^ +{word}\b")
        self.assertRegex(self.lan.say("fecth x"), "did you mean 'fetch'")
        self.lan.terminal.typed(f"publish {self.path('ho')}\t", "> publish .*/home/$")
        self.lan.terminal.keys("exit\r")
        self.assertEqual(self.lan.terminal.exit(), 0)
        self.assertTrue(self.lan.terminal.is_as_before())
        history = os.path.join(self.lan.data, "peer-history")
        self.assertEqual(stat.S_IMODE(os.stat(history).st_mode), 0o600)
        with open(history) as file:
            self.assertNotIn("join#", file.read())


if __name__ == "__main__":
    unittest.main()

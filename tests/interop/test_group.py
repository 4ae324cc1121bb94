"""A group's tracker: accounts, passkeys, the catalogue, who has which piece, and strangers."""
import http.client
import json
import os
import random
import urllib.parse
import unittest

from group_tools import API, PASSWORD, Group
from other_clients import CLIENTS
from swarm_tools import (ADDRESSES, MIB, Swarm, bdecode, make_file, make_folder, needs_isolation,
                         wait_until)


@needs_isolation
class Accounts(Swarm):
    def test_only_those_who_are_let_in_get_in(self):
        group = Group(self)
        person = {"username": "Minh", "password": PASSWORD}
        self.assertEqual(group.call("POST", "/register", person)[0], 403)
        self.assertEqual(
            group.call("POST", "/register", {**person, "invitation": "A" * 32})[0], 403)
        self.assertEqual(group.call("POST", "/register", {
            **person, "password": "short", "invitation": group.invitation})[0], 400)
        token = group.member("Minh")
        self.assertEqual(group.call("POST", "/register", {
            **person, "username": "MINH", "invitation": group.invitation})[0], 403)
        self.assertEqual(group.call("POST", "/login", {**person, "password": "no"})[0], 401)
        self.assertEqual(group.call("GET", "/api/v1/me", token=token)[1]["name"], "Minh")
        self.assertEqual(group.call("DELETE", "/api/v1/sessions/current", token=token)[0], 204)
        self.assertEqual(group.call("GET", "/api/v1/me", token=token)[0], 401)

    def test_six_characters_where_the_operator_allows_them(self):
        group = Group(self, "--registration", "open", "--least-password", "6")
        person = {"username": "user1", "password": "123456"}
        self.assertEqual(group.call("POST", "/register", person)[0], 201)
        self.assertEqual(group.call("POST", "/login", person)[0], 201)

    def test_guessing_is_slowed_down(self):
        group = Group(self)
        group.member("Minh")
        wrong = {"username": "Minh", "password": "guess"}
        statuses = [group.call("POST", "/login", wrong)[0] for _ in range(12)]
        self.assertEqual(statuses[:3], [401] * 3)
        self.assertEqual(statuses[-1], 429)

    def test_an_administrator_shuts_a_member_out(self):
        group = Group(self)
        admin, member = group.administrator(), group.member("Lan")
        announce = group.call("GET", "/api/v1/me", token=member)[1]["announce"]
        self.assertEqual(group.call("GET", "/api/v1/users", token=member)[0], 403)
        names = {user["name"] for user in group.call("GET", "/api/v1/users", token=admin)[1]["items"]}
        self.assertEqual(names, {"người quản trị", "Lan"})
        status, said = group.call("PATCH", "/api/v1/users/Lan", {"disabled": True}, token=admin)
        self.assertEqual((status, said["disabled"]), (200, True))
        self.assertEqual(group.call("GET", "/api/v1/me", token=member)[0], 401)
        query = f"&info_hash={'a' * 20}&peer_id={'b' * 20}&port=1&left=0"
        self.assertIn(b"passkey is not valid", group.call("GET", announce + query)[1])
        admin_out = group.call("PATCH", "/api/v1/users/" + urllib.parse.quote("người quản trị"),
                               {"disabled": True}, token=admin)
        self.assertEqual(admin_out[0], 403)

    def test_passwords_from_other_machines_need_tls(self):
        group = Group(self)
        group.program.stop(code=0)
        program = self.shoal("tracker", "--data", group.folder, "--no-shell", "--listen",
                             f"{group.host}:0")
        group.ready = program.event("ready")
        group.port = urllib.parse.urlsplit(group.ready["url"]).port
        person = {"username": "Minh", "password": PASSWORD, "invitation": group.invitation}
        self.assertEqual(group.call("POST", "/register", person)[0], 403)
        self.assertEqual(group.call("POST", "/register", person, tls=True)[0], 201)

    def test_a_restart_loses_nothing_and_the_links_stay_good(self):
        group = Group(self)
        token = group.member("Minh")
        content = make_file(self.path("x"), 100_000, 1)
        info_hash = group.upload(token, self.create(content, "--private"))
        group.program.stop(9, code=-9)
        again = Group(self, host=group.host, folder=group.folder)
        self.assertEqual(again.call("GET", "/api/v1/me", token=token)[1]["name"], "Minh")
        self.assertEqual(again.invitation, group.invitation)
        self.assertEqual(again.call("GET", f"/api/v1/torrents/{info_hash}", token=token)[0], 200)

    def test_a_folder_belongs_to_one_tracker(self):
        group = Group(self)
        second = self.shoal("tracker", "--data", group.folder, "--no-shell", "--listen",
                            f"{group.host}:0")
        second.expect(4)
        self.assert_one_line(second.errors)


@needs_isolation
class Sharing(Swarm):
    """Files by name, with programs that know nothing of the group but their torrent."""

    def setUp(self):
        super().setUp()
        self.group = Group(self)
        self.publisher = self.group.member("Giáo viên")
        self.reader = self.group.member("Sinh viên")
        self.folder = make_folder(self.path("home", "Bài giảng 1"), 5, MIB)
        self.torrent = self.create(self.folder, "--private", "--piece-length", "64K")
        self.info_hash = self.group.upload(self.publisher, self.torrent)

    def publish(self, name="Bài giảng 1", port=6999, replace=False):
        peer = self.group.call("POST", "/api/v1/peers", {"daemon": "d1", "port": port},
                               token=self.publisher)[1]["id"]
        return peer, self.group.call("POST", "/api/v1/files", {
            "peer": peer, "name": name, "path": f"shared/{name}", "info_hash": self.info_hash,
            "replace": replace}, token=self.publisher)

    def test_what_is_published_is_found_without_its_tone_marks(self):
        _, (status, file) = self.publish()
        self.assertEqual((status, file["name"], file["online"]), (201, "Bài giảng 1", True))
        found = self.group.call("GET", "/api/v1/files?q=bai+GIANG", token=self.reader)[1]
        self.assertEqual([item["id"] for item in found["items"]], [file["id"]])
        self.assertEqual(self.group.call("GET", "/api/v1/files?q=bai+tap",
                                         token=self.reader)[1]["items"], [])
        discovered = self.group.call("GET", f"/api/v1/files?address={file['address']}",
                                     token=self.reader)[1]
        self.assertEqual(discovered["items"], found["items"])

    def test_the_same_name_or_path_twice_is_refused(self):
        self.publish()
        _, (status, said) = self.publish()
        self.assertEqual((status, said["code"]), (409, "refused"))
        _, (status, file) = self.publish(replace=True)
        self.assertEqual((status, file["version"]), (201, 2))
        self.assertEqual(self.group.call("DELETE", f"/api/v1/files/{file['id']}",
                                         token=self.reader)[0], 403)
        self.assertEqual(self.group.call("DELETE", f"/api/v1/files/{file['id']}",
                                         token=self.publisher)[0], 204)

    def test_a_public_torrent_is_refused(self):
        public = self.create(self.folder)
        with open(public, "rb") as file:
            status, said = self.group.call("POST", "/api/v1/torrents", raw=file.read(),
                                           token=self.publisher)
        self.assertEqual(status, 400)
        self.assertIn("--private", said["detail"])

    def seed(self, token, **options):
        return super().seed(self.group.personal(token, self.info_hash), self.folder,
                            listen=f"{ADDRESSES.fresh()}:0", **options)

    def test_our_peers_and_others_fetch_with_torrents_of_their_own(self):
        self.seed(self.publisher)
        mine = self.group.personal(self.reader, self.info_hash)
        self.download(mine, self.path("ours"), listen=f"{ADDRESSES.fresh()}:0").expect(0)
        self.assert_same(self.folder, self.path("ours", "Bài giảng 1"))
        for name, client in CLIENTS.items():
            with self.subTest(client=name):
                other = client(self)
                other.download(mine, self.path(name))
                other.wait(1)
                other.stop()
                self.assert_same(self.folder, self.path(name, "Bài giảng 1"),
                                 other.makes_empty_files)

    def test_a_stranger_learns_nothing(self):
        self.publish()
        self.seed(self.publisher)
        stranger = ADDRESSES.fresh()
        everything = ["/api/v1/files", "/api/v1/files/1", "/api/v1/peers", "/api/v1/users",
                      "/api/v1/me", "/api/v1/events", "/api/v1/preparing",
                      f"/api/v1/torrents/{self.info_hash}",
                      f"/announce/download?info_hash={self.info_hash}",
                      f"/api/v1/swarms/{self.info_hash}/pieces", "/api/v1/addresses/10.77.0.1"]
        for path in everything:
            for token in (None, "x" * 43, self.reader[:-1] + "_"):
                status, said = self.group.call("GET", path, token=token, source=stranger)
                self.assertEqual((path, status), (path, 401))
                self.assertNotIn("Bài giảng", json.dumps(said, ensure_ascii=False))
        self.assertEqual(self.group.call("POST", "/announce/upload", raw=b"d4:infodee",
                                         source=stranger)[0], 401)
        quoted = urllib.parse.quote(bytes.fromhex(self.info_hash))
        for passkey in ("", "&passkey=", "&passkey=" + "A" * 32):
            answer = bdecode(self.group.call(
                "GET", f"/announce?info_hash={quoted}&peer_id={'b' * 20}&port=1&left=1{passkey}",
                source=stranger)[1])[0]
            self.assertEqual(list(answer), [b"failure reason"])
            answer = bdecode(self.group.call("GET", f"/scrape?info_hash={quoted}{passkey}",
                                             source=stranger)[1])[0]
            self.assertEqual(list(answer), [b"failure reason"])

    def test_who_has_which_piece(self):
        peer, _ = self.publish()
        path = f"/api/v1/peers/{peer}/pieces"
        report = {"number": 1, "whole": True,
                  "changes": [{"info_hash": self.info_hash, "gained": [[0, 2]]}]}
        self.assertEqual(self.group.call("PUT", path, report, token=self.reader)[0], 404)
        for wrong in ({"number": 1}, {"number": 1, "changes": None}, {"number": 1, "changes": [1]}):
            self.assertEqual(self.group.call("PUT", path, wrong, token=self.publisher)[0], 400)
        self.assertEqual(self.group.call("PUT", path, report, token=self.publisher)[0], 204)
        more = {"number": 2, "changes": [{"info_hash": self.info_hash, "gained": [[4, 4]]}]}
        self.assertEqual(self.group.call("PUT", path, more, token=self.publisher)[0], 204)
        self.assertEqual(self.group.call("PUT", path, more, token=self.publisher)[0], 409)
        swarm = self.group.call("GET", f"/api/v1/swarms/{self.info_hash}/pieces",
                                token=self.reader)[1]
        self.assertEqual(swarm["holders"][0]["pieces"], [[0, 2], [4, 4]])
        self.assertEqual(swarm["held_never"][0], [3, 3])

    def test_what_is_being_prepared_is_seen_until_its_peer_goes(self):
        peer, _ = self.publish()
        path = f"/api/v1/peers/{peer}/preparing"
        files = [{"name": f"Phim {i}", "path": f"shared/Phim {i}", "size": 5 << 30, "pieces": 1280}
                 for i in range(3)]
        events = self.group.events(self.reader)
        self.assertEqual(self.group.call("PUT", path, {"items": files}, token=self.reader)[0], 404)
        self.assertEqual(self.group.call("PUT", path, {"items": files},
                                         token=self.publisher)[0], 204)
        self.assertEqual(next(events), ("preparing", {"peer": peer, "user": "Giáo viên"}))
        shown, cursor = [], ""
        while cursor is not None:
            page = self.group.call("GET", f"/api/v1/preparing?limit=2{cursor}",
                                   token=self.reader)[1]
            shown += page["items"]
            cursor = page["next"] and "&cursor=" + page["next"]
        self.assertEqual(shown, [{**file, "user": "Giáo viên", "peer": peer,
                                  "address": f"{self.group.host}:6999"} for file in files])
        for wrong in ([{**files[0], "name": "a/b"}], [files[0], files[0]],
                      [{**files[0], "size": -1}], ["x"], None):
            self.assertEqual(self.group.call("PUT", path, {"items": wrong},
                                             token=self.publisher)[0], 400)
        self.assertEqual(self.group.call("GET", "/api/v1/preparing?cursor=QQ",
                                         token=self.reader)[0], 400)
        self.assertEqual(self.group.call("DELETE", f"/api/v1/peers/{peer}",
                                         token=self.publisher)[0], 204)
        self.assertEqual({next(events)[0], next(events)[0]}, {"preparing", "peer_left"})
        self.assertEqual(self.group.call("GET", "/api/v1/preparing", token=self.reader)[1],
                         {"items": [], "next": None})

    def test_peers_are_pinged_and_those_that_vanish_leave_the_list(self):
        seed = self.seed(self.publisher)
        address = seed.event("ready")["address"]
        listed = lambda: [peer["address"] for peer in self.group.call(
            "GET", "/api/v1/peers", token=self.reader)[1]["items"]]
        wait_until(lambda: address in listed(), "the seed is listed")
        status, said = self.group.call("POST", f"/api/v1/peers/{address}/ping", token=self.reader)
        self.assertEqual((status, said["alive"]), (200, True))
        self.assertLess(said["round_trip_ms"], 1000)
        itself = f"{self.group.host}:{self.group.port}"
        status, said = self.group.call("POST", f"/api/v1/peers/{itself}/ping", token=self.reader)
        self.assertIn("itself", said["detail"])
        self.assertEqual(self.group.call("POST", "/api/v1/peers/10.77.0.1:22/ping",
                                         token=self.reader)[0], 404)
        seed.send(9)
        wait_until(lambda: address not in listed(), "the killed seed has left", timeout=20)


@needs_isolation
class PieceMap(Swarm):
    """What the tracker says that peers have is what they have. None of these reports by itself:
    the tracker asks them."""

    PIECE = 64 * 1024

    def setUp(self):
        super().setUp()
        self.group = Group(self)
        self.token = self.group.member("Minh")
        self.content = make_file(self.path("home", "ba mảnh.bin"), 3 * self.PIECE - 100, 9)
        torrent = self.create(self.content, "--private", "--piece-length", "64K")
        self.info_hash = self.group.upload(self.token, torrent)
        self.torrent = self.group.personal(self.token, self.info_hash)

    def swarm(self):
        return self.group.call("GET", f"/api/v1/swarms/{self.info_hash}/pieces",
                               token=self.token)[1]

    def holdings(self):
        """How many peers have which ranges."""
        return sorted(holder["pieces"] for holder in self.swarm()["holders"])

    def seed_part(self, piece):
        """A peer that has this piece and rubbish in the place of the others."""
        with open(self.content, "rb") as file:
            whole = file.read()
        part = bytearray(b"\xff" * len(whole))
        part[piece * self.PIECE:(piece + 1) * self.PIECE] = whole[
            piece * self.PIECE:(piece + 1) * self.PIECE]
        path = self.path(f"part {piece}", "ba mảnh.bin")
        os.makedirs(os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(part)
        return self.seed(self.torrent, path, "--partial", listen=f"{ADDRESSES.fresh()}:0")

    def test_three_peers_with_a_piece_each_and_a_fourth_that_gets_all(self):
        for piece in range(3):
            self.seed_part(piece)
        wait_until(lambda: self.holdings() == [[[0, 0]], [[1, 1]], [[2, 2]]],
                   "the tracker knows the three pieces")
        self.assertEqual((self.swarm()["held_once"], self.swarm()["held_never"]), ([[0, 2]], []))
        fourth = self.download(self.torrent, self.path("D"), "--seed",
                               listen=f"{ADDRESSES.fresh()}:0")
        fourth.event("complete")
        self.assert_same(self.content, self.path("D", "ba mảnh.bin"))
        wait_until(lambda: self.holdings() == [[[0, 0]], [[0, 2]], [[1, 1]], [[2, 2]]],
                   "the tracker knows the fourth as well")
        self.assertEqual(self.swarm()["held_once"], [])
        fifth = self.download(self.torrent, self.path("E"), "--peer",
                              fourth.event("ready")["address"], listen=f"{ADDRESSES.fresh()}:0")
        fifth.expect(0)

    def test_other_clients_are_asked_and_leave_when_they_stop(self):
        clients = []
        for client in CLIENTS.values():
            clients.append(client(self))
            clients[-1].seed(self.torrent, os.path.dirname(self.content))
        wait_until(lambda: self.holdings() == [[[0, 2]]] * len(clients),
                   "the tracker knows what the other clients have")
        for client in clients:
            client.stop()
        wait_until(lambda: self.holdings() == [], "the tracker has noticed that they left")


@needs_isolation
class Commands(Swarm):
    """The command line as a member's and an administrator's hands use it."""

    def setUp(self):
        super().setUp()
        self.group = Group(self)

    def command(self, who, *arguments, code=0, password=PASSWORD):
        """What one person's command says; everybody has a data folder of their own."""
        program = self.shoal(*arguments, "--data", self.path("data", who),
                             env={**os.environ, "SHOAL_PASSWORD": password})
        program.expect(code)
        if code:
            self.assert_one_line(program.errors)
            self.assertNotIn(PASSWORD, program.errors)
            return program.errors
        return [json.loads(line.text) for line in program.lines]

    def test_from_a_link_to_a_list(self):
        admin, = self.command("admin", "register", "Quản trị", "--join", self.group.ready["admin"])
        self.assertEqual(admin["user"], "Quản trị")
        self.command("lan", "register", "Lan", "--join", self.group.ready["join"])
        me, = self.command("lan", "whoami")
        self.assertEqual((me["user"], me["role"]), ("Lan", "member"))
        token = self.group.login("Lan")
        content = make_file(self.path("home", "Đề thi.pdf"), 200_000, 4)
        info_hash = self.group.upload(token, self.create(content, "--private"))
        seed = self.seed(self.group.personal(token, info_hash), content,
                         listen=f"{ADDRESSES.fresh()}:0")
        host, port = seed.event("ready")["address"].rsplit(":", 1)
        _, peer = self.group.call("POST", "/api/v1/peers", {"daemon": "d", "port": int(port)},
                                  token=token, source=host)
        self.assertEqual(self.group.call("POST", "/api/v1/files", {
            "peer": peer["id"], "name": "Đề thi", "path": "de.pdf", "info_hash": info_hash},
            token=token)[0], 201)
        found, = self.command("admin", "list", "files", "de THI")
        self.assertEqual([file["name"] for file in found["items"]], ["Đề thi"])
        self.assertEqual(self.command("admin", "list", "files", "khác")[0]["items"], [])
        self.assertEqual(self.command("admin", "discover", f"{host}:{port}")[0], found)
        wait_until(lambda: [holder["count"] for holder in self.command(
            "lan", "list", "pieces")[0]["items"][0]["holders"]] == [13], "the seed is known")
        self.assertIn(f"{host}:{port}",
                      [peer["address"] for peer in self.command("lan", "list", "peers")[0]["items"]])
        self.assertTrue(self.command("lan", "ping", f"{host}:{port}")[0]["alive"])
        self.assertIn("itself", self.command(
            "lan", "ping", f"{self.group.host}:{self.group.port}", code=2))
        self.command("lan", "ping", "10.77.0.9:1", code=3)

    def test_what_goes_wrong_is_said_in_one_line_and_by_the_exit_code(self):
        self.command("lan", "whoami", code=3)
        self.command("lan", "login", "Lan", "--join", "http://x/", code=5)
        self.command("lan", "login", "Lan", "--join", self.group.ready["join"], code=4)
        self.command("lan", "register", "Lan", "--join", self.group.ready["join"], code=2,
                     password="short")
        self.command("lan", "register", "Lan", "--join", self.group.ready["join"])
        other = self.group.ready["join"].replace("/k=", "/k=A")[:-1]
        self.command("eve", "login", "Lan", "--join", other, code=5)
        mine = self.group.ready["join"].split("/k=")
        false_key = f"{mine[0]}/k={'A' * 42}E/{mine[1].split('/', 1)[1]}"
        self.assertIn("key", self.command("eve", "login", "Lan", "--join", false_key, code=4))
        self.command("lan", "user", "list", code=4)
        self.command("lan", "logout")
        self.command("lan", "whoami", code=4)
        self.group.program.stop()
        self.command("lan", "login", "Lan", code=1)

    def test_an_operator_invites_and_shuts_out(self):
        self.command("admin", "register", "Quản trị", "--join", self.group.ready["admin"])
        link = self.command("admin", "invite", "--uses", "1")[0]["join"]
        self.command("lan", "register", "Lan", "--join", link)
        self.command("minh", "register", "Minh", "--join", link, code=4)
        self.command("admin", "user", "role", "Lan", "admin")
        self.command("lan", "user", "disable", "Quản trị")
        self.command("admin", "whoami", code=4)
        users, = self.command("lan", "user", "list")
        self.assertEqual({user["name"]: (user["role"], user["disabled"]) for user in users["items"]},
                         {"Lan": ("admin", False), "Quản trị": ("admin", True)})
        self.command("lan", "user", "disable", "Lan", code=4)
        self.command("lan", "user", "enable", "Quản trị")

    def test_a_changed_password_ends_other_sessions(self):
        self.command("lan", "register", "Lan", "--join", self.group.ready["join"])
        self.command("home", "login", "Lan", "--join", self.group.ready["join"])
        new = self.path("new password")
        with open(new, "w") as file:
            file.write("một mật khẩu khác\n")
        self.command("lan", "passwd", "--new-password-file", new)
        self.command("lan", "whoami")
        self.command("home", "whoami", code=4)
        self.command("home", "login", "Lan", code=4)
        self.command("home", "login", "Lan", password="một mật khẩu khác")


@needs_isolation
class Nonsense(Swarm):
    def test_all_that_is_described_is_served_to_members_alone(self):
        group = Group(self)
        token = group.member("Minh")
        for method, path, secured in API.operations():
            target = path.replace("{", "").replace("}", "")
            with self.subTest(method=method, path=path):
                status, said = group.call(method, target, body={} if method != "GET" else None)
                if secured:
                    self.assertEqual(status, 401)
                    if path != "/api/v1/events":
                        status, said = group.call(method, target, token=token,
                                                  body={} if method != "GET" else None)
                        self.assertNotEqual(status, 401)
                self.assertNotIn("nothing at this address", str(said))
                self.assertNotEqual(status, 405)

    def test_ten_thousand_malformed_requests_change_nothing(self):
        group = Group(self)
        token = group.member("Minh")
        before = group.call("GET", "/api/v1/me", token=token)[1]
        dice = random.Random(7)
        paths = ["/announce", "/scrape", "/register", "/login", "/api/v1/users", "/api/v1/files",
                 "/api/v1/peers", "/api/v1/peers/1/pieces", "/api/v1/torrents", "/api/v1/me",
                 "/api/v1/sessions/current", "/api/v1/peers/%00/ping", "/api/v1/files/1%27--",
                 "/api/v1/files?q=%27%20OR%201=1--", "/api/v1/files?cursor=AAAA", "/../../etc/passwd"]
        bodies = [b"", b"{", b"[]", b"null", b'{"username":1}', b'{"username":"a\\u0000","password":"b"}',
                  b"\xff\xfe", b'{"a":' * 40, b'{"number":-1}', b'{"number":1,"changes":[[]]}',
                  b"d4:infod6:lengthi-1eee", b'{"username":"\'; DROP TABLE users;--","password":"x"}',
                  b'{"peer":1,"name":"../../x","path":"/","info_hash":"zz"}']
        connection, sent, served = None, 0, 0
        while sent < 10_000:
            if connection is None:
                connection = http.client.HTTPConnection(group.host, group.port, timeout=60)
            # A method that is allowed with a token would be a good request where the body is.
            method = dice.choice(["GET", "POST", "PUT", "PATCH", "BREW"])
            path = dice.choice(paths)
            if dice.random() < 0.3:
                path += ("&" if "?" in path else "?") + "".join(
                    dice.choice("abc=&%2;'\"<>") for _ in range(dice.randrange(1, 60)))
            headers = {"Content-Type": dice.choice(["application/json", "text/plain", ""])}
            if dice.random() < 0.2:
                headers["Authorization"] = "Bearer " + "".join(
                    dice.choice("abc._-~ ") for _ in range(dice.randrange(50)))
            try:
                connection.request(method, path, dice.choice(bodies), headers)
                answer = connection.getresponse()
                content = answer.read()
                known = answer.status >= 400 or b"failure reason" in content
                self.assertTrue(known, (method, path, answer.status, content))
                self.assertNotEqual(answer.status, 500, (method, path, content))
                served += 1
                if answer.getheader("Connection") == "close":
                    connection.close()
                    connection = None
            except (http.client.HTTPException, OSError):
                connection = None
            sent += 1
        self.assertGreater(served, 9_000)
        self.assertEqual(group.call("GET", "/api/v1/me", token=token)[1], before)
        self.assertEqual(group.call("GET", "/api/v1/files", token=token)[1]["items"], [])
        self.assertLess(group.program.memory(), 150 * MIB)


if __name__ == "__main__":
    unittest.main()

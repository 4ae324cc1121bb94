"""What a peer's web page asks of its REST interface: details of items, and what happens live."""
import datetime
import http.client
import json
import os
import time
import unittest
import urllib.parse

from group_tools import PASSWORD, Group, read_events
from swarm_tools import KIB, MIB, make_file, needs_isolation, wait_until
from test_daemon import Members


class Pages(Members):
    def get(self, peer, path, status=200):
        got, said = peer.call("GET", path)
        self.assertEqual(got, status, said)
        return said

    def events(self, peer, query=""):
        """Yields (type, document) of each event from now on."""
        connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/events" + query,
                           headers={"Authorization": "Bearer " + peer.token})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        return read_events(answer)

    def next_event(self, events, kind, matches=lambda document: True):
        """The document of the next event of a kind that matches."""
        return next(document for one, document in events if one == kind and matches(document))

    def slow_pair(self, size=4 * MIB, **more):
        """Two peers, of which the second fetches `bài` from the first slowly."""
        one = self.peer("một", "--max-up", "512K")
        other = self.peer("hai")
        one.publish(make_file(self.path("home", "bài"), size, 1), piece_length=64 * KIB)
        other.fetch("bài", **more)
        wait_until(lambda: other.item("bài")["have"] > 0, "data flows")
        return one, other


@needs_isolation
class Details(Pages):
    def test_peers_and_pieces_of_an_item(self):
        one, other = self.slow_pair()
        item = f"/api/v1/items/{other.item('bài')['id']}"

        def named():
            peers = self.get(other, f"{item}/peers")["items"]
            return peers if peers and peers[0]["user"] and peers[0]["downloaded"] else None
        peer, = wait_until(named, "the peer and its user are told")
        self.assertEqual((peer["address"], peer["user"], peer["client"]),
                         (one.address, "một", "shoal 0.1.0"))
        self.assertEqual((peer["progress"], peer["outgoing"]), (1, True))
        self.assertGreater(peer["down"], 0)

        pieces = self.get(other, f"{item}/pieces")
        self.assertEqual((pieces["pieces"], pieces["piece_length"], pieces["connected"]),
                         (64, 64 * KIB, 1))
        self.assertEqual((pieces["availability"], pieces["unwanted"]), ([[0, 63, 1]], []))
        self.assertTrue(pieces["in_flight"])
        self.assertTrue(pieces["have"])

        mine = f"/api/v1/items/{one.item('bài')['id']}"
        self.assertEqual(self.get(one, f"{mine}/pieces")["have"], [[0, 63]])
        caller = wait_until(lambda: self.get(one, f"{mine}/peers")["items"], "the caller")[0]
        self.assertEqual((caller["address"], caller["outgoing"]), (other.address, False))
        self.assertGreater(caller["uploaded"], 0)
        self.get(one, "/api/v1/items/77/peers", 404)
        self.get(one, "/api/v1/items/77/pieces", 404)


    def test_files_are_paged(self):
        one = self.peer("một")
        folder = self.path("home", "tập")
        for name in ("a/1", "a/2", "b"):
            make_file(os.path.join(folder, name), 100, name)
        item = f"/api/v1/items/{one.publish(folder)['id']}/files"
        files = self.get(one, item)
        self.assertIsNone(files["next"])
        self.assertEqual([(file["index"], file["path"], file["size"], file["have"], file["wanted"])
                          for file in files["items"]],
                         [(0, "a/1", 100, 100, True), (1, "a/2", 100, 100, True),
                          (2, "b", 100, 100, True)])
        first = self.get(one, item + "?limit=2")
        self.assertEqual(first["items"], files["items"][:2])
        rest = self.get(one, f"{item}?limit=2&cursor={first['next']}")
        self.assertEqual((rest["items"], rest["next"]), (files["items"][2:], None))
        self.get(one, item + "?limit=0", 400)

    def test_details_come_live_to_those_who_look(self):
        one, other = self.slow_pair(size=2 * MIB)
        number = other.item("bài")["id"]
        events, others = self.events(other, f"?item={number}"), self.events(other)
        first = self.next_event(events, "details")
        self.assertEqual((first["id"], first["pieces"]["pieces"]), (number, 32))
        file, = first["files"]
        self.assertEqual((file["path"], file["size"], file["wanted"]), ("bài", 2 * MIB, True))
        later = self.next_event(events, "details", lambda document:
                                document["files"][0]["have"] > file["have"])
        self.assertEqual(later["peers"][0]["address"], one.address)
        whole = self.next_event(events, "details", lambda document:
                                document["files"][0]["have"] == 2 * MIB)
        self.assertEqual(whole["pieces"]["have"], [[0, 31]])
        other.wait_for("bài", listed=True)
        # Who did not ask for them gets none.
        kinds = set()
        for kind, document in others:
            kinds.add(kind)
            if kind == "item" and document["listed"]:
                break
        self.assertEqual(kinds - {"item", "status", "group"}, set())
        self.get(other, "/api/v1/events?item=77", 404)


@needs_isolation
class Choosing(Pages):
    def folder(self, name="tập", size=300 * KIB):
        """Three files that share pieces."""
        folder = self.path("home", name)
        for file in ("a", "b", "c"):
            make_file(os.path.join(folder, file), size + 7, file)
        return folder

    def choose(self, peer, name, status=200, **wanted):
        path = f"/api/v1/items/{peer.item(name)['id']}/files"
        numbers = {"a": 0, "b": 1, "c": 2}
        got, said = peer.call("PATCH", path, {"files": [
            {"index": numbers[file], "wanted": value} for file, value in wanted.items()]})
        self.assertEqual(got, status, said)
        return said

    def test_files_are_chosen_while_they_are_fetched(self):
        folder = self.folder(size=MIB)
        one, other = self.peer("một", "--max-up", "512K"), self.peer("hai")
        one.publish(folder, piece_length=64 * KIB)
        other.fetch("tập")
        wait_until(lambda: other.item("tập")["have"] > 0, "data flows")
        files = self.choose(other, "tập", b=False, c=False)["items"]
        self.assertEqual([file["wanted"] for file in files], [True, False, False])
        item = other.wait_for("tập", "fetching", wanted=MIB + 7)
        self.assertEqual(item["size"], 3 * (MIB + 7))
        # It holds after a restart, and while it is paused the choice may change, too.
        other.change("tập", "paused")
        other.restart()
        other.wait_for("tập", "paused", wanted=MIB + 7)
        self.choose(other, "tập", b=True)
        self.choose(other, "tập", a=False)
        self.choose(other, "tập", 400, b=False)
        self.assertEqual(other.call("PATCH", f"/api/v1/items/{item['id']}/files",
                                    {"files": [{"index": 3, "wanted": True}]})[0], 400)
        other.change("tập", "running")
        item = other.wait_for("tập", "sharing")
        self.assertEqual((item["have"], item["total"], item["progress"]), (MIB + 7, MIB + 7, 1))
        self.assertFalse(item["listed"])
        self.assertEqual(os.listdir(other.path("downloads", "tập")), ["b"])
        self.assert_same(os.path.join(folder, "b"), other.path("downloads", "tập", "b"))

    def test_what_was_left_out_can_be_wanted_later(self):
        folder = self.folder()
        one, other = self.peer("một"), self.peer("hai")
        one.publish(folder, piece_length=64 * KIB)
        other.fetch("tập", files=["b"])
        item = other.wait_for("tập", wanted=300 * KIB + 7)
        pieces = self.get(other, f"/api/v1/items/{item['id']}/pieces")
        self.assertEqual(pieces["unwanted"], [[0, 3], [10, 14]])
        # It is known again after a restart without being hashed, and what is here stays.
        other.restart()
        other.wait_for("tập", "sharing")
        self.assertIn("is here already", self.choose(other, "tập", 409, b=False, c=True)["detail"])
        self.choose(other, "tập", a=True, c=True)
        other.wait_for("tập", "sharing", wanted=3 * (300 * KIB + 7), listed=True)
        self.assert_same(folder, other.path("downloads", "tập"))
        self.assertIn("already", self.choose(other, "tập", 409, a=False)["detail"])
        self.assertIn("already", self.choose(one, "tập", 409, a=False)["detail"])
        said = self.peer("ba").fetch("tập", 404, files=["z*"])
        self.assertIn("no file", said["detail"])


@needs_isolation
class Uploads(Pages):
    def begin(self, peer, name, files, status=201, **more):
        got, said = peer.call("POST", "/api/v1/uploads", {
            "name": name, "files": [{"path": path, "size": size} for path, size in files], **more})
        self.assertEqual(got, status, said)
        return said.get("id", said)

    def send(self, peer, upload, file, content, offset=0, status=204):
        got, said = peer.call("PUT", f"/api/v1/uploads/{upload}/files/{file}?offset={offset}",
                              raw=content, headers={"Content-Type": "application/octet-stream"})
        self.assertEqual(got, status, said)
        return said

    def complete(self, peer, upload, status=201):
        got, said = peer.call("POST", f"/api/v1/uploads/{upload}/complete")
        self.assertIn(got, (201, 202) if status == 201 else (status,), said)
        return said

    def test_a_folder_is_put_up_and_shared(self):
        one, other = self.peer("một"), self.peer("hai")
        content = make_file(self.path("home", "tập", "a", "b.pdf"), 3 * MIB, 1)
        make_file(self.path("home", "tập", "rỗng"), 0, 1)
        upload = self.begin(one, "tập", [("a/b.pdf", 3 * MIB), ("rỗng", 0)])
        with open(content, "rb") as file:
            content = file.read()
        self.send(one, upload, 0, content[:MIB])
        self.assertEqual(self.send(one, upload, 0, b"x", 0, 409)["expected"], MIB)
        self.assertIn("not here yet", self.complete(one, upload, 409)["detail"])
        self.assertEqual(os.listdir(one.path("shared")), [".uploads"])
        self.send(one, upload, 0, content[MIB:], MIB)
        self.send(one, upload, 0, b"more", 3 * MIB, 400)
        self.assertEqual(self.complete(one, upload)["kind"], "published")
        self.assertEqual(os.listdir(one.path("shared")), ["tập"])
        one.wait_for("tập", listed=True)
        self.complete(one, upload, 404)
        other.fetch("tập")
        other.wait_for("tập")
        self.assert_same(self.path("home", "tập"), other.path("downloads", "tập"))

    def test_a_file_and_its_new_version(self):
        one = self.peer("một")
        upload = self.begin(one, "x.txt", [("", 3)])
        self.send(one, upload, 0, b"one")
        first = self.complete(one, upload)
        first = one.wait_for("x.txt", listed=True)
        self.assertIn("x.txt", self.begin(one, "x.txt", [("", 4)], 409)["detail"])
        upload = self.begin(one, "x.txt", [("", 4)], replace=True)
        self.send(one, upload, 0, b"four")
        self.assertEqual(self.complete(one, upload)["id"], first["id"])
        self.assertEqual(one.wait_for("x.txt", listed=True)["size"], 4)
        with open(one.path("shared", "x.txt"), "rb") as file:
            self.assertEqual(file.read(), b"four")

    def test_what_is_refused_or_given_up_leaves_nothing(self):
        one = self.peer("một", join=False)
        for name, files, status in (
                ("../x", [("", 1)], 400), (".x", [("", 1)], 400), ("x", [], 400),
                ("x", [("../y", 1)], 422), ("x", [("/y", 1), ("", 1)], 422),
                ("x", [("a", 1), ("a", 1)], 422), ("x", [("a", 1), ("a/b", 1)], 422),
                ("x", [("a", -1)], 400), ("x", [("", 1 << 49)], 507)):
            self.begin(one, name, files, status)
        upload = self.begin(one, "x", [("a", 1)])
        self.send(one, upload, 0, b"a")
        self.send(one, upload, 1, b"a", status=400)
        self.send(one, "0" * 32, 0, b"a", status=404)
        self.assertEqual(one.call("PUT", f"/api/v1/uploads/{upload}/files/0?offset=0",
                                  raw=b"x")[0], 415)
        self.send(one, upload, 0, bytes(8 * MIB + 1), status=413)
        self.assertEqual(one.call("DELETE", f"/api/v1/uploads/{upload}")[0], 204)
        self.assertEqual(os.listdir(one.path("shared")), [])
        for _ in range(16):
            self.begin(one, "x", [("a", 1)])
        self.begin(one, "x", [("a", 1)], 409)
        one.restart()
        self.assertEqual(os.listdir(one.path("shared")), [])


@needs_isolation
class Others(Pages):
    def test_torrents_come_in_the_body(self):
        one, other = self.peer("một", join=False), self.peer("hai", join=False)
        path = make_file(self.path("home", "x.bin"), MIB, 1)
        self.shoal("create", path, "-o", self.path("x.torrent")).expect(0)
        with open(self.path("x.torrent"), "rb") as file:
            torrent = file.read()
        kind = {"Content-Type": "application/x-bittorrent"}
        query = urllib.parse.urlencode({"path": path})
        got, said = one.call("POST", "/api/v1/seeds?" + query, raw=torrent, headers=kind)
        self.assertEqual((got, said["kind"]), (201, "seeded"), said)
        self.assertEqual(one.call("POST", "/api/v1/seeds", raw=torrent, headers=kind)[0], 400)
        query = urllib.parse.urlencode({"destination": self.path("nơi khác")})
        got, said = other.call("POST", "/api/v1/downloads?" + query, raw=torrent, headers=kind)
        self.assertEqual((got, said["kind"], said["path"]),
                         (201, "downloaded", self.path("nơi khác", "x.bin")), said)
        self.assertEqual(other.call("POST", "/api/v1/downloads", raw=b"d", headers=kind)[0], 422)

    def test_folders_are_looked_into(self):
        one = self.peer("một", join=False)
        make_file(self.path("home", "b", "x"), 10, 1)
        make_file(self.path("home", "a.txt"), 20, 1)
        make_file(self.path("home", ".hidden"), 20, 1)
        query = urllib.parse.urlencode({"path": self.path("home")})
        said = self.get(one, "/api/v1/folders?" + query)
        self.assertEqual(said["items"], [{"name": "b", "kind": "folder", "size": 0},
                                         {"name": "a.txt", "kind": "file", "size": 20}])
        self.assertEqual((said["parent"], said["more"]),
                         (os.path.dirname(said["path"]), False))
        self.assertIsNone(self.get(one, "/api/v1/folders?path=/")["parent"])
        self.get(one, "/api/v1/folders")
        self.get(one, "/api/v1/folders?path=x", 400)
        self.get(one, "/api/v1/folders?path=/no/such", 404)

    def test_speeds_limits_and_times_of_an_item(self):
        one, other = self.peer("một"), self.peer("hai")
        one.publish(make_file(self.path("home", "bài"), 3 * MIB, 1), piece_length=64 * KIB)
        shared = f"/api/v1/items/{one.item('bài')['id']}"
        got, said = one.call("PATCH", shared, {"max_up": MIB})
        self.assertEqual((got, said["max_up"], said["max_down"]), (200, MIB, 0))
        one.restart()
        self.assertEqual(one.wait_for("bài", listed=True)["max_up"], MIB)
        before = time.monotonic()
        other.fetch("bài")
        item = wait_until(lambda: other.item("bài")["eta_seconds"] and other.item("bài"), "an end")
        added = datetime.datetime.fromisoformat(item["added"])
        self.assertLess(abs((datetime.datetime.now(datetime.timezone.utc) - added).total_seconds()),
                        300)
        wanted = f"/api/v1/items/{item['id']}"
        self.assertEqual(other.call("PATCH", wanted, {"max_down": -1})[0], 400)
        other.wait_for("bài", listed=True)
        self.assertGreater(time.monotonic() - before, 2)
        self.assertIsNone(other.item("bài")["eta_seconds"])
        for path in (f"{wanted}/speeds", "/api/v1/speeds"):
            said = self.get(other, path)
            self.assertEqual(said["interval_seconds"], 1)
            self.assertTrue(any(down > 0 for down, _ in said["samples"]))
        self.assertTrue(any(up > 0 for _, up in self.get(one, shared + "/speeds")["samples"]))


@needs_isolation
class GroupEvents(Pages):
    def test_what_happens_in_the_group_is_told(self):
        one = self.peer("một")
        events = self.events(one)
        one.publish(make_file(self.path("home", "trước"), 1000, 1))
        told = self.next_event(events, "group", lambda event: event["type"] == "published")
        self.assertEqual((told["data"]["name"], told["data"]["user"]), ("trước", "một"))
        other = self.peer("hai")
        self.next_event(events, "group", lambda event: event["type"] == "peer_joined" and
                        event["data"]["user"] == "hai")
        # The tracker is away for a moment; another run of it knows nothing of the past.
        port = self.group.port
        self.group.program.stop()
        self.group = Group(self, host=self.group.host, port=port)
        self.next_event(events, "group", lambda event: event["type"] == "reset")
        wait_until(lambda: self.get(other, "/api/v1/status")["tracker"]["connected"],
                   "the tracker is reached again")
        other.publish(make_file(self.path("home", "sau"), 1000, 2))
        told = self.next_event(events, "group", lambda event: event["type"] == "published")
        self.assertEqual(told["data"]["name"], "sau")

    def test_the_first_word_is_that_something_may_have_been_missed(self):
        one = self.peer("một", join=False)
        events = self.events(one)
        status, said = one.call("POST", "/api/v1/sessions", {
            "username": "một", "password": PASSWORD, "join": self.group.ready["join"],
            "register": True})
        self.assertEqual(status, 201, said)
        first = self.next_event(events, "group")
        self.assertEqual(first, {"type": "reset", "data": {}})


if __name__ == "__main__":
    unittest.main()

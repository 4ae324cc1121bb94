"""Members' peers: publishing and fetching by name, by real processes."""
import http.client
import os
import shutil
import socket
import time
import urllib.parse
import unittest

from group_tools import PASSWORD, PEER_API, Group, Peer
from other_clients import CLIENTS, Libtorrent
from swarm_tools import (ADDRESSES, MIB, SANITIZED, Swarm, digest, make_file, make_folder,
                         needs_isolation, wait_until)

SOON = 20 if SANITIZED else 2


class Members(Swarm):
    """A group, and as many peers as a test asks for."""

    interval = 2  # seconds between announces; other people's clients do not announce so often

    def setUp(self):
        super().setUp()
        self.group = Group(self, interval=self.interval)

    def peer(self, name, *arguments, **options):
        return Peer(self.group, name, *arguments, **options)

    def assert_soon(self, condition, what):
        """True within the two seconds that users are promised."""
        begin = time.monotonic()
        value = wait_until(condition, what)
        self.assertLess(time.monotonic() - begin, SOON, what)
        return value


@needs_isolation
class Sharing(Members):
    def test_what_one_publishes_all_see_and_fetch_and_share_on(self):
        teacher, lan, minh = self.peer("cô"), self.peer("Lan"), self.peer("Minh")
        content = make_folder(self.path("home", "Bài giảng tuần 1"), 1, 3 * MIB)
        begin = time.monotonic()
        item = teacher.publish(content, "Bài giảng")
        for peer in (teacher, lan, minh):
            file, = wait_until(lambda peer=peer: peer.files(q="bai giang"), "the file is seen")
        self.assertLess(time.monotonic() - begin, SOON)
        self.assertEqual((file["name"], file["size"], file["pieces"], file["user"],
                          file["address"]),
                         ("Bài giảng", item["size"], item["pieces"], "cô", teacher.address))
        self.assertTrue(item["listed"])

        self.assertEqual(lan.fetch("Bài giảng")["kind"], "fetched")
        self.assert_soon(lambda: lan.item("Bài giảng")["have"] > 0, "data flows")
        lan.wait_for("Bài giảng", listed=True)
        self.assert_same(content, lan.path("downloads", "Bài giảng"))

        # The teacher leaves: what was fetched is there all the same.
        teacher.program.stop()
        self.assert_soon(lambda: teacher.address not in
                         [peer["address"] for peer in minh.call("GET", "/api/v1/peers")[1]["items"]],
                         "the teacher is gone from the list")
        minh.fetch("Bài giảng", destination=self.path("chỗ khác"))
        minh.wait_for("Bài giảng", listed=True)
        self.assert_same(content, self.path("chỗ khác"))
        self.assertEqual({file["user"]: file["online"] for file in minh.files(q="giang")},
                         {"cô": False, "Lan": True, "Minh": True})

    def test_discover_shows_what_one_peer_shares(self):
        one, other = self.peer("một"), self.peer("hai")
        one.publish(make_file(self.path("home", "a.bin"), 70_000, 1))
        other.publish(make_file(self.path("home", "b.bin"), 70_000, 2))
        found = self.peer("ba").files(address=other.address)
        self.assertEqual([(file["name"], file["path"]) for file in found],
                         [("b.bin", "../../home/b.bin")])

    def test_refusals(self):
        one, other = self.peer("một"), self.peer("hai")
        first = make_file(self.path("home", "first"), 50_000, 1)
        second = make_file(self.path("home", "second"), 50_000, 2)
        one.publish(first, "tên")
        self.assertIn("--replace", one.publish(second, "tên", status=409)["detail"])
        self.assertIn("tên", one.publish(first, "tên khác", status=409)["detail"])
        one.publish(self.path("home", "nothing"), status=404)
        one.publish(second, "a/b", status=400)
        one.publish(second, piece_length=1000, status=400)
        self.assertIsNone(one.item("second"))
        self.assertIn("itself", one.fetch("tên", status=409)["detail"])
        self.assertIn("nobody shares", other.fetch("không có", status=404)["detail"])
        taken = make_file(self.path("taken"), 10, 3)
        self.assertIn("exists", other.fetch("tên", destination=taken, status=409)["detail"])
        other.fetch("tên", destination=self.path("no folder", "x"), status=404)
        other.fetch("tên", destination="relative", status=400)
        one.program.stop()
        begin = time.monotonic()
        self.assertIn("is there now", other.fetch("tên", status=404)["detail"])
        self.assertLess(time.monotonic() - begin, SOON)
        self.assertEqual(digest(taken), digest(make_file(self.path("same"), 10, 3)))

    def test_the_same_name_for_different_contents_is_chosen_by_whom(self):
        one, two, reader = self.peer("một"), self.peer("hai"), self.peer("bạn đọc")
        one.publish(make_file(self.path("1", "đề.pdf"), 300_000, 1))
        two.publish(make_file(self.path("2", "đề.pdf"), 300_000, 2))
        said = reader.fetch("đề.pdf", status=409)
        self.assertEqual({file["user"] for file in said["candidates"]}, {"một", "hai"})
        reader.fetch("đề.pdf", **{"from": [two.address]})
        reader.wait_for("đề.pdf")
        self.assert_same(self.path("2", "đề.pdf"), reader.path("downloads", "đề.pdf"))

    def test_the_same_content_published_twice_is_one_swarm(self):
        one, two, reader = self.peer("một"), self.peer("hai"), self.peer("bạn đọc")
        for number, peer in enumerate((one, two)):
            peer.publish(make_file(self.path(str(number), "phim.mkv"), 2 * MIB, 7))
        item = reader.fetch("phim.mkv")
        reader.wait_for("phim.mkv")
        wait_until(lambda: len(reader.holders(item["info_hash"])) == 3, "three holders")

    def test_from_takes_these_peers_alone(self):
        one, two, reader = self.peer("một"), self.peer("hai"), self.peer("bạn đọc")
        for number, peer in enumerate((one, two)):
            peer.publish(make_file(self.path(str(number), "phim.mkv"), 4 * MIB, 7))
        reader.fetch("phim.mkv", **{"from": [two.address]}, sources="one")
        reader.wait_for("phim.mkv")
        self.assertEqual(one.item("phim.mkv")["uploaded"], 0)
        self.assertEqual(two.item("phim.mkv")["uploaded"], 4 * MIB)

    def test_a_new_version_takes_the_place_of_the_last(self):
        one, reader = self.peer("một"), self.peer("bạn đọc")
        old = one.publish(make_file(self.path("home", "báo cáo"), 200_000, 1))
        new = one.publish(make_file(self.path("home", "báo cáo 2"), 300_000, 2), "báo cáo",
                          replace=True)
        self.assertNotEqual(old["info_hash"], one.wait_for("báo cáo")["info_hash"])
        file, = wait_until(lambda: [file for file in reader.files(q="bao cao")
                                    if file["version"] == 2], "the new version")
        self.assertEqual(file["size"], 300_000)
        reader.fetch("báo cáo")
        reader.wait_for("báo cáo")
        self.assert_same(self.path("home", "báo cáo 2"), reader.path("downloads", "báo cáo"))
        self.assertEqual(new["id"], old["id"])

    def test_what_is_stopped_or_removed_leaves_the_catalogue(self):
        one, reader = self.peer("một"), self.peer("bạn đọc")
        path = make_file(self.path("home", "x"), 100_000, 1)
        one.publish(path)
        one.change("x", "paused")
        one.wait_for("x", "paused")
        self.assertEqual(len(reader.files()), 1)
        one.change("x", "stopped")
        wait_until(lambda: not reader.files(), "it is not listed any more")
        one.change("x", "running")
        one.wait_for("x", listed=True)
        one.remove("x")
        wait_until(lambda: not reader.files(), "it is not listed any more")
        self.assertTrue(os.path.exists(path))
        one.publish(path)
        one.remove("x", data=True)
        self.assertFalse(os.path.exists(path))

    def test_what_is_deleted_is_the_content_alone(self):
        one = self.peer("một", join=False)
        folder = make_folder(self.path("home", "bài"), 1)
        own = make_file(self.path("home", "bài", "của tôi"), 100, 2)
        torrent = self.create(folder)
        os.remove(own)
        one.publish(folder)
        one.wait_for("bài", "queued")
        make_file(own, 100, 2)
        one.remove("bài", data=True)
        self.assertEqual(os.listdir(folder), ["của tôi"])

        # A torrent is seeded from the folder around its content, which others lie in, too.
        folder = make_folder(self.path("around", "bài"), 1)
        make_file(self.path("around", "bài", "của tôi"), 100, 2)
        other = make_file(self.path("around", "khác"), 100, 3)
        status, said = one.call("POST", "/api/v1/seeds", {
            "torrent": torrent, "path": self.path("around")})
        self.assertEqual((status, said["path"]), (201, folder))
        one.wait_for("bài")
        one.remove("bài", data=True)
        self.assertFalse(os.path.exists(folder))
        self.assertTrue(os.path.exists(other))
        one.publish(one.folder, "tất cả", status=409)

    def test_a_download_can_be_paused_taken_up_and_given_up(self):
        one = self.peer("một", "--max-up", "500K")
        one.publish(make_file(self.path("home", "lớn"), 6 * MIB, 1))
        reader = self.peer("bạn đọc")
        reader.fetch("lớn")
        wait_until(lambda: reader.item("lớn")["have"] > MIB, "some of it")
        reader.change("lớn", "paused")
        paused = reader.wait_for("lớn", "paused")
        self.assertFalse(os.path.exists(reader.path("downloads", "lớn")))
        reader.change("lớn", "running")
        going = reader.wait_for("lớn", "fetching")
        self.assertGreaterEqual(going["downloaded"], paused["downloaded"])
        reader.remove("lớn")
        self.assertIsNone(reader.item("lớn"))
        wait_until(lambda: os.listdir(reader.path("downloads")) == [], "nothing is left of it")

    def test_downloads_beyond_the_limit_wait_for_their_turn(self):
        one = self.peer("một")
        for name in "abc":
            one.publish(make_file(self.path("home", name), 2 * MIB, name))
        reader = self.peer("bạn đọc", "--downloads-at-once", "1", "--max-down", "2M")
        for name in "abc":
            reader.fetch(name)
        states = {name: reader.item(name)["state"] for name in "abc"}
        self.assertEqual((states["b"], states["c"]), ("queued", "queued"))
        self.assertIn("waits", reader.item("c")["message"])
        for name in "abc":
            reader.wait_for(name)
            self.assert_same(self.path("home", name), reader.path("downloads", name))

    def test_limits_can_be_changed_while_it_runs(self):
        one, reader = self.peer("một"), self.peer("bạn đọc")
        one.publish(make_file(self.path("home", "lớn"), 8 * MIB, 1))
        status, said = reader.call("PATCH", "/api/v1/settings", {"max_down": 100_000})
        self.assertEqual((status, said["max_down"]), (200, 100_000))
        reader.fetch("lớn")
        wait_until(lambda: reader.item("lớn")["have"] > 0, "some of it")
        self.assertLess(reader.item("lớn")["have"], 8 * MIB)
        reader.call("PATCH", "/api/v1/settings", {"max_down": 0})
        reader.wait_for("lớn")

    def test_a_large_file_is_announced_while_it_is_being_hashed(self):
        one, reader = self.peer("một"), self.peer("bạn đọc")
        path = self.path("home", "rất lớn.iso")
        os.makedirs(os.path.dirname(path))
        with open(path, "wb") as file:
            file.truncate(24 << 30)
        begin = time.monotonic()
        status, item = one.call("POST", "/api/v1/publications", {"path": path})
        self.assertEqual((status, item["state"]), (202, "hashing"))
        preparing, = wait_until(
            lambda: reader.call("GET", "/api/v1/preparing")[1]["items"], "it is announced")
        self.assertLess(time.monotonic() - begin, SOON)
        self.assertEqual((preparing["name"], preparing["size"], preparing["user"]),
                         ("rất lớn.iso", 24 << 30, "một"))
        one.remove("rất lớn.iso")
        wait_until(lambda: not reader.call("GET", "/api/v1/preparing")[1]["items"],
                   "it is announced no more")


@needs_isolation
class SharedFolder(Members):
    def test_what_is_put_in_is_shared_and_what_is_taken_out_is_not(self):
        one, reader = self.peer("một"), self.peer("bạn đọc")
        names = lambda: sorted(file["name"] for file in reader.files())
        make_file(one.path("shared", "Đề thi.pdf"), 90_000, 1)
        make_folder(one.path("shared", "Ảnh lớp"), 2)
        for hidden in (".hidden", "loading.part", "note~"):
            make_file(one.path("shared", hidden), 100, 3)
        wait_until(lambda: names() == ["Đề thi.pdf", "Ảnh lớp"], "both are shared")
        reader.fetch("Ảnh lớp")
        reader.wait_for("Ảnh lớp")
        self.assert_same(one.path("shared", "Ảnh lớp"), reader.path("downloads", "Ảnh lớp"))

        make_file(one.path("shared", "Đề thi.pdf"), 120_000, 4)
        wait_until(lambda: any(file["version"] == 2 and file["size"] == 120_000
                               for file in reader.files(q="de thi")), "the new version")
        os.rename(one.path("shared", "Đề thi.pdf"), one.path("shared", "Đề cũ.pdf"))
        wait_until(lambda: "Đề cũ.pdf" in names() and "Đề thi.pdf" not in names(), "the new name")
        shutil.rmtree(one.path("shared", "Ảnh lớp"))
        wait_until(lambda: [file["user"] for file in reader.files(q="anh lop")] == ["bạn đọc"],
                   "it is taken back by its publisher, and the reader's stays")

    def test_what_the_user_stops_stays_stopped(self):
        one = self.peer("một")
        make_file(one.path("shared", "x"), 90_000, 1)
        one.wait_for("x", listed=True)
        one.remove("x")
        one.wait_for("x", "stopped")
        one.restart()
        make_file(one.path("shared", "y"), 90_000, 1)
        one.wait_for("y", listed=True)
        self.assertEqual(one.item("x")["state"], "stopped")
        self.assertEqual([file["name"] for file in one.files()], ["y"])

    def test_what_was_published_by_hand_is_stopped_too(self):
        one = self.peer("một", "--no-watch")
        one.publish(make_file(one.path("shared", "x"), 90_000, 1), "tên khác")
        one.remove("tên khác")
        self.assertEqual(one.item("tên khác")["state"], "stopped")
        one.arguments = ()
        one.restart()
        make_file(one.path("shared", "y"), 90_000, 1)
        one.wait_for("y", listed=True)
        self.assertEqual([file["name"] for file in one.files()], ["y"])

    def test_an_empty_folder_at_the_start_may_be_not_mounted(self):
        one = self.peer("một")
        path, other = (make_file(one.path("shared", name), 90_000, name) for name in "xy")
        one.wait_for("x", listed=True)
        one.wait_for("y", listed=True)
        one.change("x", "stopped")
        one.program.stop()
        os.rename(path, self.path("x"))
        os.rename(other, self.path("y"))
        one.start()
        one.wait_for("y", "missing")
        os.rename(self.path("x"), path)
        os.rename(self.path("y"), other)
        one.wait_for("y", listed=True)
        self.assertEqual(one.item("x")["state"], "stopped")
        os.remove(path)
        wait_until(lambda: one.item("x") is None, "it is taken back")

    def test_symlinks_are_left_alone(self):
        one = self.peer("một")
        private = make_file(self.path("home", "riêng"), 90_000, 1)
        os.symlink(private, one.path("shared", "riêng"))
        make_file(one.path("shared", "y"), 90_000, 2)
        one.wait_for("y", listed=True)
        make_file(one.path("shared", "z"), 90_000, 3)
        one.wait_for("z", listed=True)
        self.assertIsNone(one.item("riêng"))

    def test_it_is_left_alone_where_the_user_wants_that(self):
        one = self.peer("một", "--no-watch")
        make_file(one.path("shared", "x"), 90_000, 1)
        one.publish(make_file(self.path("home", "y"), 90_000, 1))
        self.assertIsNone(one.item("x"))

    def test_what_changes_or_vanishes_elsewhere_is_noticed(self):
        one, reader = self.peer("một"), self.peer("bạn đọc")
        path = make_file(self.path("home", "x"), 200_000, 1)
        item = one.publish(path)
        os.rename(path, path + " away")
        one.wait_for("x", "missing", listed=False)
        wait_until(lambda: not reader.files(), "the tracker knows")
        wait_until(lambda: not reader.holders(item["info_hash"]), "no piece is there any more")
        os.rename(path + " away", path)
        one.wait_for("x", listed=True)
        make_file(path, 200_000, 2)
        self.assertIn("x", one.wait_for("x", "changed", listed=False)["message"])
        make_file(path, 200_000, 1)
        one.wait_for("x", listed=True)


@needs_isolation
class Lasting(Members):
    """Whatever is killed, what was there is there again."""

    def test_a_killed_peer_goes_on_where_it_was(self):
        one, reader = self.peer("một", "--max-up", "1M"), self.peer("bạn đọc")
        small = make_file(self.path("home", "nhỏ"), 100_000, 1)
        one.publish(small)
        reader.fetch("nhỏ")
        reader.wait_for("nhỏ")
        one.publish(make_file(self.path("home", "lớn"), 8 * MIB, 2))
        reader.fetch("lớn")
        wait_until(lambda: reader.item("lớn")["have"] > 2 * MIB, "a quarter")
        reader.restart()
        reader.wait_for("nhỏ", listed=True)
        one.restart()
        one.wait_for("lớn", listed=True)
        done = reader.wait_for("lớn", listed=True)
        self.assert_same(self.path("home", "lớn"), reader.path("downloads", "lớn"))
        self.assertEqual({file["user"] for file in reader.files(q="lon")}, {"một", "bạn đọc"})
        self.assertLessEqual(done["downloaded"], 8 * MIB + 16 * MIB)

    def test_a_peer_killed_while_it_hashes_begins_again(self):
        one = self.peer("một")
        path = self.path("home", "x")
        os.makedirs(os.path.dirname(path))
        with open(path, "wb") as file:
            file.truncate(3 << 30)
        one.call("POST", "/api/v1/publications", {"path": path})
        one.restart()
        one.wait_for("x", listed=True)

    def test_the_tracker_is_killed_and_comes_back(self):
        one, reader = self.peer("một"), self.peer("bạn đọc")
        item = one.publish(make_file(self.path("home", "x"), 3 * MIB, 1))
        late = self.peer("người đến sau")
        port = self.group.port
        self.group.program.stop(9, code=-9)
        wait_until(lambda: not one.call("GET", "/api/v1/status")[1]["tracker"]["connected"],
                   "the outage is noticed")
        self.assertEqual(reader.call("GET", "/api/v1/files")[0], 500)
        path = make_file(self.path("home", "y"), 100_000, 2)
        one.publish(path, status=202)
        self.group = Group(self, host=self.group.host, port=port, folder=self.group.folder)
        one.wait_for("y", listed=True)
        for peer in (reader, late):
            wait_until(lambda peer=peer: peer.call("GET", "/api/v1/status")[1]["tracker"][
                "connected"], "it is there again")
        wait_until(lambda: reader.holders(item["info_hash"]) ==
                   {one.address: [[0, item["pieces"] - 1]]}, "the pieces are known again")
        reader.fetch("x")
        reader.wait_for("x")

    def test_a_tracker_that_has_moved_is_found_by_its_new_link(self):
        one = self.peer("một")
        one.publish(make_file(self.path("home", "x"), 100_000, 1))
        one.program.stop()
        self.group.program.stop()
        self.group = Group(self, folder=self.group.folder)
        one.join[one.join.index("--join") + 1] = self.group.ready["join"]
        one.start()
        one.wait_for("x", listed=True)
        self.assertEqual(one.call("GET", "/api/v1/status")[1]["tracker"]["url"], self.group.url)

    def test_a_member_who_is_shut_out_is_told(self):
        admin = self.group.administrator()
        one = self.peer("một")
        one.publish(make_file(self.path("home", "x"), 100_000, 2))
        self.group.call("PATCH", "/api/v1/users/" + urllib.parse.quote("một"), {"disabled": True},
                        token=admin)
        status = wait_until(lambda: (lambda tracker: tracker if not tracker["connected"] else None)(
            one.call("GET", "/api/v1/status")[1]["tracker"]), "it notices")
        self.assertIn("log in", status["message"])
        one.wait_for("x", "queued")


@needs_isolation
class Wall(Members):
    """Our peers answer nobody whom the tracker does not name."""

    interval = 60

    def setUp(self):
        super().setUp()
        self.one = self.peer("một")
        self.content = make_file(self.path("home", "bí mật"), MIB, 1)
        self.item = self.one.publish(self.content)
        # A real .torrent, as somebody may have passed it on; without the passkey.
        self.torrent = self.one.path("torrents", self.item["info_hash"] + ".torrent")

    def call_as(self, source):
        """What the peer says to a handshake that comes from an address."""
        host, port = self.one.address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=30,
                                      source_address=(source, 0)) as caller:
            caller.sendall(b"\x13BitTorrent protocol" + bytes(8) +
                           bytes.fromhex(self.item["info_hash"]) + b"-XX0001-abcdefghijkl")
            try:
                return caller.recv(1000)
            except ConnectionResetError:
                return b""

    def test_a_stranger_with_everything_but_a_passkey_gets_not_a_byte(self):
        with open(self.torrent, "rb") as file:
            self.assertNotIn(b"passkey", file.read())
        stranger = ADDRESSES.fresh()
        self.assertEqual(self.call_as(stranger), b"")
        download = self.download(self.torrent, self.path("stolen"), "--peer", self.one.address,
                                 "--tracker", self.group.url + "/announce",
                                 listen=f"{stranger}:0")
        magnet = self.download(f"magnet:?xt=urn:btih:{self.item['info_hash']}",
                               self.path("stolen by magnet"), "--peer", self.one.address,
                               listen=f"{stranger}:0")
        # A member who comes meanwhile is served.
        friend = self.peer("bạn")
        friend.fetch("bí mật")
        friend.wait_for("bí mật")
        for thief in (download, magnet):
            self.assertEqual([event["have"] for _, event in thief.events("progress")
                              if event["have"] > 0], [])
            self.assertEqual(thief.events("complete"), [])
            thief.stop(code=130)

    def test_a_newcomer_is_served_at_once(self):
        newcomer = self.peer("người mới")
        newcomer.fetch("bí mật")
        self.assert_soon(lambda: newcomer.item("bí mật")["have"] > 0, "the newcomer is served")
        self.assertTrue(self.call_as(newcomer.host).startswith(b"\x13BitTorrent"))

    def test_the_tracker_may_see_who_is_there(self):
        status, said = self.one.call("POST", f"/api/v1/peers/{self.one.address}/ping")
        self.assertEqual((status, said["alive"]), (200, True))

    def test_another_persons_client_is_let_in_by_its_passkey(self):
        status, content = self.one.call("GET", f"/api/v1/torrents/{self.item['info_hash']}")
        self.assertEqual(status, 200)
        personal = self.path("mine.torrent")
        with open(personal, "wb") as file:
            file.write(content)
        client = Libtorrent(self)
        client.download(personal, self.path("fetched"))
        client.wait(1)
        self.assert_same(self.content, self.path("fetched", "bí mật"))
        # And the other way round: it alone has it now.
        self.one.program.stop()
        friend = self.peer("bạn")
        wait_until(lambda: friend.holders(self.item["info_hash"]), "the client is known")
        friend.fetch("bí mật")
        friend.wait_for("bí mật")
        self.assert_same(self.content, friend.path("downloads", "bí mật"))


@needs_isolation
class WholeMap(Members):
    """What the tracker says of every peer, held against what is on its disk."""

    PIECE = 32 * 1024
    interval = 60

    def pieces_on_disk(self, content, path):
        """Ranges of pieces of the true content that lie at a path."""
        ranges = []
        with open(content, "rb") as true, open(path, "rb") as here:
            index = 0
            while piece := true.read(self.PIECE):
                if here.read(self.PIECE) == piece:
                    if ranges and ranges[-1][1] == index - 1:
                        ranges[-1][1] = index
                    else:
                        ranges.append([index, index])
                index += 1
        return ranges

    def test_it_says_what_everybody_has(self):
        one = self.peer("một", "--max-up", "600K")
        content = make_file(self.path("home", "x"), 3 * MIB + 5, 1)
        item = one.publish(content, piece_length=self.PIECE)
        info_hash = item["info_hash"]
        readers = [self.peer(f"bạn {number}") for number in range(3)]
        client = Libtorrent(self)
        for reader in readers:
            reader.fetch("x")
        status, torrent = one.call("GET", f"/api/v1/torrents/{info_hash}")
        self.assertEqual(status, 200)
        with open(self.path("x.torrent"), "wb") as file:
            file.write(torrent)
        client.download(self.path("x.torrent"), self.path("other"))
        for reader in readers:
            wait_until(lambda reader=reader: reader.item("x")["have"] > 0, "some pieces")
        readers[0].change("x", "paused")
        readers[0].wait_for("x", "paused")
        for reader in readers[1:]:
            reader.wait_for("x")
        client.wait(1)
        whole = [[0, item["pieces"] - 1]]
        expected = {peer.address: whole for peer in (one, *readers[1:])}
        others = lambda found: {address: pieces for address, pieces in found.items()
                                if address not in expected}
        wait_until(lambda: {**expected, **others(one.holders(info_hash))} ==
                   one.holders(info_hash) and list(others(one.holders(info_hash)).values()) ==
                   [whole], "the map is the truth, the other client included")
        for path in (content, *(reader.path("downloads", "x") for reader in readers[1:]),
                     self.path("other", "x")):
            self.assertEqual(self.pieces_on_disk(content, path), whole)
        readers[0].change("x", "running")
        readers[0].wait_for("x")
        wait_until(lambda: one.holders(info_hash).get(readers[0].address) == whole,
                   "all of them")

    def test_while_it_travels_it_never_says_too_much(self):
        one = self.peer("một", "--max-up", "400K")
        content = make_file(self.path("home", "x"), 2 * MIB, 1)
        item = one.publish(content, piece_length=self.PIECE)
        reader = self.peer("bạn")
        reader.fetch("x")
        partial = self.path("peers", "bạn", "downloads", ".progress", item["info_hash"], "content",
                            "x")
        seen = []
        while (now := reader.item("x"))["state"] != "sharing":
            told = one.holders(item["info_hash"]).get(reader.address, [])
            try:
                there = self.pieces_on_disk(content, partial)
            except FileNotFoundError:
                continue  # about to be moved to its place, or not begun
            for first, last in told:
                self.assertTrue(any(a <= first and last <= b for a, b in there),
                                f"{told} was told, {there} is there")
            if told:
                seen.append(told)
        self.assertTrue(seen, "the map was never partial")


@needs_isolation
class Outside(Members):
    """Torrents that are none of the group's."""

    def test_a_torrent_of_an_open_tracker_is_fetched_and_seeded(self):
        open_tracker = self.tracker(listen=f"{ADDRESSES.fresh()}:0")
        content = make_folder(self.path("home", "công khai"), 1, MIB)
        torrent = self.create(content, "--tracker", open_tracker.announce)
        one, other = self.peer("một"), self.peer("hai")
        status, said = one.call("POST", "/api/v1/seeds", {
            "torrent": torrent, "path": content, "trackers": []})
        self.assertEqual((status, said["kind"]), (201, "seeded"))
        one.wait_for("công khai")
        os.makedirs(self.path("to"))
        status, said = other.call("POST", "/api/v1/downloads", {
            "torrent": torrent, "destination": self.path("to")})
        self.assertEqual((status, said["kind"]), (201, "downloaded"))
        other.wait_for("công khai")
        self.assert_same(content, self.path("to", "công khai"))
        # Anybody may have it: a stranger to the group gets it from both.
        stranger = self.download(torrent, self.path("stranger"), listen=f"{ADDRESSES.fresh()}:0")
        stranger.expect(0)
        self.assertEqual(other.files(), [])
        self.assertEqual(one.call("POST", "/api/v1/seeds", {
            "torrent": torrent, "path": content})[0], 409)

    def test_a_magnet_link_is_fetched_also_over_a_restart(self):
        open_tracker = self.tracker(listen=f"{ADDRESSES.fresh()}:0")
        content = make_file(self.path("home", "phim.mkv"), 4 * MIB, 1)
        torrent = self.create(content, "--tracker", open_tracker.announce)
        seed = self.seed(torrent, content, "--max-up", "1M", listen=f"{ADDRESSES.fresh()}:0")
        one = self.peer("một", join=False)
        magnet = self.magnet(torrent)
        status, said = one.call("POST", "/api/v1/downloads", {"magnet": magnet})
        self.assertEqual(status, 201, said)
        info_hash = said["info_hash"]
        wait_until(lambda: one.item(info_hash)["have"] > MIB, "a quarter")
        self.assertEqual(one.item(info_hash)["name"], "phim.mkv")
        one.restart()
        one.wait_for("phim.mkv")
        self.assert_same(content, one.path("downloads", "phim.mkv"))
        seed.stop()


@needs_isolation
class Interface(Members):
    """REST of a peer: whom it answers, and how it says no."""

    def test_who_has_no_token_gets_nothing(self):
        one = self.peer("một", join=False)
        for method, path, takes_token in PEER_API.operations():
            target = path.replace("{item}", "1").replace("{file}", "1").replace(
                "{info_hash}", "0" * 40).replace("{address}", "10.0.0.1:1").replace(
                "{upload}", "1").replace("{index}", "1")
            for token in ("", "x" * 43, one.token[:-1], one.token + "A"):
                connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=60)
                connection.request(method, target, b"{}", {"Authorization": f"Bearer {token}",
                                                           "Content-Type": "application/json"})
                status = connection.getresponse().status
                connection.close()
                # A page is let in by a code, which there is none of here.
                open_to_all = 400 if path == "/api/v1/page/sessions" else 200
                self.assertEqual(status, 401 if takes_token else open_to_all,
                                 (method, path, token))

    def test_pages_of_strangers_get_nothing(self):
        one = self.peer("một", join=False)
        self.assertEqual(one.call("GET", "/api/v1/status", headers={"Host": "evil.example"})[0], 403)
        self.assertEqual(one.call("GET", "/healthz", headers={"Host": "evil.example:8080"})[0], 403)
        for header in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            self.assertEqual(one.call("PATCH", "/api/v1/settings", {}, headers=header)[0], 403)
        self.assertEqual(one.call("PATCH", "/api/v1/settings", {})[0], 200)

    def test_what_makes_no_sense_is_refused(self):
        one = self.peer("một", join=False)
        for method, path, body, status in (
                ("POST", "/api/v1/publications", {}, 400),
                ("POST", "/api/v1/publications", {"path": "x"}, 400),
                ("POST", "/api/v1/publications", {"path": "/nowhere at all"}, 404),
                ("POST", "/api/v1/publications", {"path": 7}, 400),
                ("POST", "/api/v1/downloads", {}, 400),
                ("POST", "/api/v1/downloads", {"name": "a", "magnet": "magnet:?"}, 400),
                ("POST", "/api/v1/downloads", {"magnet": "magnet:?xt=urn:btih:0"}, 422),
                ("POST", "/api/v1/downloads", {"name": "a", "from": ["nobody"]}, 400),
                ("POST", "/api/v1/downloads", {"name": "a", "sources": "none"}, 400),
                ("POST", "/api/v1/downloads", {"torrent": "/etc/hostname"}, 422),
                ("POST", "/api/v1/seeds", {"torrent": "/etc/hostname", "path": "/"}, 422),
                ("POST", "/api/v1/sessions", {"username": "a"}, 400),
                ("POST", "/api/v1/sessions", {"username": "a", "password": "b",
                                              "join": "http://x"}, 400),
                ("PATCH", "/api/v1/items/1", {"state": "running"}, 404),
                ("DELETE", "/api/v1/items/x", None, 404),
                ("PATCH", "/api/v1/settings", {"max_up": -1}, 400),
                ("PATCH", "/api/v1/listen", {"listen": "nonsense:x"}, 400),
                ("GET", "/api/v1/items?limit=0", None, 400),
                ("GET", "/api/v1/nothing", None, 404),
                ("PUT", "/api/v1/items", {}, 405)):
            got, said = one.call(method, path, body)
            self.assertEqual(got, status, (method, path, body, said))
        self.assertEqual(one.call("GET", "/api/v1/items")[1]["items"], [])
        self.assertEqual(one.call("GET", "/api/v1/files")[0], 403)

    def test_events_tell_what_happens(self):
        one = self.peer("một")
        connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=60)
        connection.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {one.token}"})
        stream = connection.getresponse()
        self.assertEqual(stream.getheader("Content-Type"), "text/event-stream")
        one.publish(make_file(self.path("home", "x"), 100_000, 1))
        seen = ""
        while '"listed":true' not in seen:
            seen += stream.readline().decode()
        self.assertIn("event: item", seen)
        connection.close()

    def test_it_is_measured(self):
        one = self.peer("một")
        one.publish(make_file(self.path("home", "x"), 100_000, 1))
        reader = self.peer("bạn")
        reader.fetch("x")
        reader.wait_for("x")
        status, said = one.call("GET", "/metrics")
        self.assertEqual(status, 200)
        lines = said.decode().splitlines()
        for line in ('shoal_peer_items{state="sharing"} 1', "shoal_peer_tracker_connected 1",
                     "shoal_peer_uploaded_bytes_total 100000"):
            self.assertIn(line, lines)

    def test_its_options_come_from_a_file_too(self):
        with open(self.path("peer.toml"), "w") as file:
            file.write('max_down = "1M"\nno_watch = true\ndownloads_at_once = 2\n')
        one = self.peer("một", "--config", self.path("peer.toml"), "--max-up", "2M", join=False)
        status = one.call("GET", "/api/v1/status")[1]
        self.assertEqual((status["max_down"], status["max_up"]), (MIB, 2 * MIB))
        with open(self.path("peer.toml"), "a") as file:
            file.write("colour = 7\n")
        wrong = self.shoal("peer", "--data", self.path("other"), "--config", self.path("peer.toml"))
        wrong.expect(2)
        self.assertIn("peer.toml:4", wrong.errors)

    def test_log_in_log_out_and_another_port(self):
        one = self.peer("một", join=False)
        self.assertIsNone(one.call("GET", "/api/v1/status")[1]["tracker"])
        entrance = {"username": "một", "password": PASSWORD, "join": self.group.ready["join"]}
        self.assertEqual(one.call("POST", "/api/v1/sessions", entrance)[0], 403)
        status, said = one.call("POST", "/api/v1/sessions", {**entrance, "register": True})
        self.assertEqual((status, said), (201, {"user": "một", "tracker": self.group.url}))
        one.publish(make_file(self.path("home", "x"), 100_000, 1))
        reader = self.peer("bạn")
        status, said = one.call("PATCH", "/api/v1/listen", {"listen": f"{one.host}:0"})
        self.assertEqual(status, 200, said)
        self.assertNotEqual(said["listen"], one.address)
        wait_until(lambda: [file["address"] for file in reader.files()] == [said["listen"]],
                   "the new address is known")
        reader.fetch("x")
        reader.wait_for("x")
        self.assertEqual(one.call("DELETE", "/api/v1/sessions/current")[0], 204)
        self.assertIsNone(one.call("GET", "/api/v1/status")[1]["tracker"])
        one.wait_for("x", "queued")
        self.assertEqual(one.call("POST", "/api/v1/sessions", {
            "username": "một", "password": PASSWORD})[0], 201)
        one.wait_for("x", listed=True)

    def test_no_secret_is_told(self):
        one = self.peer("một")
        one.publish(make_file(self.path("home", "x"), 100_000, 1))
        reader = self.peer("bạn", "-v")
        reader.fetch("x")
        reader.wait_for("x")
        with open(reader.path("account.json")) as file:
            token = file.read().split('"token":"')[1].split('"')[0]
        for name in ("account.json", "api.json"):
            self.assertEqual(os.stat(reader.path(name)).st_mode & 0o777, 0o600)
        passkey = self.group.call("GET", "/api/v1/me", token=token)[1]["announce"].split("=")[1]
        said = reader.program.errors + "".join(line.text for line in reader.program.lines)
        for secret in (token, passkey, reader.token, PASSWORD, self.group.invitation):
            self.assertNotIn(secret, said)
        self.assertTrue(said)

    def test_a_wrong_password_ends_it_with_one_line(self):
        self.peer("một").program.stop()
        program = self.shoal("peer", "--data", self.path("other"), "--no-shell", "--listen",
                             "127.0.0.1:0", "--web", "127.0.0.1:0", "--join",
                             self.group.ready["join"], "--user", "một",
                             env={**os.environ, "SHOAL_PASSWORD": "another password"})
        program.expect(4)
        self.assert_one_line(program.errors)

    def test_a_folder_belongs_to_one_peer(self):
        one = self.peer("một", join=False)
        second = self.shoal("peer", "--data", one.folder, "--no-shell", "--listen", "127.0.0.1:0",
                            "--web", "127.0.0.1:0")
        second.expect(4)
        self.assert_one_line(second.errors)


if __name__ == "__main__":
    unittest.main()

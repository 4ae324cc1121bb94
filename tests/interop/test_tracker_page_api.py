"""What the tracker's page asks of REST besides what peers do: how it fares, settings, links."""
import unittest

from group_tools import API, PASSWORD, Group
from swarm_tools import MIB, Swarm, make_file, needs_isolation, wait_until


def announce(group, path, info_hash, port, **more):
    """An announce of a client; its answer."""
    query = "".join(f"%{info_hash[i:i + 2]}" for i in range(0, 40, 2))
    fields = {"left": 0, "uploaded": 0, "downloaded": 0, "compact": 1, **more}
    rest = "".join(f"&{name}={value}" for name, value in fields.items())
    sign = "&" if "?" in path else "?"
    return group.call("GET", f"{path}{sign}info_hash={query}&peer_id={'b' * 20}&port={port}{rest}")[1]


def heard(events, kind):
    """The next event of a kind."""
    return next(document for name, document in events if name == kind)


class PageApi(Swarm):
    interval = 60

    def setUp(self):
        super().setUp()
        self.group = Group(self, interval=self.interval)
        self.admin = self.group.administrator()

    def ask(self, method, path, body=None, token=None, status=200):
        """What the tracker says to an administrator, or to whom the token belongs."""
        got, said = self.group.call(method, path, body, token=token or self.admin)
        self.assertEqual(got, status, said)
        return said

    def torrent(self, token, name="data.bin"):
        content = make_file(self.path(name), MIB, 7)
        return self.group.upload(token, self.create(content, "--private", "--piece-length", "64K"))

    def open_tracker(self):
        """What is asked from here on is another tracker, without a group."""
        program = self.shoal("tracker", "--access", "open", "--no-shell", "--listen", ":0")
        self.group.port = int(program.event("ready")["url"].rsplit(":", 1)[1])

    def account(self, token):
        return self.ask("GET", "/api/v1/me", token=token)

    def publish(self, token, name, info_hash, port=6999):
        peer = self.ask("POST", "/api/v1/peers", {"daemon": "d1", "port": port}, token=token)["id"]
        file = self.ask("POST", "/api/v1/files", {
            "peer": peer, "name": name, "path": name, "info_hash": info_hash}, token, 201)
        return peer, file


@needs_isolation
class Statistics(PageApi):
    def test_what_happens_is_counted(self):
        member = self.group.member("Lan")
        self.ask("GET", "/api/v1/statistics", token=member, status=403)
        self.ask("GET", "/api/v1/statistics?span=year", status=400)
        info_hash = self.torrent(member)
        self.publish(member, "data.bin", info_hash)
        path = self.account(member)["announce"]
        announce(self.group, path, info_hash, 1, left=MIB, event="started")
        announce(self.group, path, info_hash, 1, downloaded=5 * MIB, uploaded=3 * MIB)
        announce(self.group, "/announce", info_hash, 2)

        def told():
            said = self.ask("GET", "/api/v1/statistics")
            series = said["history"]["series"]
            errors = {error["kind"]: error["count"] for error in said["errors"]}
            counted = sum(series["received"]) > 0 and errors["announce_stranger"] == 1
            return (said, errors) if counted else None
        said, errors = wait_until(told, "the announces to be counted")
        now, history = said["now"], said["history"]
        self.assertEqual((now["users"], now["files"], now["file_bytes"], now["swarms"]),
                         (2, 1, MIB, 1))
        self.assertEqual((now["peers"], now["daemons"], now["seeds"], now["leechers"]),
                         (2, 1, 1, 0))
        self.assertEqual(history["interval_seconds"], 5)
        self.assertEqual(len({len(series) for series in history["series"].values()}), 1)
        self.assertAlmostEqual(sum(history["series"]["received"]) * 5, 5 * MIB, delta=9)
        self.assertAlmostEqual(sum(history["series"]["sent"]) * 5, 3 * MIB, delta=9)
        self.assertAlmostEqual(sum(history["series"]["announces"]) * 5, 3)
        self.assertGreater(sum(history["series"]["requests"]), 0)
        self.assertGreater(errors["http_4xx"], 1)
        self.assertLess(said["started"], history["end"])
        day = self.ask("GET", "/api/v1/statistics?span=day")["history"]
        self.assertEqual(day["interval_seconds"], 60)

    def test_administrators_alone_hear_of_it(self):
        member = self.group.member("Lan")
        heard = self.group.events(member)
        kind, document = next(self.group.events(self.admin))
        self.assertEqual(kind, "statistics")
        API.check("GET", "/api/v1/statistics", 200, "application/json", {
            **self.ask("GET", "/api/v1/statistics"), **document})
        self.assertEqual(document["now"]["users"], 2)
        self.assertGreaterEqual(document["now"]["connections"], 2)
        # Whatever the member hears first, it is none of these.
        self.ask("POST", "/api/v1/peers", {"daemon": "d1", "port": 6999}, token=member)
        self.assertEqual(next(heard)[0], "peer_joined")

    def test_an_administrator_who_is_one_no_more_hears_no_more(self):
        self.group.member("Lan")
        self.ask("PATCH", "/api/v1/users/Lan", {"role": "admin"})
        heard = self.group.events(self.group.login("Lan"))
        self.ask("PATCH", "/api/v1/users/Lan", {"role": "member"})
        self.assertEqual([kind for kind, _ in heard if kind == "statistics"], [])

    def test_an_open_tracker_tells_its_own_machine(self):
        self.open_tracker()
        self.assertEqual(self.group.call("GET", "/api/v1/statistics")[0], 403)
        self.assertEqual(self.group.call("GET", "/api/v1/events")[0], 403)
        self.group.host = "127.0.0.1"
        status, said = self.group.call("GET", "/api/v1/statistics")
        self.assertEqual((status, said["now"]["users"]), (200, 0))
        announce(self.group, "/announce", "ab" * 20, 1)

        events = self.group.events(None)
        told = next(news for kind, news in events if kind == "statistics" and news["now"]["seeds"])
        API.check("GET", "/api/v1/statistics", 200, "application/json", {**said, **told})
        self.assertEqual((told["now"]["swarms"], told["now"]["seeds"]), (1, 1))

    def test_an_open_tracker_tells_so_many_and_no_more(self):
        self.open_tracker()
        self.group.host = "127.0.0.1"
        for query, status in (("?list=files", 404), ("?list=peers", 404), ("?list=x", 400)):
            self.assertEqual(self.group.call("GET", "/api/v1/events" + query)[0], status)
        open_ones = [self.group.events(None) for _ in range(32)]
        self.assertEqual(self.group.call("GET", "/api/v1/events")[0], 503)
        self.assertEqual(next(open_ones[-1])[0], "statistics")


@needs_isolation
class Links(PageApi):
    def test_an_invitation_has_its_whole_link(self):
        made = self.ask("POST", "/api/v1/invitations", {"uses": 1}, status=201)
        start = self.group.ready["join"].split("/i=")[0]
        self.assertEqual(made["link"], f"{start}/i={made['code']}")
        listed = self.ask("GET", "/api/v1/invitations")["items"]
        self.assertIn(self.group.ready["join"], [item["link"] for item in listed])
        status, said = self.group.call("GET", "/api/v1/invitations", token=self.admin,
                                       host="Tracker.Example.org:5000")
        self.assertEqual(status, 200, said)
        self.assertTrue(said["items"][0]["link"].startswith(
            "http://tracker.example.org:5000/join#1/k="), said)
        self.ask("DELETE", f"/api/v1/invitations/{made['id']}", status=204)
        self.assertNotIn("link", self.ask("GET", "/api/v1/invitations")["items"][0])
        for host in ("", "evil host", "x\"y", "[::1", "a/b", "a#b"):
            status, said = self.group.call("POST", "/api/v1/invitations", {}, token=self.admin,
                                           host=host)
            self.assertNotIn("link", said)

    def test_the_general_link_is_for_members_where_anybody_may_register(self):
        member = self.group.member("Lan")
        self.assertIsNone(self.ask("GET", "/api/v1/join", token=member)["link"])
        self.assertEqual(self.group.call("GET", "/api/v1/join")[0], 401)
        self.group.program.stop(code=0)
        for registration in ("open", "closed"):
            again = Group(self, "--registration", registration, folder=self.group.folder)
            status, said = again.call("GET", "/api/v1/join", token=member)
            self.assertEqual((status, said["link"]), (200, again.ready["join"]))
            again.program.stop(code=0)

    def test_this_machine_alone_is_no_place_for_others(self):
        self.group.program.stop(code=0)
        again = Group(self, "--registration", "open", host="0.0.0.0", folder=self.group.folder)
        again.host = "127.0.0.1"
        said = again.call("GET", "/api/v1/join", token=self.admin)[1]
        self.assertEqual(said["link"], again.ready["join"])


@needs_isolation
class Settings(PageApi):
    def test_an_administrator_sets_what_holds_from_then_on(self):
        member = self.group.member("Lan")
        self.assertEqual(self.ask("GET", "/api/v1/settings", token=member), {
            "access": "group", "registration": "invite", "interval": 60,
            "allow_plain_login": True})
        self.ask("PATCH", "/api/v1/settings", {"access": "open"}, member, 403)
        for wrong in ({"access": "all"}, {"registration": ""}, {"interval": 0},
                      {"interval": 86401}, {"interval": "1"}):
            self.ask("PATCH", "/api/v1/settings", wrong, status=400)
        heard = self.group.events(self.admin)
        said = self.ask("PATCH", "/api/v1/settings", {"registration": "open", "interval": 90})
        self.assertEqual((said["access"], said["registration"], said["interval"]),
                         ("group", "open", 90))
        self.assertEqual(next(news for kind, news in heard if kind == "settings"), said)
        person = {"username": "Minh", "password": PASSWORD}
        self.assertEqual(self.group.call("POST", "/register", person)[0], 201)
        account = self.account(member)
        self.assertEqual(account["interval"], 90)
        info_hash = self.torrent(member)
        self.assertIn(b"8:intervali90e", announce(self.group, account["announce"], info_hash, 1))

        self.group.program.stop(9, code=-9)
        # What is named at the start goes before what was set, which holds otherwise.
        again = Group(self, folder=self.group.folder, interval=70)
        said = again.call("GET", "/api/v1/settings", token=member)[1]
        self.assertEqual((said["registration"], said["interval"]), ("open", 70))
        again.program.stop(code=0)
        again = Group(self, "--registration", "closed", folder=self.group.folder, interval=None)
        said = again.call("GET", "/api/v1/settings", token=member)[1]
        self.assertEqual((said["registration"], said["interval"]), ("closed", 90))

    def test_others_beside_the_group_do_not_reach_it(self):
        member = self.group.member("Lan")
        info_hash, others = self.torrent(member), "ab" * 20
        path = self.account(member)["announce"]
        announce(self.group, path, info_hash, 1)
        self.assertIn(b"failure", announce(self.group, "/announce", others, 2))
        self.ask("PATCH", "/api/v1/settings", {"access": "open"})
        announce(self.group, "/announce", others, 2)
        self.assertIn(b"5:peers6:", announce(self.group, "/announce", others, 3, left=1))
        self.assertIn(b"failure", announce(self.group, "/announce", info_hash, 2, left=1))
        self.assertIn(b"5:peers0:", announce(self.group, path, info_hash, 1))
        peers = self.ask("GET", "/api/v1/peers")["items"]
        self.assertEqual([peer["address"] for peer in peers], [f"{self.group.host}:1"])

        # It lasts; and ends.
        self.group.program.stop(code=0)
        self.group = Group(self, folder=self.group.folder)
        self.assertNotIn(b"failure", announce(self.group, "/announce", others, 2))
        self.ask("PATCH", "/api/v1/settings", {"access": "group"})
        self.assertIn(b"failure", announce(self.group, "/announce", others, 2))

    def test_a_torrent_of_others_that_becomes_the_groups(self):
        self.ask("PATCH", "/api/v1/settings", {"access": "open"})
        member = self.group.member("Lan")
        torrent = self.create(make_file(self.path("x"), MIB, 7), "--private")
        announce(self.group, "/announce", self.info(torrent)["info_hash"], 2)
        info_hash = self.group.upload(member, torrent)
        path = self.account(member)["announce"]
        self.assertIn(b"5:peers0:", announce(self.group, path, info_hash, 3, left=1))

    def test_an_open_tracker_has_nothing_to_set(self):
        self.open_tracker()
        self.assertEqual(self.group.call("GET", "/api/v1/settings")[0], 403)
        self.group.host = "127.0.0.1"
        status, said = self.group.call("GET", "/api/v1/settings")
        self.assertEqual((status, said["access"], said["interval"]), (200, "open", 300))
        status, said = self.group.call("PATCH", "/api/v1/settings", {"access": "group"})
        self.assertEqual(status, 403)
        self.assertIn("--access group", said["detail"])


@needs_isolation
class Swarms(PageApi):
    def test_all_swarms_are_listed_page_by_page(self):
        member = self.group.member("Lan")
        self.ask("GET", "/api/v1/swarms", token=member, status=403)
        self.assertEqual(self.ask("GET", "/api/v1/swarms")["items"], [])
        self.ask("PATCH", "/api/v1/settings", {"access": "open"})
        path, info_hash = self.account(member)["announce"], self.torrent(member)
        announce(self.group, path, info_hash, 1, left=1)
        announce(self.group, path, info_hash, 1, event="completed")
        for other in ("00" * 20, "ff" * 20):
            announce(self.group, "/announce", other, 2, left=1)
        first = self.ask("GET", "/api/v1/swarms?limit=2")
        second = self.ask("GET", f"/api/v1/swarms?limit=2&cursor={first['next']}")
        self.assertIsNone(second["next"])
        outside = {"name": None, "seeds": 0, "leechers": 1, "completed": 0}
        self.assertEqual(first["items"] + second["items"], [
            {"info_hash": "00" * 20, **outside},
            {"info_hash": info_hash, "name": "data.bin", "seeds": 1, "leechers": 0,
             "completed": 1},
            {"info_hash": "ff" * 20, **outside}])
        self.ask("GET", "/api/v1/swarms?cursor=YQ", status=400)

    def test_whoever_watches_them_hears_what_changes(self):
        member = self.group.member("Lan")
        self.ask("GET", "/api/v1/events?list=swarms", token=member, status=403)
        self.ask("GET", "/api/v1/events?list=x", status=400)
        path, info_hash = self.account(member)["announce"], self.torrent(member)
        announce(self.group, path, info_hash, 1)
        events = self.group.events(self.admin, "?list=swarms")
        unconcerned = self.group.events(self.admin)
        announce(self.group, path, info_hash, 2, left=1)
        swarm = {"info_hash": info_hash, "name": "data.bin", "completed": 0}
        self.assertEqual(heard(events, "swarms"), {
            "complete": True, "changed": [{**swarm, "seeds": 1, "leechers": 1}], "gone": []})
        # Who announces again as before is no news.
        announce(self.group, path, info_hash, 2, left=1)
        announce(self.group, path, info_hash, 1, event="stopped")
        self.assertEqual(heard(events, "swarms"), {
            "complete": True, "changed": [{**swarm, "seeds": 0, "leechers": 1}], "gone": []})
        self.ask("PATCH", "/api/v1/settings", {"registration": "closed"})
        kinds = {next(unconcerned)[0]}
        while "settings" not in kinds:
            kinds.add(next(unconcerned)[0])
        self.assertNotIn("swarms", kinds)

    def test_many_changes_come_in_portions(self):
        self.ask("PATCH", "/api/v1/settings", {"access": "open"})
        events = self.group.events(self.admin, "?list=swarms")
        for number in range(450):
            announce(self.group, "/announce", f"{number:040x}", 1)
        told = set()
        while len(told) < 450:
            changed = heard(events, "swarms")["changed"]
            self.assertLessEqual(len(changed), 200)
            told |= {swarm["info_hash"] for swarm in changed}


@needs_isolation
class Listen(PageApi):
    def test_an_administrator_moves_the_tracker(self):
        member = self.group.member("Lan")
        here = f"{self.group.host}:{self.group.port}"
        self.assertEqual(self.ask("GET", "/api/v1/listen"), {"listen": [here], "address": here})
        for method, body in (("GET", None), ("PATCH", {"listen": ":0"})):
            self.ask(method, "/api/v1/listen", body, member, 403)
        events = self.group.events(member)
        said = self.ask("PATCH", "/api/v1/listen", {"listen": f"{self.group.host}:0"})
        self.assertNotEqual(said["listen"], [here])
        self.assertEqual(heard(events, "moved"), said)
        former = self.group.port
        with self.assertRaises(ConnectionRefusedError):
            self.group.call("GET", "/healthz")
        self.group.port = int(said["address"].rsplit(":", 1)[1])
        self.assertEqual(self.ask("GET", "/api/v1/listen"), said)
        # A stream that was open before goes on.
        self.ask("POST", "/api/v1/peers", {"daemon": "d1", "port": 6999}, token=member)
        self.assertEqual(next(events)[0], "peer_joined")
        # All addresses, at a port that is taken by one of them alone: by the tracker itself. It is
        # none that outgoing connections are given: one of those, even one that has just ended,
        # keeps everybody from taking its port on all addresses.
        port = 20000
        self.ask("PATCH", "/api/v1/listen", {"listen": f"{self.group.host}:{port}"})
        self.group.port = port
        said = self.ask("PATCH", "/api/v1/listen", {"listen": f":{port}"})
        self.assertEqual(said["listen"], [f"0.0.0.0:{port}", f"[::]:{port}"])
        self.ask("PATCH", "/api/v1/listen", {"listen": f"{self.group.host}:{former}"})
        self.group.port = former
        self.assertEqual(self.ask("GET", "/api/v1/listen")["listen"], [here])

    def test_where_it_cannot_listen_it_stays(self):
        other = Group(self, folder=self.path("other"), host=self.group.host)
        before = self.ask("GET", "/api/v1/listen")
        for listen, status, words in (
                (f"{self.group.host}:{other.port}", 409, "port is in use .choose another"),
                ("192.0.2.1:5000", 409, "no such address .name one of its own"),
                ("nowhere.invalid:5000", 404, "nowhere.invalid"), ("x:y:z", 400, "HOST:PORT"), (":65536", 400, "HOST:PORT"),
                ("", 400, "empty")):
            said = self.ask("PATCH", "/api/v1/listen", {"listen": listen}, status=status)
            self.assertRegex(said["detail"], words)
        for body in ({}, {"listen": 5000}):
            self.ask("PATCH", "/api/v1/listen", body, status=400)
        self.assertEqual(self.ask("GET", "/api/v1/listen"), before)


    def test_an_administrator_ends_the_tracker(self):
        member = self.group.member("Lan")
        events = self.group.events(member)
        self.ask("DELETE", "/api/v1/listen", token=member, status=403)
        self.ask("DELETE", "/api/v1/listen", status=204)
        self.assertEqual(list(events), [])
        self.group.program.expect(0)


@needs_isolation
class Lists(PageApi):
    interval = 3

    def heard(self, events, kind, schema):
        document = heard(events, kind)
        API.hold(schema, document)
        self.assertTrue(document["complete"])
        return document

    def test_swarms_that_have_gone(self):
        self.ask("PATCH", "/api/v1/settings", {"access": "open"})
        events = self.group.events(self.admin, "?list=swarms")
        announce(self.group, "/announce", "ab" * 20, 1)
        while self.heard(events, "swarms", "SwarmNews")["gone"] != ["ab" * 20]:
            pass
        self.assertEqual(self.ask("GET", "/api/v1/swarms")["items"], [])

    def test_who_comes_back_soon_goes_on_where_it_was(self):
        self.ask("PATCH", "/api/v1/settings", {"access": "open"})
        ids = []
        events = self.group.events(self.admin, "?list=swarms", ids=ids)
        announce(self.group, "/announce", "ab" * 20, 1)
        self.heard(events, "swarms", "SwarmNews")
        events.close()
        announce(self.group, "/announce", "cd" * 20, 1)
        wait_until(lambda: len(self.ask("GET", "/api/v1/swarms")["items"]) < 2,
                   "the first swarm to be forgotten")
        events = self.group.events(self.admin, "?list=swarms", after=ids[-1])
        told = []
        while not any(swarm["info_hash"] == "cd" * 20 for swarm in told):
            told += self.heard(events, "swarms", "SwarmNews")["changed"]

    def test_other_clients_come_and_go(self):
        member = self.group.member("Lan")
        path, info_hash = self.account(member)["announce"], self.torrent(member)
        announce(self.group, path, info_hash, 1)
        events = self.group.events(member, "?list=peers")
        announce(self.group, path, info_hash, 2)
        joined = {"address": f"{self.group.host}:2", "user": "Lan", "daemon": False}
        self.assertEqual(self.heard(events, "peers", "PeerNews")["joined"], [joined])
        # A daemon has an event of its own, also where another client was before.
        self.ask("POST", "/api/v1/peers", {"daemon": "d1", "port": 2}, token=member)
        self.assertEqual(heard(events, "peer_joined"), {"address": joined["address"], "user": "Lan"})
        gone = {heard(events, "peer_left")["address"] for _ in range(2)}
        self.assertEqual(gone, {f"{self.group.host}:1", joined["address"]})


@needs_isolation
class Events(PageApi):
    def test_administrators_hear_of_members_and_invitations(self):
        watching = self.group.member("Minh")
        members = self.group.events(watching)
        events = self.group.events(self.admin)
        made = self.ask("POST", "/api/v1/invitations", {"uses": 1, "label": "cho Lan"}, status=201)
        known = {key: made[key] for key in made if key not in ("code", "link")}
        self.assertEqual(heard(events, "invitation"), known)
        status, lan = self.group.call("POST", "/register", {
            "username": "Lan", "password": PASSWORD, "invitation": made["code"]})
        self.assertEqual(status, 201, lan)
        self.assertEqual(heard(events, "user"), lan)
        self.assertEqual(heard(events, "invitation"), {**known, "used": 1})
        self.ask("DELETE", f"/api/v1/invitations/{made['id']}", status=204)
        self.assertEqual(heard(events, "invitation"), {**known, "used": 1, "revoked": True})
        for change in ({"role": "admin"}, {"disabled": True}):
            self.ask("PATCH", "/api/v1/users/Lan", change)
            lan.update(change)
            self.assertEqual(heard(events, "user"), lan)
        # Whatever a member hears first, it is none of these.
        self.ask("POST", "/api/v1/peers", {"daemon": "d1", "port": 6999}, token=watching)
        self.assertEqual(next(members)[0], "peer_joined")

    def test_whoever_watches_a_swarm_hears_when_its_pieces_change(self):
        member = self.group.member("Lan")
        info_hash, other = self.torrent(member), self.torrent(member, "other.bin")
        peer, _ = self.publish(member, "data.bin", info_hash)
        self.ask("GET", "/api/v1/events?swarm=x", status=400)
        self.ask("GET", "/api/v1/events?swarm=" + "ab" * 20, status=404)
        events = self.group.events(member, "?swarm=" + info_hash)
        unconcerned = self.group.events(member)
        self.assertEqual(next(events), ("pieces", {"info_hash": info_hash}))

        def report(number, changed, pieces):
            self.ask("PUT", f"/api/v1/peers/{peer}/pieces", {
                "number": number, "whole": number == 0,
                "changes": [{"info_hash": changed, "gained": pieces}]}, member, 204)
        report(0, info_hash, [[0, 3]])
        self.assertEqual(next(events), ("pieces", {"info_hash": info_hash}))
        report(1, other, [[0, 3]])
        self.ask("DELETE", f"/api/v1/peers/{peer}", token=member, status=204)
        self.assertEqual([next(events)[0] for _ in range(2)], ["peer_left", "pieces"])
        self.assertEqual(next(unconcerned)[0], "peer_left")


@needs_isolation
class Administration(PageApi):
    def test_a_member_who_has_lost_the_password_is_given_another(self):
        member = self.group.member("Lan")
        events = self.group.events(member)
        path = "/api/v1/users/Lan/password"
        self.ask("PUT", path, {"new": "another password"}, member, 403)
        self.ask("PUT", path, {"new": "short"}, status=400)
        self.ask("PUT", path, {}, status=400)
        self.ask("PUT", "/api/v1/users/Nobody/password", {"new": "another password"}, status=404)
        self.account(member)
        self.ask("PUT", path, {"new": "another password"}, status=204)
        self.assertEqual(list(events), [])
        self.assertEqual(self.group.call("GET", "/api/v1/me", token=member)[0], 401)
        person = {"username": "Lan", "password": PASSWORD}
        self.assertEqual(self.group.call("POST", "/login", person)[0], 401)
        person["password"] = "another password"
        self.assertEqual(self.group.call("POST", "/login", person)[0], 201)

    def test_files_by_size_with_those_who_have_them(self):
        member = self.group.member("Lan")
        hashes = {}
        for name, size in (("small", 1), ("large", 9), ("middle", 5), ("as middle", 5)):
            content = make_file(self.path(name), size * 100_000, 7)
            hashes[name] = self.group.upload(member, self.create(content, "--private"))
            peer, _ = self.publish(member, name, hashes[name])
        pieces = self.ask("GET", "/api/v1/files?name=small")["items"][0]["pieces"]
        self.ask("PUT", f"/api/v1/peers/{peer}/pieces", {"number": 0, "whole": True, "changes": [
            {"info_hash": hashes["small"], "gained": [[0, pieces - 1]]},
            {"info_hash": hashes["large"], "gained": [[0, 0]]}]}, member, 204)
        found, path = [], "/api/v1/files?order=size&limit=1"
        page = self.ask("GET", path)
        while page["next"]:
            found += page["items"]
            page = self.ask("GET", f"{path}&cursor={page['next']}")
        found += page["items"]
        self.assertEqual([file["name"] for file in found],
                         ["large", "as middle", "middle", "small"])
        self.assertEqual([(file["seeds"], file["holders"]) for file in found],
                         [(0, 1), (0, 0), (0, 0), (1, 1)])

    def test_holders_and_seeds_of_files(self):
        member = self.group.member("Lan")
        info_hash = self.torrent(member)
        peer, file = self.publish(member, "data.bin", info_hash)
        events = self.group.events(member, "?list=files")

        def report(number, change):
            self.ask("PUT", f"/api/v1/peers/{peer}/pieces", {
                "number": number, "whole": number == 0,
                "changes": [{"info_hash": info_hash, **change}]}, member, 204)
        report(0, {"gained": [[0, 0]]})
        told = {"info_hash": info_hash, "seeds": 0, "holders": 1}
        self.assertEqual(heard(events, "holders")["changed"], [told])
        # One more piece is no news of these numbers; all pieces are.
        report(1, {"gained": [[1, 1]]})
        report(2, {"gained": [[0, file["pieces"] - 1]]})
        told["seeds"] = 1
        self.assertEqual(heard(events, "holders")["changed"], [told])
        self.ask("DELETE", f"/api/v1/peers/{peer}", token=member, status=204)
        told.update(seeds=0, holders=0)
        self.assertEqual(heard(events, "holders")["changed"], [told])

    def test_an_administrator_takes_anybodys_file_back(self):
        member = self.group.member("Lan")
        _, file = self.publish(member, "data.bin", self.torrent(member))
        self.ask("DELETE", f"/api/v1/files/{file['id']}", status=204)
        self.assertEqual(self.ask("GET", "/api/v1/files")["items"], [])


if __name__ == "__main__":
    unittest.main()

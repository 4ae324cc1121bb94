"""A group's tracker and its members' peers, as tests speak to them: over REST."""
import http.client
import json
import os
import ssl
import urllib.parse

from openapi import Description
from swarm_tools import ADDRESSES, wait_until

API = Description("tracker.yaml")
PEER_API = Description("peer.yaml")
PASSWORD = "một mật khẩu dài"


def read_events(answer, ids=None):
    """Yields (type, document) of each event of a stream; its ids are added to the list given."""
    fields = {}
    for line in answer:
        name, colon, value = line.decode().rstrip("\n").partition(": ")
        if colon and name:
            fields[name] = value
            if name == "id" and ids is not None:
                ids.append(value)
        elif "event" in fields:
            yield fields["event"], json.loads(fields["data"])
            fields = {}


class Group:
    """A tracker with accounts, and its REST interface."""

    def __init__(self, case, *arguments, host=None, folder=None, interval=2, port=0):
        self.case = case
        self.host = host or ADDRESSES.fresh()
        self.folder = folder or case.path("tracker")
        if interval:
            arguments = ("--interval", str(interval), *arguments)
        self.program = case.shoal("tracker", "--data", self.folder, "--no-shell", "--listen",
                                  f"{self.host}:{port}", "--allow-plain-login", *arguments)
        self.ready = self.program.event("ready")
        self.url = self.ready["url"]
        self.port = urllib.parse.urlsplit(self.url).port

    @property
    def invitation(self):
        return self.ready["join"].split("/i=")[1].split("/")[0]

    def call(self, method, path, body=None, token=None, raw=None, tls=False, source=None,
             host=None):
        """The status and the document of the answer (bytes where it is no JSON)."""
        headers = {} if host is None else {"Host": host}
        if token:
            headers["Authorization"] = "Bearer " + token
        if body is not None:
            raw = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        options = {"timeout": 60, "source_address": (source or self.host, 0)}
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection(self.host, self.port, context=context,
                                                     **options)
        else:
            connection = http.client.HTTPConnection(self.host, self.port, **options)
        try:
            connection.request(method, path, raw, headers)
            answer = connection.getresponse()
            content = answer.read()
            kind = answer.getheader("Content-Type") or ""
            if "json" in kind:
                content = json.loads(content)
            if not path.startswith(("/announce?", "/scrape?")):
                API.check(method, path, answer.status, kind, content)
            return answer.status, content
        finally:
            connection.close()

    def events(self, token, query="", after=None, ids=None):
        """Yields (type, document) of each event from now on, or after that of an id."""
        headers = {"Authorization": "Bearer " + token} if token else {}
        if after:
            headers["Last-Event-ID"] = after
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60,
                                                source_address=(self.host, 0))
        self.case.addCleanup(connection.close)
        connection.request("GET", "/api/v1/events" + query, headers=headers)
        answer = connection.getresponse()
        self.case.assertEqual(answer.status, 200)
        return read_events(answer, ids)

    def member(self, name):
        """A new member's token."""
        status, said = self.call("POST", "/register", {
            "username": name, "password": PASSWORD, "invitation": self.invitation})
        self.case.assertEqual(status, 201, said)
        return self.login(name)

    def login(self, name):
        status, said = self.call("POST", "/login", {"username": name, "password": PASSWORD},
                                 tls=True)
        self.case.assertEqual(status, 201, said)
        return said["token"]

    def administrator(self):
        code = self.ready["admin"].split("/s=")[1].split("/")[0]
        status, said = self.call("POST", "/api/v1/setup", {
            "username": "người quản trị", "password": PASSWORD, "code": code})
        self.case.assertEqual(status, 201, said)
        return self.login("người quản trị")

    def upload(self, token, torrent):
        with open(torrent, "rb") as file:
            status, said = self.call("POST", "/announce/upload", raw=file.read(), token=token)
        self.case.assertEqual(status, 201, said)
        return said["info_hash"]

    def personal(self, token, info_hash):
        """The path of the torrent that is made for the token's owner."""
        status, content = self.call("GET", f"/api/v1/torrents/{info_hash}", token=token)
        self.case.assertEqual(status, 200, content)
        path = self.case.path(f"{token[:8]}-{info_hash[:8]}.torrent")
        with open(path, "wb") as file:
            file.write(content)
        return path


class Peer:
    """A member's peer: a daemon with a data folder of its own."""

    def __init__(self, group, name, *arguments, host=None, join=True, start=True):
        self.group, self.case, self.name = group, group.case, name
        self.host = host or ADDRESSES.fresh()
        self.folder = self.case.path("peers", name)
        self.join = ["--join", group.ready["join"], "--user", name] if join else []
        self.arguments = arguments
        if start:
            self.start()

    def start(self, *arguments):
        self.program = self.case.shoal(
            "peer", "--data", self.folder, "--no-shell", "--listen", f"{self.host}:0", "--web",
            "127.0.0.1:0", *self.join, *self.arguments, *arguments,
            env={**os.environ, "SHOAL_PASSWORD": PASSWORD})
        self.ready = self.program.event("ready")
        self.address = self.ready["peer"]
        self.port = urllib.parse.urlsplit(self.ready["url"]).port
        with open(self.path("api.json")) as file:
            self.token = json.load(file)["token"]
        return self

    def restart(self, number=9):
        self.program.stop(number, code=-9 if number == 9 else 0)
        return self.start()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def call(self, method, path, body=None, token=None, headers=None, raw=None):
        """The status and the document of the answer."""
        sent = {"Authorization": f"Bearer {token or self.token}", **(headers or {})}
        if body is not None:
            raw = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, raw, sent)
            answer = connection.getresponse()
            content = answer.read()
            kind = answer.getheader("Content-Type") or ""
            if "json" in kind:
                content = json.loads(content)
            PEER_API.check(method, path, answer.status, kind, content)
            return answer.status, content
        finally:
            connection.close()

    def publish(self, path, name=None, status=201, **more):
        body = {"path": path, **({"name": name} if name else {}), **more}
        got, said = self.call("POST", "/api/v1/publications", body)
        self.case.assertIn(got, (status, 202) if status == 201 else (status,), said)
        # On a slow machine it is not done when it is answered.
        slow = self.join and (status, got) == (201, 202)
        return self.wait_for(said["name"], listed=True) if slow else said

    def fetch(self, name, status=201, **more):
        got, said = self.call("POST", "/api/v1/downloads", {"name": name, **more})
        self.case.assertEqual(got, status, said)
        return said

    def item(self, name):
        """The item of a name or info hash; nothing when there is none."""
        items = self.call("GET", "/api/v1/items?name=" + urllib.parse.quote(name))[1]["items"]
        return items[0] if items else None

    def wait_for(self, name, state="sharing", **wanted):
        """The item once it is in this state, and its other members have these values."""
        def there():
            item = self.item(name)
            good = item and item["state"] == state and all(
                item[key] == value for key, value in wanted.items())
            return item if good else None
        try:
            return wait_until(there, f"{name} to be {state} {wanted}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.item(name)}\n{self.program.errors}") from None

    def files(self, **query):
        """What the catalogue has, as this member sees it."""
        return self.call("GET", "/api/v1/files?" + urllib.parse.urlencode(query))[1]["items"]

    def change(self, name, state):
        return self.call("PATCH", f"/api/v1/items/{self.item(name)['id']}", {"state": state})

    def remove(self, name, data=False):
        status, said = self.call(
            "DELETE", f"/api/v1/items/{self.item(name)['id']}?data={'true' if data else 'false'}")
        self.case.assertEqual(status, 204, said)

    def holders(self, info_hash):
        """Which pieces each peer has, by address, as the tracker knows."""
        status, swarm = self.call("GET", f"/api/v1/swarms/{info_hash}/pieces")
        self.case.assertEqual(status, 200, swarm)
        return {holder["address"]: holder["pieces"] for holder in swarm["holders"]}

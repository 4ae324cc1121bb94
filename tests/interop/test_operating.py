"""What an operator has of a tracker: its measurements, its configuration file, its service."""
import http.client
import os
import re
import shutil
import signal
import ssl
import subprocess
import unittest
import urllib.parse

from group_tools import Group
from swarm_tools import ADDRESSES, PATIENCE, SHOAL, Swarm, bdecode, needs_isolation, wait_until


ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def metrics(text):
    """Name and labels to value."""
    return {name: float(value) for name, value in
            re.findall(r"^([^# ].*) (\S+)$", text.decode(), re.MULTILINE)}


@needs_isolation
class Metrics(Swarm):
    def ask(self, port, **headers):
        """What /metrics says to somebody of the tracker's own machine."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/metrics", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_administrators_see_what_happens_in_a_group_and_members_do_not(self):
        group = Group(self)
        admin, member = group.administrator(), group.member("Lan")
        for token, status in ((None, 401), ("x" * 43, 401), (member, 403)):
            self.assertEqual(group.call("GET", "/metrics", token=token)[0], status)
        group.call("POST", "/api/v1/peers", {"daemon": "d", "port": 6999}, token=member)
        group.call("GET", "/announce?info_hash=short&passkey=wrong")
        status, said = group.call("GET", "/metrics", token=admin)
        self.assertEqual(status, 200)
        values = metrics(said)
        self.assertEqual(values["shoal_group_members"], 1)
        self.assertEqual(values["shoal_group_daemons"], 1)
        self.assertEqual(values['shoal_announces_total{result="refused"}'], 1)
        self.assertEqual(values['shoal_http_answers_total{status="4xx"}'], 3)
        self.assertEqual(values["shoal_http_connections"], 1)
        self.assertGreaterEqual(values["shoal_http_connections_total"], 8)
        self.assertNotIn(b"Lan", said)

    def test_its_own_machine_needs_no_token_but_a_page_there_is_no_machine(self):
        for access in ("group", "open"):
            with self.subTest(access=access):
                tracker = self.shoal("tracker", "--access", access, "--data", self.path(access),
                                     "--no-shell", "--listen", ":0")
                port = urllib.parse.urlsplit(tracker.event("ready")["url"]).port
                status, said = self.ask(port)
                self.assertEqual(status, 200)
                self.assertEqual(metrics(said)["shoal_swarms"], 0)
                self.assertIn(self.ask(port, Host="evil.example")[0], (401, 403))
                elsewhere = http.client.HTTPConnection("10.77.0.1", port, timeout=60)
                elsewhere.request("GET", "/metrics")
                self.assertIn(elsewhere.getresponse().status, (401, 403))
                elsewhere.close()


def make_certificate(path):
    """A key with a certificate in one file."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=tracker",
                    "-keyout", path, "-out", path + ".crt"], check=True, capture_output=True)
    with open(path, "a") as key, open(path + ".crt") as certificate:
        key.write(certificate.read())
    return path


class Configured(Group):
    """A tracker with no other arguments than these, on the case's host."""

    def __init__(self, case, *arguments):
        self.case, self.host = case, case.host
        self.program = case.shoal("tracker", "--no-shell", *arguments)
        self.ready = self.program.event("ready")
        self.port = urllib.parse.urlsplit(self.ready["url"]).port


@needs_isolation
class Configuration(Swarm):
    def setUp(self):
        super().setUp()
        self.file = self.path("tracker.toml")
        self.host = ADDRESSES.fresh()

    def write(self, **values):
        with open(self.file, "w") as file:
            for key, value in {"listen": f"{self.host}:0", "data": self.path("data"),
                               **values}.items():
                text = str(value).lower() if isinstance(value, bool) else repr(value)
                file.write(f"{key} = {text}\n")

    def begin(self, *arguments):
        self.group = Configured(self, "--config", self.file, *arguments)
        self.tracker = self.group.program

    def reload(self):
        """Has the file read again; the lines that it says about it."""
        before = len(self.tracker.errors.splitlines())
        self.tracker.send(signal.SIGHUP)
        wait_until(lambda: len(self.tracker.errors.splitlines()) > before, "it has been read")
        self.group.call("GET", "/healthz")  # it answers when it has said all
        return self.tracker.errors.splitlines()[before:]

    def announce_answer(self, **parameters):
        query = urllib.parse.urlencode({"info_hash": "a" * 20, "peer_id": "b" * 20, "port": 1,
                                        "left": 1, **parameters})
        return bdecode(self.group.call("GET", "/announce?" + query)[1])[0]

    def refuse(self, content, *arguments):
        """What the program says of a file before it ends."""
        with open(self.file, "w") as file:
            file.write(content)
        done = subprocess.run([SHOAL, "tracker", "--no-shell", "--config", self.file, *arguments],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assert_one_line(done.stderr)
        return done.stderr

    def test_the_file_says_what_the_command_line_does_not(self):
        self.write(access="open", interval=600, listen="10.77.0.1:1")
        self.begin("--listen", f"{self.host}:0", "--interval", "900")
        self.assertEqual(self.announce_answer()[b"interval"], 900)
        self.tracker.stop(code=0)

    def test_the_file_of_the_documentation_is_good(self):
        with open(os.path.join(ROOT, "docs", "operating.md"), encoding="utf-8") as page:
            content = re.search(r"```toml\n(.*?)```", page.read(), re.DOTALL)[1]
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(content)
        key = make_certificate(self.path("key.pem"))
        self.begin("--listen", f"{self.host}:0", "--data", self.path("data"), "--db",
                   f"sqlite3://{self.path('catalogue.db')}", "--tls-certificate", key,
                   "--tls-key", key)
        self.tracker.stop(code=0)

    def test_a_wrong_file_is_told_by_its_line_and_nothing_starts(self):
        self.assertIn(f"{self.file}:2: 'interval'", self.refuse("access = 'open'\ninterval = 0\n"))
        self.assertIn(f"{self.file}:1: there is no option 'colour'", self.refuse("colour = 1\n"))
        self.assertIn(f"{self.file}:1: ", self.refuse("access = \n"))
        self.assertIn("--tls-key", self.refuse("tls_certificate = 'x'\n", "--access", "open"))

    def test_what_can_change_changes_at_a_hangup(self):
        self.write(registration="closed", interval=600)
        self.begin()
        short = {"username": "Lan", "password": "long enough"}
        good = {"username": "Lan", "password": "quite long enough"}

        def register(person, **options):
            return self.group.call("POST", "/register", person, **options)[0]
        self.assertEqual(register(good, tls=True), 403)
        self.write(registration="open", interval=300, least_password=12)
        self.assertEqual(len(self.reload()), 1)
        self.assertEqual(register(good), 403)
        self.write(registration="open", interval=300, least_password=12, allow_plain_login=True)
        self.reload()
        self.assertEqual(register(short), 400)
        self.assertEqual(register(good), 201)
        token = self.group.call("POST", "/login", good)[1]["token"]
        me = self.group.call("GET", "/api/v1/me", token=token)[1]
        self.assertEqual(me["interval"], 300)
        self.tracker.stop(code=0)

    def test_interval_and_trusted_addresses_change_at_a_hangup(self):
        self.write(access="open", interval=600)
        self.begin()
        asked = {"ip": "203.0.113.7", "compact": "0"}
        self.assertEqual(self.announce_answer(**asked)[b"interval"], 600)
        self.write(access="open", interval=60, trust_ip_from=[self.host])
        self.reload()
        self.assertEqual(self.announce_answer(**asked)[b"interval"], 60)
        told = self.announce_answer(port=2, compact="0")[b"peers"]
        self.assertEqual({peer[b"ip"].decode() for peer in told}, {self.host, "203.0.113.7"})

    def test_what_needs_a_restart_says_so_and_a_wrong_file_changes_nothing(self):
        self.write(access="open", interval=600)
        self.begin()
        self.write(access="group", interval=300, listen=":1")
        self.assertIn("listen, access", self.reload()[1])
        self.assertEqual(self.announce_answer()[b"interval"], 300)
        self.write(access="open", interval=100, registration="everybody")
        self.assertIn(f"{self.file}:5: 'registration'", "".join(self.reload()))
        self.assertEqual(self.announce_answer()[b"interval"], 300)
        os.unlink(self.file)
        self.assertIn("--config", "".join(self.reload()))
        self.assertEqual(self.announce_answer()[b"interval"], 300)
        self.tracker.stop(code=0)

    def certificate(self):
        return ssl.get_server_certificate((self.host, self.group.port), timeout=60)

    def test_a_certificate_is_replaced_at_a_hangup(self):
        first, second = (make_certificate(self.path(name)) for name in ("one.pem", "two.pem"))
        self.write(tls_certificate=first, tls_key=first)
        self.begin()
        with open(first + ".crt") as file:
            self.assertEqual(self.certificate().strip(), file.read().strip())
        os.replace(second, first)
        self.assertIn("key is another one", "".join(self.reload()))
        with open(second + ".crt") as file:
            self.assertEqual(self.certificate().strip(), file.read().strip())
        with open(first, "w") as file:
            file.write("no certificate")
        self.assertIn("no certificate in PEM", "".join(self.reload()))
        with open(second + ".crt") as file:
            self.assertEqual(self.certificate().strip(), file.read().strip())
        self.write()
        self.reload()
        with open(self.path("data", "tls.pem")) as file:
            self.assertIn(self.certificate().strip(), file.read())
        self.tracker.stop(code=0)

    def test_a_hangup_without_a_file_does_no_harm(self):
        self.group = Configured(self, "--access", "open", "--listen", f"{self.host}:0")
        for _ in range(3):
            self.group.program.send(signal.SIGHUP)
        wait_until(lambda: "read again" in self.group.program.errors, "it has noticed")
        self.assertIn(b"interval", self.announce_answer())
        self.group.program.stop(code=0)


class Services(Swarm):
    """What is installed, and the units in it."""

    def setUp(self):
        super().setUp()
        self.installed = self.path("installed")
        build = os.environ.get("SHOAL_BUILD", os.path.dirname(os.path.dirname(SHOAL)))
        subprocess.run(["cmake", "--install", build, "--prefix", "/usr"], check=True,
                       capture_output=True, env={**os.environ, "DESTDIR": self.installed})

    def unit(self, manager, name):
        """The path of an installed unit, and the words of its ExecStart."""
        path = os.path.join(self.installed, "usr", "lib", "systemd", manager, name + ".service")
        with open(path) as file:
            words = re.search(r"^ExecStart=(.*)$", file.read(), re.MULTILINE)[1].split()
        self.assertTrue(words[0].endswith("/bin/shoal"), words)
        return path, words

    def assert_understood(self, words):
        """The program knows the command and the options of an ExecStart."""
        done = subprocess.run([os.path.join(self.installed, "usr", "bin", "shoal"), words[1], "--help"],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        known = set(re.findall(r"--[a-z-]+", done.stdout))
        self.assertLessEqual({word for word in words if word.startswith("--")}, known)

    def assert_verified(self, path, words, *manager):
        """systemd finds nothing wrong with a unit."""
        copy = self.path(os.path.basename(path))
        with open(path) as unit, open(copy, "w") as file:
            file.write(unit.read().replace(words[0], os.path.join(self.installed, "usr/bin/shoal")))
        done = subprocess.run(["systemd-analyze", *manager, "verify", "--man=no", copy],
                              capture_output=True, text=True, timeout=PATIENCE,
                              env={**os.environ, "XDG_RUNTIME_DIR": self.path()})
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_trackers_unit_starts_what_the_program_knows(self):
        self.assert_understood(self.unit("system", "shoal-tracker")[1])

    def test_the_peers_unit_starts_what_the_program_knows(self):
        self.assert_understood(self.unit("user", "shoal-peer")[1])

    @unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd here")
    def test_systemd_finds_the_units_good(self):
        self.assert_verified(*self.unit("system", "shoal-tracker"))
        self.assert_verified(*self.unit("user", "shoal-peer"), "--user")


if __name__ == "__main__":
    unittest.main()

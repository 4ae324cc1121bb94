"""The BitTorrent clients that people already run, each as a seed and as a downloader, and
opentracker. All are left at their defaults, but for what looks beyond this machine."""
import base64
import json
import os
import shutil
import threading
import urllib.error
import urllib.request

import libtorrent

from swarm_tools import ADDRESSES, wait_until

ARIA2_PORTS = iter(range(20001, 30000))
PORT = 51413


class Transmission:
    """One transmission-daemon, driven over its RPC."""

    makes_empty_files = False

    def __init__(self, case):
        self.address = ADDRESSES.fresh()
        self.folder = case.path(f"transmission-{self.address}")
        os.makedirs(self.folder)
        with open(os.path.join(self.folder, "settings.json"), "w") as file:
            json.dump({"bind-address-ipv4": self.address, "bind-address-ipv6": "::1",
                       "rpc-bind-address": self.address, "rpc-whitelist-enabled": False,
                       "rpc-host-whitelist-enabled": False, "peer-port": PORT,
                       # It calls peers by uTP first and is slow to see that they speak TCP.
                       "utp-enabled": False, "port-forwarding-enabled": False, "dht-enabled": False,
                       "lpd-enabled": False, "download-dir": self.folder,
                       "trash-original-torrent-files": False}, file)
        self.session = ""
        self.program = case.start("transmission-daemon", "-f", "-g", self.folder)
        wait_until(self._answers, "transmission to answer")

    def _answers(self):
        try:
            return self.call("session-get")
        except OSError:
            return None

    def call(self, method, **arguments):
        for _ in range(2):
            request = urllib.request.Request(
                f"http://{self.address}:9091/transmission/rpc",
                json.dumps({"method": method, "arguments": arguments}).encode(),
                {"X-Transmission-Session-Id": self.session})
            try:
                with urllib.request.urlopen(request, timeout=20) as reply:
                    answer = json.load(reply)
                assert answer["result"] == "success", answer
                return answer["arguments"]
            except urllib.error.HTTPError as refusal:
                if refusal.code != 409:
                    raise
                self.session = refusal.headers["X-Transmission-Session-Id"]
        raise AssertionError("transmission refuses its own session")

    def add(self, source, folder):
        os.makedirs(folder, exist_ok=True)
        if source.startswith("magnet:"):
            self.call("torrent-add", filename=source, **{"download-dir": folder})
        else:
            with open(source, "rb") as file:
                whole = base64.b64encode(file.read()).decode()
            self.call("torrent-add", metainfo=whole, **{"download-dir": folder})

    def seed(self, torrent, folder):
        self.add(torrent, folder)

    def download(self, source, folder):
        self.add(source, folder)

    def wait(self, count):
        """Until it has so many torrents and all are complete."""
        def complete():
            torrents = self.call("torrent-get", fields=[
                "percentDone", "metadataPercentComplete", "status", "errorString"])["torrents"]
            return len(torrents) == count and all(
                t["percentDone"] == 1 and t["metadataPercentComplete"] == 1 and t["status"] == 6
                for t in torrents)
        wait_until(complete, "transmission to have everything", period=0.1)

    def stop(self):
        self.program.end()


class Libtorrent:
    """One libtorrent session in this process, as qBittorrent and Deluge run it."""

    makes_empty_files = True

    def __init__(self, case):
        self.address = ADDRESSES.fresh()
        self.session = libtorrent.session({
            "listen_interfaces": f"{self.address}:{PORT}", "outgoing_interfaces": self.address,
            "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
            "enable_natpmp": False, "stop_tracker_timeout": 1, "allow_multiple_connections_per_ip": True})
        self.handles = []
        case.addCleanup(self.stop)

    def add(self, source, folder, mode=0):
        os.makedirs(folder, exist_ok=True)
        if source.startswith("magnet:"):
            parameters = libtorrent.parse_magnet_uri(source)
        else:
            parameters = libtorrent.add_torrent_params()
            parameters.ti = libtorrent.torrent_info(source)
        parameters.save_path = folder
        parameters.flags &= ~(libtorrent.torrent_flags.paused |
                              libtorrent.torrent_flags.auto_managed)
        parameters.flags |= mode
        self.handles.append(self.session.add_torrent(parameters))
        return self.handles[-1]

    def seed(self, torrent, folder):
        return self.add(torrent, folder)

    def download(self, source, folder):
        return self.add(source, folder)

    def connect(self, address):
        host, port = address.rsplit(":", 1)
        for handle in self.handles:
            handle.connect_peer((host, int(port)))

    def wait(self, count):
        def complete():
            return len(self.handles) == count and all(
                h.status().is_seeding and not h.status().errc.value() for h in self.handles)
        wait_until(complete, "libtorrent to have everything", period=0.05)

    def stop(self):
        if self.session is not None:
            self.handles = []
            self.session = None  # which ends it, and waits for that


class Aria2:
    """aria2c, one process a torrent."""

    makes_empty_files = True

    def __init__(self, case):
        self.case = case
        self.programs = []
        self.seeding = False

    def run(self, source, folder, *options):
        os.makedirs(folder, exist_ok=True)
        address = ADDRESSES.fresh()
        self.programs.append(self.case.start(
            "aria2c", "--no-conf", "--dir", folder, f"--interface={address}",
            f"--listen-port={next(ARIA2_PORTS)}", "--enable-dht=false", "--enable-dht6=false",
            "--bt-enable-lpd=false", "--file-allocation=none", "--summary-interval=0",
            "--allow-overwrite=true", *options, source))

    def seed(self, torrent, folder):
        self.seeding = True
        self.run(torrent, folder, "--check-integrity=true", "--seed-ratio=0.0")

    def download(self, source, folder):
        self.run(source, folder, "--seed-time=0")

    def wait(self, count):
        assert len(self.programs) == count
        for program in self.programs:
            if self.seeding:
                program.line(lambda text: "Verification finished successfully" in text)
            else:
                program.expect(0)

    def stop(self):
        for program in self.programs:
            program.end()


CLIENTS = {"transmission": Transmission, "libtorrent": Libtorrent, "aria2": Aria2}


def opentracker(case, info_hashes):
    """Debian's opentracker, which serves listed torrents alone; its announce URL."""
    address = ADDRESSES.fresh()
    folder = case.path("opentracker")
    os.makedirs(folder)
    whitelist = os.path.join(folder, "whitelist")
    with open(whitelist, "w") as file:
        file.write("".join(f"{one}\n" for one in info_hashes))
    # It gives up root, shuts itself into the folder, and reads the list as nobody.
    os.chmod(case.root, 0o755)
    configuration = os.path.join(folder, "configuration")
    with open(configuration, "w") as file:
        file.write(f"listen.tcp {address}:6969\ntracker.rootdir {folder}\n"
                   "access.whitelist whitelist\n")
    program = case.start("opentracker", "-f", configuration)

    def answers():
        try:
            with urllib.request.urlopen(f"http://{address}:6969/stats", timeout=20):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            assert program.process.poll() is None, program.errors
            return False

    wait_until(answers, "opentracker to answer")
    return f"http://{address}:6969/announce"

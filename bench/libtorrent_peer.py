#!/usr/bin/python3
"""One libtorrent session with its torrents: prints DONE once every byte of them is verified and
written, and goes on serving until it is ended. Or, with --create, the hashes of a torrent.

Default settings, or with --fast those for speed, but nothing that looks for peers beyond the tracker,
and TCP without encryption, as shoal has. Needs Debian's python3-libtorrent.
"""
import argparse
import os
import signal
import sys

import libtorrent as lt

FLAGS = {"v2": lt.create_torrent.v2_only, "hybrid": 0}


def create(kind, path):
    files = lt.file_storage()
    lt.add_files(files, path)
    torrent = lt.create_torrent(files, 1 << 20, FLAGS[kind])
    lt.set_piece_hashes(torrent, os.path.dirname(path))
    lt.bencode(torrent.generate())


def settings_of(options):
    settings = lt.high_performance_seed() if options.fast else lt.default_settings()
    settings.update(listen_interfaces=options.listen,
                    outgoing_interfaces=options.listen.rpartition(":")[0],
                    enable_outgoing_utp=False, enable_incoming_utp=False,
                    in_enc_policy=int(lt.enc_policy.disabled),
                    out_enc_policy=int(lt.enc_policy.disabled), enable_dht=False,
                    enable_lsd=False, enable_upnp=False, enable_natpmp=False,
                    active_limit=-1, active_seeds=-1, active_checking=-1,
                    alert_mask=lt.alert.category_t.status_notification)
    return settings


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("listen", metavar="HOST:PORT")
    parser.add_argument("torrents", nargs="+", metavar="TORRENT")
    parser.add_argument("folder")
    parser.add_argument("--peer", metavar="HOST:PORT", action="append", default=[])
    parser.add_argument("--fast", action="store_true", help="high_performance_seed()")
    parser.add_argument("--gate", metavar="FIFO",
                        help="print READY, and begin when it is opened for writing")
    options = parser.parse_args()
    session = lt.session(settings_of(options))
    torrents = [{"ti": lt.torrent_info(path), "save_path": options.folder}
                for path in options.torrents]
    if options.gate:
        print("READY", flush=True)
        with open(options.gate, "rb"):
            pass
    handles = [session.add_torrent(torrent) for torrent in torrents]
    for peer in options.peer:
        host, _, port = peer.rpartition(":")
        for handle in handles:
            handle.connect_peer((host, int(port)))
    while handles:
        handles = [handle for handle in handles if not handle.status().is_seeding]
        if handles:
            session.wait_for_alert(20)
            session.pop_alerts()
    print("DONE", flush=True)
    signal.pause()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--create"]:
        create(*sys.argv[2:])
    else:
        main()

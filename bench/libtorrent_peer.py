#!/usr/bin/python3
"""One libtorrent session with one torrent: prints DONE once every byte is verified and written, and
goes on serving until it is ended.

Default settings, but nothing that looks for peers beyond the tracker, and TCP without encryption,
as shoal has. Needs Debian's python3-libtorrent.
"""
import argparse
import signal

import libtorrent as lt


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("listen", metavar="HOST:PORT")
    parser.add_argument("torrent")
    parser.add_argument("folder")
    parser.add_argument("--peer", metavar="HOST:PORT")
    parser.add_argument("--gate", metavar="FIFO",
                        help="print READY, and begin when it is opened for writing")
    options = parser.parse_args()
    settings = lt.default_settings()
    settings.update(listen_interfaces=options.listen,
                    outgoing_interfaces=options.listen.rpartition(":")[0],
                    enable_outgoing_utp=False, enable_incoming_utp=False,
                    in_enc_policy=int(lt.enc_policy.disabled),
                    out_enc_policy=int(lt.enc_policy.disabled), enable_dht=False,
                    enable_lsd=False, enable_upnp=False, enable_natpmp=False,
                    alert_mask=lt.alert.category_t.status_notification)
    session = lt.session(settings)
    torrent = {"ti": lt.torrent_info(options.torrent), "save_path": options.folder}
    if options.gate:
        print("READY", flush=True)
        with open(options.gate, "rb"):
            pass
    handle = session.add_torrent(torrent)
    if options.peer:
        host, _, port = options.peer.rpartition(":")
        handle.connect_peer((host, int(port)))
    while not handle.status().is_seeding:
        session.wait_for_alert(20)
        session.pop_alerts()
    print("DONE", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()

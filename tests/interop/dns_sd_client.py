"""Another implementation of DNS-based service discovery (python-zeroconf), as a process.

    dns_sd_client.py browse                       prints the first tracker it finds, as JSON
    dns_sd_client.py register LABEL KEY ADDRESS   is a tracker with that key; prints "ready"
"""
import ipaddress
import json
import queue
import signal
import sys

from zeroconf import ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf

TYPE = "_shoal._tcp.local."


def browse(zeroconf):
    names = queue.Queue()

    def changed(name, state_change, **_):
        if state_change is ServiceStateChange.Added:
            names.put(name)
    browser = ServiceBrowser(zeroconf, TYPE, handlers=[changed])
    name = names.get(timeout=30)
    info = zeroconf.get_service_info(TYPE, name, 10000)
    browser.cancel()
    print(json.dumps({
        "name": name.removesuffix("." + TYPE), "port": info.port,
        "key": info.properties[b"k"].decode(), "addresses": info.parsed_addresses()}))


def register(zeroconf, label, key, address):
    zeroconf.register_service(ServiceInfo(
        TYPE, f"{label}.{TYPE}", port=5000, properties={"k": key}, server="other.local.",
        addresses=[ipaddress.ip_address(address).packed]))
    print("ready", flush=True)
    signal.sigwait([signal.SIGTERM])


signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
with Zeroconf() as own:
    {"browse": browse, "register": register}[sys.argv[1]](own, *sys.argv[2:])

"""A PostgreSQL server of the tests' own, on loopback, in a temporary folder.

    server.py start STATE    starts it and writes its folder and its URL into the file STATE
    server.py stop STATE     stops it and removes all of it

The server refuses to run as root, so that root runs it as the user that Debian's package made.
"""
import glob
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile

USER = "postgres"


def as_user(command):
    """The command as a user that the server accepts."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--", *command]


def program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    if not found:
        sys.exit(f"PostgreSQL's {name} is missing: scripts/install-dependencies test")
    return found[-1]


def run(command, **options):
    done = subprocess.run(as_user(command), cwd="/", stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **options)
    return done.returncode, done.stdout + done.stderr


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stop(state):
    try:
        with open(state) as file:
            folder = json.load(file)["folder"]
    except FileNotFoundError:
        return
    data = os.path.join(folder, "data")
    if os.path.exists(os.path.join(data, "postmaster.pid")):
        # pg_ctl ends the process whose id stands in the data folder, and waits for it.
        code, said = run([program("pg_ctl"), "stop", "-D", data, "-m", "immediate", "-w"])
        if code != 0:
            print(said, file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    os.remove(state)


def start(state):
    stop(state)  # one that an interrupted run left
    folder = tempfile.mkdtemp(prefix="shoal-postgres-")
    if os.geteuid() == 0:
        owner = pwd.getpwnam(USER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    with open(state, "w") as file:  # first, so that whatever happens can be cleaned up
        json.dump({"folder": folder}, file)
    data, password = os.path.join(folder, "data"), secrets.token_hex(8)
    given = os.path.join(folder, "password")
    with open(given, "w") as file:
        file.write(password)
    os.chmod(given, 0o644)
    code, said = run([program("initdb"), "-D", data, "-U", "shoal", "-E", "UTF8", "--locale=C.UTF-8",
                      "--auth=scram-sha-256", f"--pwfile={given}", "--no-sync"])
    if code != 0:
        sys.exit(said)
    for _ in range(10):  # another process may take the port in between
        port = free_port()
        options = (f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} "
                   "-c fsync=off -c max_connections=200 -c shared_buffers=32MB")
        code, said = run([program("pg_ctl"), "start", "-D", data, "-w", "-t", "60",
                          "-l", os.path.join(folder, "log"), "-o", options])
        if code == 0:
            break
    else:
        sys.exit(said)
    url = f"postgresql://shoal:{password}@127.0.0.1:{port}/postgres"
    with open(state, "w") as file:
        json.dump({"folder": folder, "url": url}, file)


if __name__ == "__main__":
    {"start": start, "stop": stop}[sys.argv[1]](os.path.abspath(sys.argv[2]))

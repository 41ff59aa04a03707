#!/usr/bin/env python3
"""Measures Limbic's HTTP server and others in turn, with wrk: compare.py --limbic BINARY [--rounds N] [--seconds N]

Peers are those of Debian (nginx, and hyper by cargo and Debian's crates) and Hummingbird, built by the package manager; one
that cannot be had is left out and said so. Limbic runs as users run it: router, checks and access log on.
"""
import argparse
import http.client
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.dirname(HERE)
HEALTH = "/v2/health/live"

# Name, wrk's connections, script, and the path of the servers and of those where it differs; None for not at all.
CASES = [
    ("64 kept connections", 64, None, {"": HEALTH}),
    ("1 kept connection", 1, None, {"": HEALTH}),
    ("a new connection for each", 64, "close.lua", {"": HEALTH}),
    ("250 KB there and back", 16, "echo.lua", {"": "/echo", "limbic": "/", "nginx": None}),
]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def processes(root):
    """A process and all that it started."""
    found = [root]
    for task in os.listdir(f"/proc/{root}/task"):
        with open(f"/proc/{root}/task/{task}/children") as file:
            for child in file.read().split():
                found += processes(int(child))
    return found


def processor_seconds(root):
    ticks = 0
    for pid in processes(root):
        with open(f"/proc/{pid}/stat") as file:
            ticks += sum(int(field) for field in file.read().rsplit(")", 1)[1].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def start(command, port, log):
    server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    server.kill()
    return None


def measure(server, port, connections, script, path, seconds):
    """Requests a second, microseconds of processor time a request, and the 50th and 99th percentile of latency, in µs."""
    before = processor_seconds(server.pid)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += ["-s", os.path.join(HERE, script)] if script else []
    output = subprocess.run(command + [f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
    used = processor_seconds(server.pid) - before
    if "Non-2xx" in output:
        sys.exit(f"answers other than 2xx from {path}:\n{output}")
    count = int(re.search(r"(\d+) requests in", output)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    units = {"us": 1, "ms": 1e3, "s": 1e6}
    percentile = {}
    for name in ("50", "99"):
        number, unit = re.search(rf"^\s+{name}%\s+([\d.]+)(us|ms|s)", output, re.M).groups()
        percentile[name] = float(number) * units[unit]
    return rate, used / count * 1e6, percentile["50"], percentile["99"]


def upload(server, port, name, content):
    """Megabytes a second and milliseconds of processor time of one upload to a file."""
    before, start = processor_seconds(server.pid), time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", "/upload", content)
    answer = connection.getresponse()
    if answer.status != 201:
        sys.exit(f"{name} answered an upload with {answer.status}: {answer.read()[:500]}")
    answer.read()
    seconds = time.monotonic() - start
    connection.close()
    return len(content) / seconds / 1e6, (processor_seconds(server.pid) - before) * 1e3


def compare_uploads(servers, rounds):
    content = os.urandom(20_000_000)
    print(f"\n{len(content) / 1e6:.0f} MB to a file\n{'':14}{'MB/s':>12}{'CPU ms':>10}")
    found = {}
    for _ in range(rounds):
        for name in ("limbic", "hummingbird"):
            if name in servers:
                found.setdefault(name, []).append(upload(*servers[name], name, content))
    for name, values in found.items():
        medians = [statistics.median(column) for column in zip(*values)]
        print(f"{name:14}{medians[0]:12.0f}{medians[1]:10.0f}")


def commands(limbic, work):
    """By name, what starts the server on a port."""
    found = {}
    found["limbic"] = lambda port: [
        limbic, "serve", "--data-dir", os.path.join(work, "data"), "--port", str(port), "--enable-echo"]
    if shutil.which("nginx"):
        def nginx(port):
            with open(os.path.join(HERE, "nginx.conf")) as file:
                text = file.read().replace("PORT", str(port)).replace("LOG", work)
            with open(os.path.join(work, "nginx.conf"), "w") as file:
                file.write(text)
            return ["nginx", "-c", os.path.join(work, "nginx.conf"), "-e", os.path.join(work, "nginx.log")]
        found["nginx"] = nginx
    target = os.path.join(os.getcwd(), ".build", "hyper")
    if shutil.which("cargo") and build(
            ["cargo", "build", "--quiet", "--release", "--offline", "--target-dir", target], os.path.join(PEERS, "hyper")):
        found["hyper"] = lambda port: [os.path.join(target, "release", "hyper-peer"), str(port)]
    scratch = os.path.join(os.getcwd(), ".build", "hummingbird")
    package = os.path.join(PEERS, "hummingbird-server")
    if build(["swift", "build", "-c", "release", "--package-path", package, "--scratch-path", scratch], os.getcwd()):
        found["hummingbird"] = lambda port: [os.path.join(scratch, "release", "peer"), str(port)]
    for name in ("nginx", "hyper", "hummingbird"):
        if name not in found:
            print(f"{name} cannot be had here", file=sys.stderr)
    return found


def build(command, directory):
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    if done.returncode:
        print("\n".join((done.stdout + done.stderr).splitlines()[-5:]), file=sys.stderr)
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limbic", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, open(os.path.join(work, "log"), "w") as log:
        servers = {}
        try:
            for name, command in commands(os.path.abspath(options.limbic), work).items():
                port = free_port()
                server = start(command(port), port, log)
                if server is None:
                    print(f"{name} did not start", file=sys.stderr)
                else:
                    servers[name] = (server, port)
            for title, connections, script, paths in CASES:
                print(f"\n{title}\n{'':14}{'requests/s':>12}{'CPU µs':>10}{'p50 µs':>10}{'p99 µs':>10}")
                rounds = {}
                # In turn, so that what else the machine does falls on all of them.
                for _ in range(options.rounds):
                    for name, (server, port) in servers.items():
                        path = paths.get(name, paths[""])
                        if path:
                            rounds.setdefault(name, []).append(
                                measure(server, port, connections, script, path, options.seconds))
                for name, values in rounds.items():
                    medians = [statistics.median(column) for column in zip(*values)]
                    print(f"{name:14}{medians[0]:12.0f}{medians[1]:10.1f}{medians[2]:10.0f}{medians[3]:10.0f}")
            compare_uploads(servers, 3 * options.rounds)
        finally:
            for server, _ in servers.values():
                server.send_signal(signal.SIGTERM)
            for server, _ in servers.values():
                server.wait()


main()

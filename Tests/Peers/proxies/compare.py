#!/usr/bin/env python3
"""Sees whether nginx and HAProxy see the same requests as Limbic behind them: compare.py --limbic BINARY

Each request of cases.py goes over a connection of its own to a proxy, with an honest one behind it, and then another
client asks something honest. All requests bear a mark. When all is sent:

- the service has seen each mark as often as the proxy has forwarded it, with the same method and a body of the same length;
- no client has got an answer to a mark that is not its own, or out of order, or twice;
- those who ask honestly have got their answer, with their own body;
- the service knows the client's address, whatever the client has said about it.

The same goes to the service alone, where the last three must hold. Needs nginx and haproxy.
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import cases

HERE = os.path.dirname(os.path.abspath(__file__))
# Who asks, as the proxies see it; the service trusts 127.0.0.1 alone.
CLIENT = "127.0.0.2"
Seen = collections.namedtuple("Seen", "mark method remote status size")
Passed = collections.namedtuple("Passed", "mark method answered body")
HONEST = "POST / HTTP/1.1\r\nHost: a\r\nX-Request-Id: {id}\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n{id}"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A server that runs until it is stopped, and what it writes."""

    def __init__(self, command, port, path):
        self.path = path
        self.log = open(path, "wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.stop()
        sys.exit(f"{command[0]} does not start:\n{self.text()}")

    def text(self):
        with open(self.path, "rb") as file:
            return file.read().decode("latin-1")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()


def connect(port):
    return socket.create_connection(("127.0.0.1", port), 10, source_address=(CLIENT, 0))


def read(connection):
    """All that comes until the end; a server that neither answers nor closes raises."""
    received = b""
    connection.settimeout(20)
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def answers(received):
    """Status, mark and body of each answer."""
    found = []
    while received:
        head, separator, received = received.partition(b"\r\n\r\n")
        if not separator:
            break
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        if status < 200:
            continue
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while True:
                size, _, received = received.partition(b"\r\n")
                size = int(size, 16)
                body += received[:size]
                received = received[size + 2:]
                if size == 0:
                    break
        else:
            size = int(fields.get("content-length", 0))
            # Only a client that has asked with HEAD knows that there is no body.
            if received[:9] == b"HTTP/1.1 ":
                size = 0
            body, received = received[:size], received[size:]
        found.append((status, fields.get("x-request-id", ""), body.decode("latin-1")))
    return found


def ask(port, name, text):
    """Sends a request with an honest one behind it, then another honest one over another connection. Returns what is wrong."""
    mark, inner, behind, other = (f"{kind}-{name}" for kind in ("outer", "inner", "behind", "other"))
    honest = [HONEST.replace("{id}", id).replace("{size}", str(len(id))).encode() for id in (behind, other)]
    with connect(port) as connection:
        try:
            connection.sendall(cases.fill(text, mark, inner) + honest[0])
        except OSError:
            pass
        got = answers(read(connection))
    # The others are the proxy's own, or to what was no request.
    marks = [id for _, id, _ in got if id and not is_made_up(id)]
    wrong = []
    if marks != [id for id in (mark, inner, behind) if id in marks]:
        wrong.append(f"answers to {marks}")
    for status, id, body in got:
        if id == behind and (status, body) != (200, behind):
            wrong.append(f"{status} and {body!r} for the request behind")
    with connect(port) as connection:
        connection.sendall(honest[1])
        got = answers(read(connection))
        if got != [(200, other, other)]:
            wrong.append(f"another client got {got}")
    return [f"{name}: {text!r}: {problem}" for problem in wrong]


def served(log):
    """Mark, method, client, status and bytes of the body of each line of the service's access log; the method is - for what was
    no request."""
    lines = re.findall(r"request_id=(\S+) remote=(\S+) method=(\S+) route=\S+ status=(\d+) bytes_in=(\d+)", log)
    return [Seen(mark, method, remote, int(status), int(size)) for mark, remote, method, status, size in lines]


class Service(Process):
    def __init__(self, limbic, directory):
        self.port = free_port()
        options = "--host 127.0.0.1 --enable-echo --trusted-proxies 127.0.0.1 --header-seconds 2 --body-seconds 2 --idle-seconds 2"
        super().__init__(
            [limbic, "serve", "--data-dir", os.path.join(directory, "data"), "--port", str(self.port), *options.split()],
            self.port, os.path.join(directory, "service.log"))


class Proxy(Process):
    """Started with a file of its settings, in which `values` and the ports are filled in."""

    def __init__(self, command, settings, upstream, directory, **values):
        self.port = free_port()
        # Of a body that it streams, a proxy logs what happened to be there.
        self.has_bodies = values["BUFFERING"] not in ("off", "")
        with open(os.path.join(HERE, settings)) as file:
            text = file.read()
        for name, value in {"LISTEN": self.port, "UPSTREAM": upstream, "DIRECTORY": directory, **values}.items():
            text = text.replace(name, str(value))
        path = os.path.join(directory, settings)
        with open(path, "w") as file:
            file.write(text)
        super().__init__([*command, path], self.port, os.path.join(directory, "seen.log"))

    def passed(self):
        """What went to the service: mark, method, mark of the answer (empty where none came) and what the proxy takes for the body,
        or for its length; empty where it does not look at bodies."""
        lines = [line.split("|", 4) for line in self.text().splitlines() if line.count("|") >= 4]
        clean = lambda text: "" if text in ("-", "<NOSRV>") else text
        return [
            Passed(mark, method, clean(answered), clean(body) if self.has_bodies else "")
            for mark, method, server, answered, body in lines if clean(server)
        ]


NGINX, HAPROXY = ["nginx", "-c"], ["haproxy", "-db", "-f"]
PROXIES = {
    "nginx": lambda *where: Proxy(NGINX, "nginx.conf", *where, BUFFERING="on"),
    "nginx that streams bodies": lambda *where: Proxy(NGINX, "nginx.conf", *where, BUFFERING="off"),
    "HAProxy": lambda *where: Proxy(HAPROXY, "haproxy.cfg", *where, BUFFERING="option http-buffer-request"),
    "HAProxy that streams bodies": lambda *where: Proxy(HAPROXY, "haproxy.cfg", *where, BUFFERING=""),
}


def differences(passed, seen):
    """Where a proxy and the service do not speak of the same requests."""
    known = [line for line in seen if line.method != "-"]
    theirs = collections.Counter((line.mark, line.method) for line in passed)
    ours = collections.Counter((line.mark, line.method) for line in known)
    for what, count in (ours - theirs).items():
        yield f"{what} was seen {count} times more by the service than it was passed on"
    # What is no request for the service has a mark that it made up.
    refused = collections.Counter((line.mark, line.method) for line in passed if is_made_up(line.answered))
    unanswered = collections.Counter((line.mark, line.method) for line in passed if not line.answered)
    for what, count in (theirs - ours - refused - unanswered).items():
        yield f"{what} was passed on {count} times more than the service has seen it"
    if refused.total() != len(seen) - len(known):
        yield f"the service refused {len(seen) - len(known)} as no requests, and the proxy passed on {refused.total()} such answers"
    sizes = {(line.mark, line.method): line.size for line in known if line.status == 200}
    for line in passed:
        if line.answered and not is_made_up(line.answered) and line.answered != line.mark:
            yield f"{line.method} {line.mark} was answered with {line.answered}"
        # nginx writes bytes as \\xHH, HAProxy a number.
        body = int(line.body) if line.body.isdecimal() else len(re.sub(r"\\x..", "x", line.body))
        size = sizes.get((line.mark, line.method))
        if line.body and size not in (None, body):
            yield f"the body of {line.method} {line.mark} has {body} bytes for the proxy and {size} for the service"


def is_made_up(mark):
    return re.fullmatch("[0-9a-f]{16}", mark) is not None


def check(name, limbic):
    """Asks everything by way of a proxy, or of none, and returns what is wrong."""
    with tempfile.TemporaryDirectory() as directory:
        service = Service(limbic, directory)
        proxy = None
        try:
            if name in PROXIES:
                proxy = PROXIES[name](service.port, directory)
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                asked = list(pool.map(lambda item: ask((proxy or service).port, *item), cases.everything()))
        finally:
            if proxy:
                proxy.stop()
            service.stop()
        seen = served(service.text())
        problems = [problem for found in asked for problem in found]
        # Two fields that do not agree leave the proxy's own address.
        problems += [f"{line.mark} came from {line.remote}" for line in seen if line.remote not in (CLIENT, "127.0.0.1")]
        if not any(line.remote == CLIENT for line in seen):
            problems.append("the service took no request for one of the client's address")
        refused = sum(line.method == "-" for line in seen)
        counts = f"{len(asked)} connections, {len(seen)} requests seen by the service, {refused} of them refused as none"
        if proxy:
            passed = proxy.passed()
            counts += f", {len(passed)} passed on, {sum(bool(line.body) for line in passed)} with a body to compare"
            problems += differences(passed, seen)
        print(f"{name}: {counts}", flush=True)
        return [f"{name}: {problem}" for problem in problems]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--limbic", required=True)
    parser.add_argument("--only", help="a part of the name of a proxy")
    options = parser.parse_args()
    for tool in ("nginx", "haproxy"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin"):
            sys.exit(f"{tool} is missing: apt-get install {tool}")
    os.environ["PATH"] += ":/usr/sbin"
    problems = []
    for name in ["Limbic alone", *PROXIES]:
        if (options.only or "") in name:
            problems += check(name, options.limbic)
    print("\n".join(problems))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()

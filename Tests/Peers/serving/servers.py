"""Servers that run until they are stopped: Limbic's and those of the peers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from exchange import ask
from settings import Settings

HERE = Path(__file__).parent


class Server:
    """A process on a port of the loopback device, with all that it starts; stopped at the end of `with`."""

    def __init__(self, name: str, command: list[str], port: int, log: Path):
        self.name, self.port, self.log = name, port, log
        self.file = log.open("wb")
        # A session of its own: the end of a terminal, or a group of which some stand still, is not for it to hear of.
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.file, stderr=subprocess.STDOUT,
                                        start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.signal(signal.SIGCONT)
        started = self.processes()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in started[1:]:
            send(pid, signal.SIGKILL)
        self.file.close()

    def wait(self, is_ready, seconds: float):
        """Waits until `is_ready` is true; connections that fail are not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if is_ready():
                    return self
            except OSError:
                pass
            time.sleep(0.1)
        self.__exit__()
        tail = self.log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{self.name} does not start:\n{tail}")

    def processes(self) -> list[int]:
        """Its process, and all that came of it."""
        found = [self.process.pid]
        for pid in found:
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    def signal(self, number: int):
        for pid in self.processes():
            send(pid, number)

    @contextmanager
    def awake(self):
        """Lets it run inside the context, and stands it still after it: some poll, at the cost of the others."""
        self.signal(signal.SIGCONT)
        yield
        self.signal(signal.SIGSTOP)

    def memory(self) -> int:
        """Bytes of memory that its processes have resident; a page that several share counts once."""
        total = 0
        for pid in self.processes():
            try:
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
            except (FileNotFoundError, ProcessLookupError):
                pass
        return total


def send(pid: int, number: int):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_limbic(binary: str, data: Path, threads: int, precision: str) -> Server:
    log = data.with_suffix(".log")
    chosen = ["--precision", precision] if precision else []
    server = Server("limbic", [binary, "serve", "--data-dir", str(data), "--host", "127.0.0.1", "--port", "0",
                               "--threads", str(threads), "--log-level", "warning", *chosen], 0, log)

    def is_ready() -> bool:
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith("listening on "):
                server.port = int(line.rsplit(":", 1)[1])
        return server.port != 0 and ask(server.port, "GET", "/v2/health/ready")[0] == 200

    return server.wait(is_ready, 60)


def start_peer(kind: str, model: Path, settings: Settings, clip: bytes) -> Server:
    """A peer that has answered a first request.

    - Parameter kind: fastapi or litserve.
    """
    port = free_port()
    command = [sys.executable, str(HERE / f"{kind}_peer.py"), str(model), str(port), json.dumps(asdict(settings))]
    server = Server(f"{kind}, {settings}", command, port, model / f"{kind}.log")
    # A compiled model of the paper's size takes minutes to be ready.
    return server.wait(lambda: ask(port, "POST", "/predict", clip)[0] == 200, 900 if settings.compile else 120)

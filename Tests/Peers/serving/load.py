"""Load on a server: wrk for as much as it takes, and a client of its own for a given rate."""

import json
import re
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent


class Requests:
    """Bytes of requests, as files that the clients read; removed at the end of `with`."""

    def __init__(self, messages: list[bytes]):
        self.count = len(messages)
        self.folder = TemporaryDirectory()
        for index, message in enumerate(messages, 1):
            (Path(self.folder.name) / str(index)).write_bytes(message)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


def closed_loop(port: int, requests: Requests, connections: int, seconds: float) -> float:
    """Answers a second to clients that each ask again as soon as they are answered. Only successes are expected."""
    rate = ask_all(port, requests, connections, seconds)
    if not rate:
        raise RuntimeError(f"no request is answered in {seconds:.0f} s")
    return rate


def warm_up(port: int, requests: Requests, connections: int):
    ask_all(port, requests, connections, 1)


def ask_all(port: int, requests: Requests, connections: int, seconds: float) -> float:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "60s", "-s", str(HERE / "post.lua"),
               f"http://127.0.0.1:{port}", "--", requests.folder.name, str(requests.count)]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"not every request is answered with success:\n{output}")
    # What clients who went away have left to the server is done before a request that comes after.
    with socket.create_connection(("127.0.0.1", port), 120) as connection:
        connection.sendall((Path(requests.folder.name) / "1").read_bytes())
        if not connection.recv(1):
            raise RuntimeError("the connection is closed before an answer")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])


@dataclass
class Answers:
    """What came of requests that were sent at given times."""

    seconds: float = 0.0
    # Of each request: its status, or 0 when there is no answer; milliseconds from when it was due, and from when it was
    # sent; seconds from the start to its answer.
    found: list[tuple[int, float, float, float]] = field(default_factory=list)

    def __add__(self, other):
        return Answers(self.seconds + other.seconds, self.found + other.found)

    @property
    def rate(self) -> float:
        """Successes a second, of those that were there by the end."""
        return sum(status == 200 and end <= self.seconds for status, _, _, end in self.found) / self.seconds

    @property
    def all_succeed(self) -> bool:
        return all(status == 200 for status, *_ in self.found)

    def require_success(self, name: str):
        if not self.all_succeed:
            statuses = sorted({status for status, *_ in self.found})
            raise RuntimeError(f"{name} answers not only with success, but with the statuses {statuses}")
        return self

    def latencies(self, status: int = 200) -> list[float]:
        """From when it was due, so that a request waits for one that is late."""
        return [due for found, due, _, _ in self.found if found == status]

    def waits(self, status: int) -> list[float]:
        """From when it was sent."""
        return [sent for found, _, sent, _ in self.found if found == status]

    @property
    def lateness(self) -> list[float]:
        """How late the client itself was."""
        return [due - sent for _, due, sent, _ in self.found]


def percentile(values: list[float], share: float) -> float:
    """The smallest value that so many percent of the values do not exceed; NaN of none."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * share // 100) - 1)] if ordered else float("nan")


def open_loop(port: int, requests: Requests, rate: float, seconds: float) -> Answers:
    """Requests at a rate, at random times, whether those before are answered or not."""
    command = [sys.executable, str(HERE / "open_loop.py"), str(port), requests.folder.name, str(requests.count),
               str(rate), str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Answers(seconds, [tuple(x) for x in json.loads(done.stdout)])

"""A service of its own for a test: started, killed and started again on the same data and port."""

import re
import subprocess
from pathlib import Path


class Service:
    def __init__(self, limbic: Path, directory: Path, public: Path, is_open: bool = False):
        self.limbic, self.data, self.public = limbic, directory / "data", public
        self.log = open(directory / "server.log", "ab")
        self.port = 0
        if is_open:
            return
        made = subprocess.run(
            [limbic, "key", "create", "--data-dir", self.data, "--scope", "admin", "--name", "test"],
            check=True, capture_output=True, text=True)
        self.key = made.stdout.strip()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers."""
        self.process = subprocess.Popen(
            [self.limbic, "serve", "--data-dir", self.data, "--host", "127.0.0.1", "--port", str(self.port),
             "--public", self.public],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        match = re.match(r"listening on http://127\.0\.0\.1:(\d+)", line)
        if not match:
            raise RuntimeError(f"the service did not start: see {self.log.name}")
        self.port = int(match[1])

    def kill(self) -> None:
        """As if the power had gone."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

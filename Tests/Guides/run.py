#!/usr/bin/env python3
"""Runs the blocks of Markdown texts as they are written, each text in a folder and on a service of its own.

    run.py --limbic PROGRAM [FILE]…

What is run is told in .ci/guides. A text finds the service at LIMBIC_URL, and the program where a clone has it. Of all texts,
links within the repository must lead somewhere.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 120
started = time.monotonic()


@dataclass
class Block:
    line: int
    info: list[str]
    text: str

    def command(self, folder: Path) -> str | None:
        """What the shell does with it, which may be a file that is made for it in `folder`; None where it is only shown."""
        match self.info:
            case ["sh"]:
                return self.text
            case ["sh", "fails"]:
                return f"if {{\n{self.text}}}; then echo 'this must fail'; exit 1; fi\n"
            case ["python"]:
                (folder / f"line-{self.line}.py").write_text(self.text)
                return f"python3 line-{self.line}.py\n"
            case ["python", name]:
                (folder / name).write_text(self.text)
        return None


def blocks(text: str) -> list[Block]:
    found, block = [], None
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if not line.startswith("```"):
            if block:
                block.text += line
        elif block:
            found.append(block)
            block = None
        else:
            block = Block(number, line[3:].split(), "")
    return found


def dead_links(text: str, folder: Path) -> list[str]:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    return [link for link in links if not (folder / link).exists()]


class Service:
    """With its data and a clone's outside in a folder of its own."""

    def __init__(self, limbic: Path, folder: Path):
        (folder / ".build/release").mkdir(parents=True)
        for path, target in [(".build/release/limbic", limbic), ("Migrations", ROOT / "Migrations"), ("Public", ROOT / "Public")]:
            (folder / path).symlink_to(target)
        # A request that is refused fails its block.
        (folder / ".curlrc").write_text("fail-with-body\nnoproxy = *\n")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIMBIC_")}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = kept | {"HOME": str(folder), "PATH": path, "NO_PROXY": "127.0.0.1"}
        self.log = open(folder / "server.log", "ab")
        self.process = subprocess.Popen(
            [limbic, "serve", "--data-dir", ".limbic", "--host", "127.0.0.1", "--port", "0"],
            cwd=folder, env=self.environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit(f"the service did not start: {(folder / 'server.log').read_text()}")
        self.environment["LIMBIC_URL"] = line.removeprefix("listening on ").strip()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


def end(shell: subprocess.Popen) -> None:
    """With all that it left running."""
    with suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)


def run(file: Path, limbic: Path) -> str | None:
    """What went wrong in a text, None when nothing did."""
    text = file.read_text()
    if dead := dead_links(text, file.parent):
        return f"these links lead nowhere: {', '.join(dead)}"
    with tempfile.TemporaryDirectory(prefix="limbic-guide-") as directory:
        folder = Path(directory)
        commands = [(block, command) for block in blocks(text) if (command := block.command(folder))]
        if not commands:
            return None
        mark = f"block of {directory}: "
        marked = [f"echo '{mark}{index}'\n{command}" for index, (_, command) in enumerate(commands)]
        (folder / "all.sh").write_text("set -euo pipefail\n" + "".join(marked))
        service = Service(limbic, folder)
        shell = subprocess.Popen(
            ["bash", "all.sh"], cwd=folder, env=service.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            output, reason = shell.communicate(timeout=SECONDS)[0], f"ended with {shell.returncode}"
        except subprocess.TimeoutExpired:
            end(shell)
            output, reason = shell.communicate()[0], f"was not done within {SECONDS} s"
        finally:
            end(shell)
            service.stop()
        if shell.returncode == 0:
            return None
        index, _, said = output.rpartition(mark)[2].partition("\n")
        block = commands[int(index)][0]
        return f"line {block.line} {reason}:\n\n{block.text}\n{said}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limbic", type=Path, required=True)
    parser.add_argument("files", type=Path, nargs="*", default=[ROOT / "README.md", *sorted(ROOT.glob("Sources/*/*.docc/*.md"))])
    options = parser.parse_args()
    for file in options.files:
        name = file.resolve().relative_to(ROOT)
        if fault := run(file.resolve(), options.limbic.resolve()):
            sys.exit(f"{name}: {fault}")
        print(f"{time.monotonic() - started:6.1f} s  {name}", flush=True)


if __name__ == "__main__":
    main()

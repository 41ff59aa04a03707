#!/usr/bin/env python3
"""Limbic beside FastAPI and LitServe with PyTorch, all with the same weights: compare.py --limbic BINARY

Each peer is run in every way of settings.py, and measured in the one that is best for a row. The rows:

    requests  requests of one clip, a model of the paper's size, clients that ask again as soon as they are answered
    small     the same with a small model on short clips
    lengths   the same with clips of all lengths
    tail      p99 of the latency at half of the best peer's rate, whether answers come or not
    binary    the Open Inference Protocol with binary tensors beside JSON, of Limbic alone
    training  p99 of predictions beside a training in a worker, of Limbic alone
    memory    of a server with the model of the paper's size
    overload  five times what Limbic can take, with deadlines

Prints a table, and says on standard error what it does. Needs wrk.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from alone import binary, overload, training
from comparison import FAILURES, Comparison, multiplies_in_bfloat16
from load import Answers, open_loop, percentile
from rows import RATES, ROWS, Row
from settings import PEERS


def rate(comparison: Comparison, key: str) -> list[Row]:
    peers = dict(comparison.rates(key))
    return [Row(RATES[key].title, "/s", peers.pop("limbic"), True, RATES[key].wanted, peers)]


def tail(comparison: Comparison) -> list[Row]:
    peaks = {name: value for name, value in comparison.rates("requests").items() if name != "limbic"}
    if not peaks:
        return []
    half = max(peaks.values()) / 2
    # At such a rate, few requests make a second.
    seconds = max(comparison.options.seconds, min(30, 300 / half))
    rounds = comparison.side_by_side(
        "requests", lambda server, requests: open_loop(server.port, requests, half, seconds))
    answers = {name: sum(values, Answers()) for name, values in rounds.items()}
    answers["limbic"].require_success("limbic")
    # A slow peer may not keep up with half of what the best one can do.
    found = {name: percentile(value.latencies(), 99) for name, value in answers.items() if value.all_succeed}
    note = (f"{half:.3g} requests/s, {len(answers['limbic'].found)} each; p99 of the client's own lateness "
            f"{percentile(answers['limbic'].lateness, 99):.1f} ms")
    note += "".join(f"; {name} does not keep up" for name in answers if name not in found)
    return [Row("p99 at half of the best peer's peak", "ms", found.pop("limbic"), False, 1 / 3, found, note=note)]


def memory(comparison: Comparison) -> list[Row]:
    with comparison.limbic() as server:
        comparison.check_limbic(server, "paper")
        size = server.memory() / 1e6
    return [Row("memory, paper's size", "MB", size, False, 0.5, comparison.least_memory())]


MEASURES = {key: (lambda comparison, key=key: rate(comparison, key)) for key in RATES} | {
    "tail": tail, "binary": binary, "training": training, "memory": memory, "overload": overload}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limbic", default=".build/release/limbic")
    parser.add_argument("--seconds", type=float, default=10,
                        help="of each measurement; clips of all lengths take three times as long (10)")
    parser.add_argument("--overload-seconds", type=float, default=60, help="of the overload (60)")
    parser.add_argument("--rounds", type=int, default=3, help="in which all are measured in turn (3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of every server (one per core)")
    parser.add_argument("--precision", choices=["auto", "float32", "bfloat16"], default="auto",
                        help="of Limbic's trainings (auto); it predicts in that or in int8, whichever is faster")
    parser.add_argument("--only", action="append", choices=ROWS, metavar="ROW", help="may come again; default all")
    parser.add_argument("--peers", nargs="*", choices=PEERS, metavar="PEER",
                        help=f"{', '.join(PEERS)}; default those in whose precision the processor multiplies")
    parser.add_argument("--json", type=Path, metavar="FILE", help="for the figures and all that was tried")
    found = parser.parse_args()
    found.limbic = os.path.abspath(found.limbic)
    found.only = found.only or ROWS
    found.rates = [key for key in RATES if key in found.only or (key == "requests" and "tail" in found.only)]
    if found.peers is None:
        found.peers = [name for name in PEERS if "bfloat16" not in name or multiplies_in_bfloat16()]
    if not shutil.which("wrk"):
        parser.error("wrk is missing; Debian has a package of that name")
    return found


def document(comparison: Comparison, rows: list[Row], failures: list[str]) -> str:
    options = comparison.options
    return json.dumps({
        "cores": os.cpu_count(), "multiplies_in_bfloat16": multiplies_in_bfloat16(), "precision": options.precision,
        "limbic_precision": comparison.precision, "limbic_differences": comparison.differences,
        "seconds": options.seconds, "rounds": options.rounds, "rows": [row.document() for row in rows],
        "failures": failures, "used": comparison.used, "tried": comparison.settings()},
        indent=2, ensure_ascii=False) + "\n"


def main():
    options = arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # so that the servers are stopped
    rows: list[Row] = []
    failures = []
    with tempfile.TemporaryDirectory(prefix="serving-") as work:
        # Compiled once, for all servers that compile the same model.
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = os.path.join(work, "compiled")
        comparison = Comparison(options, Path(work))
        small = set(options.only) & {"small", "training"}
        comparison.make((["paper"] if set(options.only) - small else []) + (["small"] if small else []))
        print(Row.header(options.peers), flush=True)
        for key in ROWS:
            if key not in options.only:
                continue
            try:
                for row in MEASURES[key](comparison):
                    row.print(options.peers)
                    rows.append(row)
            except FAILURES as error:
                failures.append(f"{key}: {error}")
                print(failures[-1], file=sys.stderr, flush=True)
            if options.json:
                options.json.write_text(document(comparison, rows, failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

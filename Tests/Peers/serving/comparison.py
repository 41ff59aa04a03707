"""Limbic and the peers side by side: how they are started, checked and tried."""

import json
import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import models
from exchange import ask
from load import Requests, closed_loop, warm_up
from rows import RATES
from servers import Server, start_limbic, start_peer
from settings import LIMBIC, PEERS, Settings
from workload import Workload, as_json, json_messages

# By precision, how far probabilities may be from those of Limbic in float32.
TOLERANCE = {"float32": 2e-3, "bfloat16": 2e-2, "int8": 2e-2}

# What a server that does not start or answer, and a client that fails, end with.
FAILURES = (RuntimeError, OSError, subprocess.CalledProcessError)


def multiplies_in_bfloat16() -> bool:
    words = Path("/proc/cpuinfo").read_text().split()
    return "avx512_bf16" in words or "amx_bf16" in words


def multiplies_in_int8() -> bool:
    return "avx512_vnni" in Path("/proc/cpuinfo").read_text().split()


def say(text: str):
    print(text, file=sys.stderr, flush=True)


class Comparison:
    """What is known of each peer, found when it is needed.

    - `tried`: by model, peer and settings, the rates of the rows and the memory, or why there are none.
    - `used`: by row and peer, the best settings, which it was measured with.
    - `precision`: of LIMBIC, the fastest, in which Limbic predicts in all rows.
    - `differences`: by model, how far Limbic's probabilities are from those in float32 at most.
    """

    def __init__(self, options, work: Path):
        self.options, self.work = options, work
        self.tried: dict[str, dict[str, dict[Settings, dict]]] = {}
        self.used: dict[str, dict[str, str]] = {}
        self.expected: dict[str, tuple[bytes, list[dict]]] = {}
        self.found_rates: dict[str, dict[str, float]] = {}
        self.precision = ""
        self.differences: dict[str, float] = {}

    def limbic(self) -> Server:
        return start_limbic(self.options.limbic, self.work / "data", self.options.threads, self.precision)

    def make(self, names: list[str]):
        """Makes models, and finds out what Limbic in float32 says of some clips."""
        with self.limbic() as server:
            for name in names:
                say(f"training the model {name}")
                models.make(self.options.limbic, server, name, self.options.precision, self.work / name)
        for name in names:
            clips = Workload(name, 1, (1, 70), 12).clips()
            body = self.work / f"{name}.json"
            body.write_bytes(as_json(clips))
            self.expected[name] = body.read_bytes(), models.probabilities(
                self.options.limbic, self.work / "data", name, body)
        self.choose_precision(names[0])

    def choose_precision(self, model: str):
        workload = next(rate.workload for rate in RATES.values() if rate.workload.model == model)
        rates = {}
        for self.precision in [name for name in LIMBIC if name != "int8" or multiplies_in_int8()]:
            with self.limbic() as server, Requests(json_messages(
                    server.port, f"/v1/models/{model}/predict", workload.clips())) as requests:
                warm_up(server.port, requests, workload.connections)
                rates[self.precision] = closed_loop(
                    server.port, requests, workload.connections, max(1, self.options.seconds / 2))
        self.precision = max(rates, key=rates.get)
        say("limbic predicts in " + ", ".join(f"{name or 'its own precision'} {rate:.1f}/s" for name, rate in rates.items()))

    def check(self, server: Server, path: str, model: str, precision: str) -> float:
        """Compares the answers, to one request of many clips, with Limbic's in float32: how far they are at most."""
        body, expected = self.expected[model]
        status, answer = ask(server.port, "POST", path, body)
        if status != 200:
            raise RuntimeError(f"{server.name} answers {status}: {answer.decode(errors='replace')[:500]}")
        found = [clip["probabilities"] for clip in json.loads(answer)["predictions"]]
        worst = max(abs(a[label] - b[label]) for a, b in zip(found, expected, strict=True) for label in b)
        if not worst <= TOLERANCE[precision]:
            sys.exit(f"{server.name}: probabilities of the model {model} differ by {worst:.2g}")
        return worst

    def check_limbic(self, server: Server, model: str):
        rounded = self.options.precision != "float32" and multiplies_in_bfloat16()
        precision = self.precision or ("bfloat16" if rounded else "float32")
        self.differences[model] = self.check(server, f"/v1/models/{model}/predict", model, precision)
        say(f"limbic, {model}, {precision}: probabilities differ from those in float32 by {self.differences[model]:.2g}")

    # ------------------------------------------------------------ the settings of the peers

    def results(self, model: str) -> dict[str, dict[Settings, dict]]:
        """Tries all settings of all peers with a model."""
        if model not in self.tried:
            self.tried[model] = {}
            for peer in self.options.peers:
                self.tried[model][peer] = {}
                for settings in PEERS[peer][1]:
                    outcome = self.tried[model][peer][settings] = self.attempt(peer, settings, model)
                    say(f"{peer}, {model}, {settings}: {json.dumps(outcome)}")
        return self.tried[model]

    def attempt(self, peer: str, settings: Settings, model: str) -> dict:
        seconds, outcome = max(1, self.options.seconds / 2), {}
        try:
            with self.start(peer, settings, model) as server:
                self.check(server, "/predict", model, settings.precision)
                outcome["memory"] = server.memory()
                for key, rate in RATES.items():
                    workload = rate.workload
                    if workload.model == model and key in self.options.rates:
                        with Requests(json_messages(server.port, "/predict", workload.clips())) as requests:
                            warm_up(server.port, requests, workload.connections)
                            outcome[key] = closed_loop(
                                server.port, requests, workload.connections, rate.stretch * seconds)
        except FAILURES as error:
            outcome["error"] = str(error)
        return outcome

    def start(self, peer: str, settings: Settings, model: str) -> Server:
        clip = as_json(Workload(model, 1, (9, 9), 1).clips())
        return start_peer(PEERS[peer][0], self.work / model, replace(settings, threads=self.options.threads), clip)

    def best(self, key: str) -> dict[str, Settings]:
        """By peer, the settings with the highest rate in a row."""
        found = {}
        for peer, outcomes in self.results(RATES[key].workload.model).items():
            rates = {settings: outcome[key] for settings, outcome in outcomes.items() if key in outcome}
            if rates:
                found[peer] = max(rates, key=rates.get)
            else:
                say(f"{peer} is left out of {key}: it runs with none of its settings")
        if self.options.peers and not found:
            raise RuntimeError("no peer runs with any of its settings")
        self.used[key] = {peer: str(settings) for peer, settings in found.items()}
        return found

    # ------------------------------------------------------------ side by side

    def side_by_side(self, key: str, measure) -> dict[str, list]:
        """Starts Limbic and each peer at its best for a row, and measures them in turn, round by round.

        - Parameter measure: of a server and its requests.
        - Returns: by name, what was measured in each round.
        """
        workload, found = RATES[key].workload, {}
        with ExitStack() as stack:
            servers = {"limbic": (self.limbic(), f"/v1/models/{workload.model}/predict")}
            stack.enter_context(servers["limbic"][0])
            self.check_limbic(servers["limbic"][0], workload.model)
            for peer, settings in self.best(key).items():
                servers[peer] = (stack.enter_context(self.start(peer, settings, workload.model)), "/predict")
            clips, requests = workload.clips(), {}
            for name, (server, path) in servers.items():
                requests[name] = stack.enter_context(Requests(json_messages(server.port, path, clips)))
                with server.awake():
                    warm_up(server.port, requests[name], workload.connections)
            # In turn, so that what else the machine does falls on all of them.
            for _ in range(self.options.rounds):
                for name, (server, _) in servers.items():
                    with server.awake():
                        found.setdefault(name, []).append(measure(server, requests[name]))
        return found

    def rates(self, key: str) -> dict[str, float]:
        """By name, Limbic included, answers a second: the median of the rounds."""
        if key not in self.found_rates:
            rate = RATES[key]
            found = self.side_by_side(key, lambda server, requests: closed_loop(
                server.port, requests, rate.workload.connections, rate.stretch * self.options.seconds))
            self.found_rates[key] = {name: statistics.median(values) for name, values in found.items()}
        return self.found_rates[key]

    def least_memory(self) -> dict[str, float]:
        """By peer, megabytes with the model of the paper's size, of the settings that take least."""
        found = {}
        for peer, outcomes in self.results("paper").items():
            sizes = [outcome["memory"] for outcome in outcomes.values() if "memory" in outcome]
            if sizes:
                found[peer] = min(sizes) / 1e6
        return found

    def settings(self) -> dict:
        """All that was tried, as JSON."""
        return {model: {peer: [{"settings": str(settings)} | outcome for settings, outcome in outcomes.items()]
                        for peer, outcomes in peers.items()} for model, peers in self.tried.items()}

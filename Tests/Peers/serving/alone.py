"""Rows of Limbic alone: held against itself."""

import json
import statistics
import threading

import numpy as np

import models
from comparison import Comparison, say
from exchange import ask, ask_json
from load import Answers, Requests, closed_loop, open_loop, percentile, warm_up
from rows import RATES, Row
from servers import Server
from workload import Workload, as_binary, as_json, binary_messages, json_messages

PAPER, SMALL = "/v1/models/paper/predict", "/v1/models/small/predict"
# Predictions a second beside the training, far from what the server can take.
BESIDE_TRAINING = 100
DEADLINE_MS = 1000
# What an answer may take from the server to its client beyond the deadline.
GRACE_MS = 20
REFUSAL_MS = 50


def binary(comparison: Comparison) -> list[Row]:
    title = "clips/s, 1 to 500 units, 32 clients, binary tensors to JSON"
    workload, path = RATES["lengths"].workload, "/v2/models/paper/infer"
    clips = workload.clips()
    with comparison.limbic() as server:
        if not agrees(server, path, clips[0]):
            print(f"{title}: left out, POST {path} is answered with 404", flush=True)
            return []
        with Requests(json_messages(server.port, PAPER, clips)) as texts, \
                Requests(binary_messages(server.port, path, clips)) as tensors:
            rates = {"json": [], "binary": []}
            for _ in range(comparison.options.rounds):
                for name, requests in (("json", texts), ("binary", tensors)):
                    rates[name].append(closed_loop(
                        server.port, requests, workload.connections,
                        RATES["lengths"].stretch * comparison.options.seconds))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return [Row(title, "/s", medians["binary"], True, 1.3, base=medians["json"])]


def agrees(server: Server, path: str, clip: dict) -> bool:
    """Whether there is the other protocol; that its answers are the same is required."""
    body, head = as_binary(clip)
    status, answer = ask(server.port, "POST", path, body, {
        "Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(head)})
    if status == 404:
        return False
    if status != 200:
        raise RuntimeError(f"POST {path} is answered with {status}: {answer.decode(errors='replace')[:500]}")
    text = json.loads(ask(server.port, "POST", PAPER, as_json([clip]))[1])
    probabilities = text["predictions"][0]["probabilities"]
    metadata = ask_json(server.port, "GET", path.removesuffix("/infer"))
    # Of the most probable first in JSON, in the order of the labels as a tensor.
    expected = [probabilities[label] for label in metadata["outputs"][0]["parameters"]["labels"]]
    # The one output lies at the end of the answer.
    found = np.frombuffer(answer[-4 * len(expected):], "<f4")
    if not np.allclose(found, expected, atol=1e-6):
        raise RuntimeError(f"POST {path} finds {found.tolist()}, where JSON gives {expected}")
    return True


def training(comparison: Comparison) -> list[Row]:
    options = comparison.options
    workload = RATES["small"].workload
    folder = comparison.work / "training-clips"
    models.synthesize(options.limbic, folder, "256,16,0", 60)
    with comparison.limbic() as server, \
            Requests(json_messages(server.port, SMALL, workload.clips())) as requests:
        comparison.check_limbic(server, "small")

        def measure() -> Answers:
            return sum((open_loop(server.port, requests, BESIDE_TRAINING, options.seconds)
                        for _ in range(options.rounds)), Answers()).require_success("limbic")

        warm_up(server.port, requests, workload.connections)
        idle = measure()
        job = models.submit(server, models.upload(server, folder), "trained", {})
        models.wait(server, job, lambda state: (state.get("progress") or {}).get("step", 0) >= 1, 120)
        busy = measure()
        state = ask_json(server.port, "GET", f"/v1/jobs/{job}")
        ask_json(server.port, "POST", f"/v1/jobs/{job}/cancel")
    if state["status"] != "running":
        raise RuntimeError(f"the training has {state['status']} before the predictions were measured")
    late = percentile(busy.lateness, 99)
    return [Row("p99 of a small model beside a training", "ms", percentile(busy.latencies(), 99), False, 3,
                base=percentile(idle.latencies(), 99),
                note=f"{BESIDE_TRAINING} requests/s; p99 of the client's own lateness {late:.1f} ms")]


class MemoryWatch:
    """Looks at the memory of a server twice a second."""

    def __init__(self, server: Server):
        self.server, self.sizes, self.over = server, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.wait(0.5):
            self.sizes.append(self.server.memory())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def overload(comparison: Comparison) -> list[Row]:
    options = comparison.options
    clips = Workload("paper", 64, (60, 60)).clips()
    with comparison.limbic() as server, \
            Requests(json_messages(server.port, PAPER, clips)) as plain, \
            Requests(json_messages(server.port, PAPER, clips, {"X-Request-Timeout-Ms": DEADLINE_MS})) as limited:
        comparison.check_limbic(server, "paper")
        warm_up(server.port, plain, 64)
        peak = statistics.median(closed_loop(server.port, plain, 64, options.seconds) for _ in range(options.rounds))
        say(f"overload: {5 * peak:.0f} requests/s, where {peak:.1f} are the peak")
        with MemoryWatch(server) as watch:
            answers = open_loop(server.port, limited, 5 * peak, options.overload_seconds)
    statuses = {status: len(answers.latencies(status)) for status in sorted({x[0] for x in answers.found})}
    late = [x for x in answers.waits(200) if x > DEADLINE_MS + GRACE_MS]
    others = sum(count for status, count in statuses.items() if status not in (200, 429))
    half = len(watch.sizes) // 2
    first, second = max(watch.sizes[:half], default=0) / 1e6, max(watch.sizes[half:], default=0) / 1e6
    note = f"{5 * peak:.0f} requests/s, deadline {DEADLINE_MS} ms; answers by status: " + ", ".join(
        f"{status}: {count}" for status, count in statuses.items())
    return [
        Row("overload: answers/s to the peak", "/s", answers.rate, True, 0.9, base=peak, note=note),
        Row("overload: p99 of refusals (429)", "ms", percentile(answers.waits(429), 99), False, REFUSAL_MS),
        Row("overload: neither answered nor refused", "%", 100 * others / len(answers.found), False, 0),
        Row("overload: answered after the deadline", "%", 100 * len(late) / len(answers.found), False, 0,
            note=f"{GRACE_MS} ms are allowed for the way"),
        Row("overload: most memory, second half to first", "MB", second, False, 1.1, base=first),
    ]

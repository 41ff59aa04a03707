"""Limbic beside PyTorch, in turn, on the same cores; prints a table of ratios.

The first row is what the published training script does, whose perturbed pass runs through the uni-modal encoders again;
in the second PyTorch shares them, as Limbic does.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import orjson

HERE = Path(__file__).parent
SMALL = ["--d-model", "128", "--heads", "4", "--feed-forward", "256", "--blocks", "2", "--units", "10"]

# Name, what Limbic runs, what PyTorch runs, the figure, whether more is better, and the ratio asked for.
PAIRS = [
    ("training, float32, batch 16", ["train", "--batch", "16", "--steps", "1"],
     ["--what", "train", "--recompute", "--clip-norm", "0", "--batch", "16", "--steps", "1", "--warmup", "1"],
     "clips_per_second", True, 2.5),
    ("the same, PyTorch sharing encodings", ["train", "--batch", "16", "--steps", "1"],
     ["--what", "train", "--clip-norm", "0", "--batch", "16", "--steps", "1", "--warmup", "1"],
     "clips_per_second", True, None),
    ("training, small model, batch 64", ["train", "--batch", "64", "--steps", "10", *SMALL],
     ["--what", "train", "--recompute", "--clip-norm", "0", "--small", "--batch", "64", "--steps", "5", "--warmup", "1"],
     "clips_per_second", True, 4.0),
    ("prediction, float32, 1 clip", ["predict", "--batch", "1", "--steps", "30", "--warmup", "3"],
     ["--what", "predict", "--batch", "1", "--steps", "30", "--warmup", "3"], "p50_ms", False, 0.55),
    ("prediction, float32, batch 16", ["predict", "--batch", "16", "--steps", "3"],
     ["--what", "predict", "--batch", "16", "--steps", "3", "--warmup", "1"], "clips_per_second", True, None),
]

# The same in bfloat16, for machines that multiply in it.
BFLOAT16 = ["--precision", "bfloat16"]
PAIRS_IN_BFLOAT16 = [
    ("training, bfloat16, batch 16", ["train", "--batch", "16", "--steps", "2", *BFLOAT16],
     ["--what", "train", "--recompute", "--clip-norm", "0", "--batch", "16", "--steps", "2", "--warmup", "1",
      *BFLOAT16], "clips_per_second", True, 4.0),
    ("prediction, bfloat16, 1 clip (torch.compile)",
     ["predict", "--batch", "1", "--steps", "30", "--warmup", "3", *BFLOAT16],
     ["--what", "predict", "--compile", "--batch", "1", "--steps", "30", "--warmup", "5", *BFLOAT16], "p50_ms", False,
     0.35),
    ("prediction, bfloat16, batch 16", ["predict", "--batch", "16", "--steps", "3", *BFLOAT16],
     ["--what", "predict", "--batch", "16", "--steps", "3", "--warmup", "1", *BFLOAT16], "clips_per_second", True, 4.0),
]


def multiplies_in_bfloat16() -> bool:
    words = Path("/proc/cpuinfo").read_text().split()
    return "avx512_bf16" in words or "amx_bf16" in words


def run(command: list[str]) -> dict:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def limbic(a, what: list[str]) -> dict:
    return run([a.limbic, "bench", *what, "--threads", str(a.threads), "--json"])


def orjson_rate() -> float:
    """Bytes per second of decoding a clip of three modalities of 60 units."""
    clip = {m: [[random.uniform(-1, 1) for _ in range(size)] for _ in range(60)]
            for m, size in (("modality_0", 300), ("modality_1", 35), ("modality_2", 74))}
    body = json.dumps({"clips": [{"id": "clip_0"} | clip]}, separators=(",", ":")).encode()
    times = []
    for _ in range(200):
        start = time.perf_counter()
        orjson.loads(body)
        times.append(time.perf_counter() - start)
    return len(body) / statistics.median(times)


def row(*cells) -> str:
    return "| " + " | ".join(cells) + " |"


def pairs(a):
    for name, ours, theirs, figure, more, wanted in PAIRS + (PAIRS_IN_BFLOAT16 if multiplies_in_bfloat16() else []):
        found = []
        for _ in range(a.rounds):
            mine = limbic(a, ours)
            peer = run([sys.executable, str(HERE / "bench.py"), *theirs, "--threads", str(a.threads)])
            found.append((mine, peer))
        ratio = statistics.median(m[figure] / p[figure] for m, p in found)
        mine, peer = (statistics.median(x[i][figure] for x in found) for i in (0, 1))
        memory = found[0][0]["peak_memory_bytes"] / 1e9, found[0][1]["peak_rss_bytes"] / 1e9
        asked = "" if wanted is None else ("≥ " if more else "≤ ") + f"{wanted:.2f}"
        unit = "clips/s" if more else "ms"
        print(row(name, f"{mine:.2f} {unit}, {memory[0]:.2f} GB", f"{peer:.2f} {unit}, {memory[1]:.2f} GB",
                  f"{ratio:.2f}", asked), flush=True)
        if name.startswith("training, "):
            share = statistics.median(m["share_of_gemm_peak"] for m, _ in found)
            asked = "≥ 70 %" if name.startswith("training, float32") else ""
            print(row("share of the GEMM peak in that step", f"{100 * share:.0f} %", "", "", asked), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limbic", default=".build/release/limbic")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    a = parser.parse_args()
    print(row("", "Limbic", "PyTorch", "ratio", "wanted"))
    print(row(*["---"] * 5))
    pairs(a)
    large = limbic(a, ["train", "--batch", "64", "--steps", "1", "--warmup", "0"])
    print(row("training, float32, batch 64", f"{large['peak_memory_bytes'] / 1e9:.2f} GB", "", "", "≤ 4 GB"))
    rates = [(limbic(a, ["json"]), orjson_rate()) for _ in range(a.rounds)]
    mine, peer = (statistics.median(x) for x in ([m["body_bytes"] / (m["p50_ms"] / 1e3) for m, _ in rates],
                                                 [p for _, p in rates]))
    print(row("decoding a clip of JSON (orjson)", f"{mine / 1e6:.0f} MB/s", f"{peer / 1e6:.0f} MB/s",
              f"{mine / peer:.2f}", "≥ 1.00"))


if __name__ == "__main__":
    main()

"""Speed of training and prediction; prints one line of JSON.

The batch is drawn before the clock starts. `train` times the whole step (recognition, ATM, APP, clipping, AdamW),
`predict` the probabilities of one batch in evaluation mode.
"""

import argparse
import json
import resource
import statistics
import time

import torch

from mmer import MMER, Config, Trainer

PAPER = {"d_model": 512, "heads": 8, "feed_forward": 1024, "unimodal_blocks": 4, "multimodal_blocks": 4,
         "decoder_blocks": 1, "labels": 6, "units": 60, "features": [300, 35, 74]}
SMALL = PAPER | {"d_model": 128, "heads": 4, "feed_forward": 256, "unimodal_blocks": 2, "multimodal_blocks": 2,
                 "units": 10}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", choices=["train", "predict"], default="train")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--compile", action="store_true", help="torch.compile; needs a C++ compiler")
    parser.add_argument("--recompute", action="store_true",
                        help="train: the perturbed pass starts from the input, as algorithm 1 writes it")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--small", action="store_true", help="defaults of a small model on short clips")
    for name, value in PAPER.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, nargs="+" if name == "features" else None,
                            help=f"default {value}, small {SMALL[name]}")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--clip-norm", type=float, default=1.0, help="0: off")
    found = parser.parse_args()
    for name, value in (SMALL if found.small else PAPER).items():
        if getattr(found, name) is None:
            setattr(found, name, value)
    return found


def main():
    a = arguments()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    modalities = {f"m{i}": features for i, features in enumerate(a.features)}
    config = Config.from_dict(vars(a) | {"modalities": modalities})
    inputs = {m: torch.randn(a.batch, a.units, features) for m, features in modalities.items()}
    labels = (torch.rand(a.batch, a.labels) < 0.3).float()
    model = MMER(config)
    half = torch.bfloat16 if a.precision == "bfloat16" else None

    if a.what == "train":
        if a.compile:  # the parts: between them the step goes back and forth
            model.project, model.encode = torch.compile(model.project), torch.compile(model.encode)
            model.recognise = torch.compile(model.recognise)
        trainer = Trainer(model.train(), config, half, share=not a.recompute)

        def run():
            trainer.step(inputs, labels)
    else:
        predict = torch.compile(model.eval()) if a.compile else model.eval()

        @torch.inference_mode()
        def run():
            with torch.autocast("cpu", torch.bfloat16, enabled=half is not None):
                predict(inputs)

    for _ in range(a.warmup):
        run()
    times = []
    for _ in range(a.steps):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    ordered = sorted(times)
    print(json.dumps({
        "clips_per_second": round(a.batch * len(times) / sum(times), 3),
        "p50_ms": round(1e3 * statistics.median(times), 3),
        "p90_ms": round(1e3 * ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))], 3),
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "torch": torch.__version__,
        "parameters": sum(p.numel() for p in model.parameters()),
        **vars(a),
    }))


if __name__ == "__main__":
    main()

"""How the peers are run: every way that is tried. The best for a load is what Limbic is measured with.

Limbic itself predicts in the precision of its trainings or in int8, whichever is faster, in all rows."""

from dataclasses import dataclass

# Of Limbic: "" is the precision of the training; int8 takes a processor that multiplies in it.
LIMBIC = ["", "int8"]


@dataclass(frozen=True)
class Settings:
    precision: str = "float32"  # | bfloat16
    # padded: to the longest of the batch; sorted: the same in groups of like lengths; packed: rows without padding.
    arrangement: str = "padded"
    compile: bool = False  # torch.compile
    limit: int = 1  # most clips of a batch
    wait_ms: float = 0.0  # LitServe: how long a batch may wait to be full
    workers: int = 1  # processes, each with a model and its share of the threads
    threads: int = 2  # of all workers

    def __str__(self) -> str:
        parts = [self.precision, "compiled" if self.compile else "eager", self.arrangement, f"batches of {self.limit}"]
        parts += [f"{self.wait_ms:g} ms"] if self.wait_ms else []
        parts += [f"{self.workers} workers"] if self.workers > 1 else []
        return ", ".join(parts)


FASTAPI = [
    {"limit": 1}, {"limit": 8}, {"limit": 32}, {"limit": 32, "arrangement": "sorted"},
    {"limit": 32, "arrangement": "packed"}, {"limit": 1, "workers": 2}, {"limit": 16, "workers": 2},
    {"limit": 16, "arrangement": "packed", "workers": 2}, {"limit": 1, "compile": True},
    {"limit": 32, "compile": True}, {"limit": 32, "arrangement": "sorted", "compile": True},
]
LITSERVE = [
    {"limit": 1}, {"limit": 8, "wait_ms": 1}, {"limit": 16, "wait_ms": 5}, {"limit": 32, "wait_ms": 5},
    {"limit": 32, "wait_ms": 5, "arrangement": "sorted"}, {"limit": 32, "wait_ms": 5, "arrangement": "packed"},
    {"limit": 1, "workers": 2}, {"limit": 16, "wait_ms": 5, "workers": 2},
    {"limit": 32, "wait_ms": 5, "compile": True},
]
# By name, the kind of a peer and what is tried.
PEERS = {f"{kind}-{precision}": (kind, [Settings(precision=precision, **way) for way in ways])
         for kind, ways in (("fastapi", FASTAPI), ("litserve", LITSERVE)) for precision in ("float32", "bfloat16")}

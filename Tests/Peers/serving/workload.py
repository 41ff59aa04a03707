"""What is asked: clips drawn at random, and the requests that hold them."""

from dataclasses import dataclass

import numpy as np
import orjson

from models import FEATURES


@dataclass(frozen=True)
class Workload:
    model: str
    connections: int
    units: tuple[int, int]  # of each modality of a clip, from, to
    count: int = 64  # different requests, of a clip each

    def clips(self) -> list[dict[str, np.ndarray]]:
        generator = np.random.default_rng(7)
        return [{m: generator.standard_normal((int(generator.integers(*self.units, endpoint=True)), size), np.float32)
                 for m, size in FEATURES.items()} for _ in range(self.count)]


def as_json(clips: list[dict[str, np.ndarray]]) -> bytes:
    return orjson.dumps({"clips": clips}, option=orjson.OPT_SERIALIZE_NUMPY)


def as_binary(clip: dict[str, np.ndarray]) -> tuple[bytes, int]:
    """A request of the Open Inference Protocol with the binary tensor extension, and the length of its JSON."""
    inputs = [{"name": m, "shape": [1, *x.shape], "datatype": "FP32", "parameters": {"binary_data_size": x.nbytes}}
              for m, x in clip.items()]
    head = orjson.dumps({
        "inputs": inputs, "outputs": [{"name": "probabilities", "parameters": {"binary_data": True}}]})
    return head + b"".join(x.astype("<f4").tobytes() for x in clip.values()), len(head)


def message(port: int, path: str, body: bytes, fields: dict | None = None) -> bytes:
    """The bytes of a POST request."""
    fields = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json", "Content-Length": len(body)} | (
        fields or {})
    head = [f"POST {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join(head + ["", ""]).encode() + body


def json_messages(port: int, path: str, clips: list, fields: dict | None = None) -> list[bytes]:
    return [message(port, path, as_json([clip]), fields) for clip in clips]


def binary_messages(port: int, path: str, clips: list) -> list[bytes]:
    found = []
    for clip in clips:
        body, head = as_binary(clip)
        found.append(message(port, path, body, {
            "Content-Type": "application/octet-stream", "Inference-Header-Content-Length": head}))
    return found

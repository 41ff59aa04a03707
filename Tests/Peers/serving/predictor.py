"""Limbic's model in PyTorch, to predict with: what both peers serve."""

import json
import sys
from pathlib import Path

import numpy as np
import orjson
import torch
import torch.nn.functional as F
from torch import Tensor

from settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "pytorch"))
from golden import read  # noqa: E402
from mmer import MMER, Attention, Block, Config, Decoder, Encoder  # noqa: E402


class Predictor:
    """Clips, each an array [L, D] per modality, to probabilities and labels.

    The folder holds `model.safetensors`, Limbic's weights, and `version.json`, its description of the version.
    """

    # A group of `sorted` is at most this much longer than its shortest clip.
    SLACK = 1.25

    def __init__(self, folder: Path, settings: Settings):
        torch.set_num_threads(max(1, settings.threads // settings.workers))
        torch.set_grad_enabled(False)
        version = json.loads((folder / "version.json").read_text())
        values = version["hyperparameters"]
        self.labels, self.threshold = version["labels"], values["threshold"]
        self.config = Config.from_dict(values | {
            "modalities": {m["name"]: m["feature_size"] for m in version["modalities"]}, "labels": len(self.labels)})
        self.dtype = getattr(torch, settings.precision)
        self.settings = settings
        self.model = MMER(self.config)
        self.model.load_state_dict(read(folder / "model.safetensors")[0])
        self.model.eval().to(self.dtype)
        if settings.compile:
            self.compile()

    def compile(self):
        """Compiles a block for any shape, once for all blocks, and meets the usual kinds of batches."""
        for module in self.model.modules():
            if isinstance(module, Block):
                module.compile(dynamic=True)
        generator = np.random.default_rng(0)
        for lengths in ([9], [9, 9], [7, 12, 9], [11] * self.settings.limit):
            self.predict([{m: generator.standard_normal((n, size), np.float32)
                           for m, size in self.config.modalities.items()} for n in lengths])

    @torch.inference_mode()
    def predict(self, clips: list[dict[str, np.ndarray]]) -> list[dict]:
        """The prediction of each clip, as it is answered."""
        if self.settings.arrangement == "packed":
            found = self.packed(clips)
        else:
            groups = [list(range(len(clips)))] if self.settings.arrangement == "padded" else self.groups(clips)
            found = torch.empty(len(clips), len(self.labels))
            for rows in groups:
                found[rows] = self.padded([clips[row] for row in rows])
        return [{"probabilities": dict(zip(self.labels, values)),
                 "labels": [label for label, p in zip(self.labels, values) if p >= self.threshold]}
                for values in found.tolist()]

    def padded(self, clips: list[dict[str, np.ndarray]]) -> Tensor:
        inputs, lengths = {}, {}
        for m, size in self.config.modalities.items():
            counts = [len(clip[m]) for clip in clips]
            lengths[m] = torch.tensor(counts)
            batch = np.zeros((len(clips), max(counts), size), np.float32)
            for row, clip in zip(batch, clips):
                row[:len(clip[m])] = clip[m]
            inputs[m] = torch.from_numpy(batch).to(self.dtype)
        return self.model(inputs, lengths)

    def groups(self, clips: list[dict[str, np.ndarray]]) -> list[list[int]]:
        """Rows by their units in all, cut where one would be padded too much."""
        units = [sum(map(len, clip.values())) for clip in clips]
        groups = []
        for row in sorted(range(len(clips)), key=units.__getitem__):
            if not groups or units[row] > self.SLACK * units[groups[-1][0]]:
                groups.append([])
            groups[-1].append(row)
        return groups

    # ------------------------------------------------------------ without padding

    def packed(self, clips: list[dict[str, np.ndarray]]) -> Tensor:
        """All but attention over the rows of all clips at once; attention clip by clip, which needs no mask."""
        model, parts = self.model, []
        for m in model.names:
            lengths = [len(clip[m]) for clip in clips]
            rows = torch.from_numpy(np.concatenate([clip[m] for clip in clips])).to(self.dtype)
            parts.append(encode(model.encoder[m], model.projection[m](rows), lengths).split(lengths))
        together = [torch.cat(clip) for clip in zip(*parts)]
        lengths = [len(rows) for rows in together]
        memory = encode(model.encoder["multimodal"], torch.cat(together), lengths)
        return torch.sigmoid(model.classifier(decode(model.decoder, memory, lengths)).float())


def attend(attention: Attention, x: Tensor, queries: list[int], memory: Tensor, keys: list[int]) -> Tensor:
    """x [rows, d] attends to memory [rows', d], the units of a clip to those of the same clip."""
    d = x.shape[-1]
    if memory is x:
        q, k, v = attention.in_proj(x).split(d, -1)
    else:
        (w_q, w_kv), (b_q, b_kv) = (p.split([d, 2 * d]) for p in (attention.in_proj.weight, attention.in_proj.bias))
        q, (k, v) = F.linear(x, w_q, b_q), F.linear(memory, w_kv, b_kv).split(d, -1)
    q, k, v = (p.unflatten(-1, (attention.heads, -1)).transpose(0, 1).split(n, 1)
               for p, n in ((q, queries), (k, keys), (v, keys)))
    found = [F.scaled_dot_product_attention(*clip) for clip in zip(*(
        [p.unsqueeze(0) for p in parts] for parts in (q, k, v)))]
    return attention.out_proj(torch.cat(found, 2)[0].transpose(0, 1).flatten(1))


def feed_forward(block: Block, x: Tensor) -> Tensor:
    return block.linear2(F.relu(block.linear1(x)))


def encode(encoder: Encoder, x: Tensor, lengths: list[int]) -> Tensor:
    for block in encoder.layers:
        x = block.norm1(x + attend(block.self_attention, x, lengths, x, lengths))
        x = block.norm2(x + feed_forward(block, x))
    return encoder.norm(x)


def decode(decoder: Decoder, memory: Tensor, lengths: list[int]) -> Tensor:
    """[rows, d] → [B, K, d]; between the queries of a clip nothing is padded."""
    count = len(decoder.queries)
    x = decoder.queries.expand(len(lengths), -1, -1)
    for block in decoder.layers:
        x = block.norm1(x + block.self_attention(x))
        rows = attend(block.cross_attention, x.flatten(0, 1), [count] * len(lengths), memory, lengths)
        x = block.norm2(x + rows.view_as(x))
        x = block.norm3(x + feed_forward(block, x))
    return decoder.norm(x)


def decode_clips(body: bytes) -> list[dict[str, np.ndarray]]:
    return [{m: np.array(units, np.float32) for m, units in clip.items()} for clip in orjson.loads(body)["clips"]]

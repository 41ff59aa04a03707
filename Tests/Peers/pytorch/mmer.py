"""MMER in PyTorch: multi-modal multi-label emotion recognition with ATM and APP (Ge et al., WWW '23).

Shapes in comments: B clips, L temporal units (L_m of modality m), D features, d model width, h heads, K labels.
Equation numbers are the paper's.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, fields

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass
class Config:
    """Every switch of the model and of one training step; the defaults are the `paper` recipe."""

    modalities: dict[str, int] = field(default_factory=lambda: {"text": 300, "video": 35, "audio": 74})
    labels: int = 6
    d_model: int = 512
    heads: int = 8
    feed_forward: int = 1024
    unimodal_blocks: int = 4
    multimodal_blocks: int = 4
    decoder_blocks: int = 1
    dropout: float = 0.1
    layer_norm_epsilon: float = 1e-5
    classifier: str = "per_label"  # | shared
    atm: str = "on"  # | off
    mask_ratio: float = 0.4
    topk_epsilon: float = 0.1
    topk_iterations: int = 100
    topk_side: str = "largest"  # | smallest
    alpha: float = 0.1
    app: str = "on"  # | off
    gamma: float = 1.0
    app_scope: str = "attention+ff"  # | attention | ff | all
    app_norm: str = "per_tensor"  # | global
    app_source: str = "Lr"  # | accumulated
    app_modules: tuple[str, ...] = ("multimodal",)  # of: unimodal, multimodal, decoder
    divergence: str = "bernoulli"  # | softmax
    loss: str = "bce"  # | asymmetric
    rho: float = 0.1
    sigma: float = 1.0
    clip_norm: float = 0.0  # 0: no clipping
    learning_rate: float = 5e-5
    weight_decay: float = 0.01

    @classmethod
    def from_dict(cls, values: dict) -> Config:
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})


# ---------------------------------------------------------------- the model


class Attention(nn.Module):
    """Multi-head attention with query, key and value packed in one [3d, d] matrix."""

    def __init__(self, d: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.in_proj = nn.Linear(d, 3 * d)
        self.out_proj = nn.Linear(d, d)

    def split(self, x: Tensor, parts: int) -> tuple[Tensor, ...]:
        """[B, L, parts·d] → parts × [B, h, L, d/h]."""
        B, L, width = x.shape
        return x.view(B, L, parts, self.heads, width // parts // self.heads).permute(2, 0, 3, 1, 4).unbind()

    def forward(self, x: Tensor, memory: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """x [B, Q, d] attends to memory [B, L, d] (to itself without one); mask [B, 1, 1, L] is true on real units."""
        if memory is None:
            q, k, v = self.split(self.in_proj(x), 3)
        else:
            d = x.shape[-1]
            (w_q, w_kv), (b_q, b_kv) = (p.split([d, 2 * d]) for p in (self.in_proj.weight, self.in_proj.bias))
            (q,), (k, v) = self.split(F.linear(x, w_q, b_q), 1), self.split(F.linear(memory, w_kv, b_kv), 2)
        o = F.scaled_dot_product_attention(q, k, v, mask, self.dropout if self.training else 0.0)
        return self.out_proj(o.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Post-norm Transformer block; with `cross` a decoder block, which also attends to a memory."""

    def __init__(self, c: Config, cross: bool = False):
        super().__init__()
        d, eps = c.d_model, c.layer_norm_epsilon
        self.self_attention = Attention(d, c.heads, c.dropout)
        self.norm1 = nn.LayerNorm(d, eps)
        if cross:
            self.cross_attention = Attention(d, c.heads, c.dropout)
        self.linear1 = nn.Linear(d, c.feed_forward)
        self.linear2 = nn.Linear(c.feed_forward, d)
        self.norm2 = nn.LayerNorm(d, eps)
        if cross:
            self.norm3 = nn.LayerNorm(d, eps)
        self.dropout = nn.Dropout(c.dropout)

    def forward(self, x: Tensor, memory: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        drop = self.dropout
        x = self.norm1(x + drop(self.self_attention(x, None, mask if memory is None else None)))
        norm = self.norm2
        if memory is not None:
            x, norm = self.norm2(x + drop(self.cross_attention(x, memory, mask))), self.norm3
        return norm(x + drop(self.linear2(drop(F.relu(self.linear1(x))))))


class Encoder(nn.Module):
    """A stack of blocks and a final layer norm: [B, L, d] → [B, L, d]."""

    def __init__(self, c: Config, blocks: int):
        super().__init__()
        self.layers = nn.ModuleList(Block(c) for _ in range(blocks))
        self.norm = nn.LayerNorm(c.d_model, c.layer_norm_epsilon)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        for block in self.layers:
            x = block(x, None, mask)
        return self.norm(x)


class Decoder(nn.Module):
    """K learned queries that decode the multi-modal representation: [B, L, d] → [B, K, d]."""

    def __init__(self, c: Config):
        super().__init__()
        self.queries = nn.Parameter(torch.empty(c.labels, c.d_model))
        self.layers = nn.ModuleList(Block(c, cross=True) for _ in range(c.decoder_blocks))
        self.norm = nn.LayerNorm(c.d_model, c.layer_norm_epsilon)

    def forward(self, memory: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.queries.expand(memory.shape[0], -1, -1)
        for block in self.layers:
            x = block(x, memory, mask)
        return self.norm(x)


class Projection(nn.Module):
    """[B, L, D] → Z [B, L, d], the input to which ATM's mask applies."""

    def __init__(self, c: Config, features: int):
        super().__init__()
        self.linear = nn.Linear(features, c.d_model)
        self.norm = nn.LayerNorm(c.d_model, c.layer_norm_epsilon)
        self.dropout = nn.Dropout(c.dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.norm(self.linear(x)))


class Classifier(nn.Module):
    """[B, K, d] → logits [B, K]; one weight vector and bias per label, or (`shared`) one for all of them."""

    def __init__(self, c: Config):
        super().__init__()
        rows = 1 if c.classifier == "shared" else c.labels
        self.weight = nn.Parameter(torch.empty(rows, c.d_model))
        self.bias = nn.Parameter(torch.empty(rows))
        self.dropout = nn.Dropout(c.dropout if c.classifier == "shared" else 0.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout((x * self.weight).sum(-1) + self.bias)


class MMER(nn.Module):
    """Uni-modal encoders, multi-modal encoder, emotion decoder, classifiers (figure 2a) and masking networks (eq. 6)."""

    def __init__(self, c: Config):
        super().__init__()
        self.names = list(c.modalities)
        self.projection = nn.ModuleDict({m: Projection(c, D) for m, D in c.modalities.items()})
        self.encoder = nn.ModuleDict({m: Encoder(c, c.unimodal_blocks) for m in self.names})
        self.encoder["multimodal"] = Encoder(c, c.multimodal_blocks)
        self.masking = nn.ModuleDict({m: nn.Linear(c.d_model, 1) for m in self.names})
        self.decoder = Decoder(c)
        self.classifier = Classifier(c)
        self.initialise()

    @torch.no_grad()
    def initialise(self):
        for p in self.parameters():
            if p.dim() == 2:
                nn.init.xavier_uniform_(p)
        for module in self.modules():
            if isinstance(module, (nn.Linear, Classifier)):
                nn.init.uniform_(module.bias, -(bound := module.weight.shape[1] ** -0.5), bound)
        for module in self.modules():
            if isinstance(module, Attention):
                module.in_proj.bias.zero_()
                module.out_proj.bias.zero_()

    def project(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return {m: self.projection[m](inputs[m]) for m in self.names}

    def encode(self, z: dict[str, Tensor], masks: Masks) -> dict[str, Tensor]:
        """Z^m → H^m, each [B, L_m, d]."""
        return {m: self.encoder[m](z[m], masks.attention[m]) for m in self.names}

    def score(self, h: dict[str, Tensor]) -> dict[str, Tensor]:
        """H^m → masking scores s [B, L_m] (the inner part of eq. 6)."""
        return {m: torch.sigmoid(self.masking[m](h[m]).squeeze(-1).to(h[m].dtype)) for m in self.names}

    def recognise(self, h: dict[str, Tensor], masks: Masks) -> Tensor:
        """H^m → logits [B, K]."""
        x = self.encoder["multimodal"](torch.cat([h[m] for m in self.names], 1), masks.multimodal)
        return self.classifier(self.decoder(x, masks.multimodal))

    def forward(self, inputs: dict[str, Tensor], lengths: dict[str, Tensor] | None = None) -> Tensor:
        """Features [B, L_m, D_m] (and lengths [B] where padded) → probabilities [B, K]."""
        masks = Masks(inputs, lengths or {})
        return torch.sigmoid(self.recognise(self.encode(self.project(inputs), masks), masks).float())


class Masks:
    """Which units of a batch are real; None where nothing is padded, so that attention gets no mask at all."""

    def __init__(self, inputs: dict[str, Tensor], lengths: dict[str, Tensor]):
        self.valid: dict[str, Tensor | None] = {}  # [B, L]
        self.attention: dict[str, Tensor | None] = {}  # [B, 1, 1, L]
        for m, x in inputs.items():
            n, L = lengths.get(m), x.shape[1]
            self.valid[m] = self.attention[m] = None
            if n is not None and bool((n < L).any()):
                units = torch.arange(L, device=x.device)
                self.valid[m] = units < n[:, None]
                # A modality the clip lacks attends to its first unit: a softmax over nothing is NaN, and
                # nobody looks at the result.
                self.attention[m] = (units < n.clamp(min=1)[:, None])[:, None, None]
        self.multimodal = None
        if any(v is not None for v in self.valid.values()):
            full = [torch.ones(x.shape[:2], dtype=torch.bool, device=x.device) if self.valid[m] is None
                    else self.valid[m] for m, x in inputs.items()]
            self.multimodal = torch.cat(full, 1)[:, None, None]


# ---------------------------------------------------------------- adversarial temporal masking


class SoftTopK(torch.autograd.Function):
    """SOFT top-k (eqs. 8, 9; Xie et al. 2020): scores [B, L] → keep mask m [B, L], small for the k highest scores.

    Only the ratio of the two column scalings matters: with t its logarithm, u eliminated and x_i the difference of
    the two costs over ε, n·Γ_{i,0} = sigmoid(x_i + t), and one Sinkhorn iteration is one update of t per clip.
    """

    @staticmethod
    def forward(ctx, s: Tensor, valid: Tensor | None, k: Tensor, n: Tensor, epsilon: float, iterations: int,
                largest: bool) -> Tensor:
        real = torch.ones_like(s, dtype=torch.bool) if valid is None else valid
        active = ((k > 0) & (k < n))[:, None]
        weight = torch.where(active, real.to(s.dtype), 0.5)  # anything positive where nothing is masked
        s = s if largest else 1 - s
        # Costs (s − anchor)², divided by the largest of the batch: C₁ − C₀ = (1 − 2s)/divisor.
        divisor = torch.maximum(s, 1 - s).square().masked_fill(~real, 0).max().clamp(min=1e-30)
        x = (1 - 2 * s) / (divisor * epsilon)
        n0, n1 = (n - k)[:, None].clamp(min=1), k[:, None].clamp(min=1)  # masses of the anchors, times n
        t = torch.zeros_like(n0)
        for _ in range(iterations):
            p0, p1 = torch.sigmoid(x + t), torch.sigmoid(-x - t)
            r0, r1 = n0 / (p0 * weight).sum(1, keepdim=True), n1 / (p1 * weight).sum(1, keepdim=True)
            t = t + torch.log(r0 / r1)
        b, a = p0 * r0, p1 * r1  # n·Γ; b = 1 − a once the iterations have settled
        ctx.save_for_backward(s, a, b, active & real)
        ctx.scale = (2 if largest else -2) / (divisor * epsilon)
        return torch.where(active & real, 1 - a, torch.ones_like(s))

    @staticmethod
    def backward(ctx, g: Tensor):
        """From d log Γ_ij = (df_i + dg_j − dC_ij)/ε, where f and g₀ hold the rows' and column 0's sums (g₁ is fixed)."""
        s, a, b, used = ctx.saved_tensors
        a, b, g = (torch.where(used, v, 0.0) for v in (a, b, -g))
        q = (a * b * g).sum(1, keepdim=True) / (b * (1 - b)).sum(1, keepdim=True).clamp(min=1e-30)
        cost0, cost1 = b * (a * g - (1 - b) * q), a * (b * q - (1 - a) * g)
        return ctx.scale * (s * cost0 - (1 - s) * cost1), None, None, None, None, None, None


class ReverseGradient(torch.autograd.Function):
    """The identity, whose gradient is multiplied by −α: the masking network ascends (eqs. 4, 11)."""

    @staticmethod
    def forward(ctx, s: Tensor, alpha: float) -> Tensor:
        ctx.alpha = alpha
        return s.view_as(s)

    @staticmethod
    def backward(ctx, g: Tensor):
        return -ctx.alpha * g, None


def keep_mask(s: Tensor, valid: Tensor | None, c: Config) -> Tensor:
    """Scores [B, L] → m [B, L] (eq. 7), each clip over its own length, k = round-half-up(ratio · n)."""
    n = torch.full((s.shape[0],), s.shape[1], device=s.device) if valid is None else valid.sum(1)
    k = torch.floor(n.double() * c.mask_ratio + 0.5)
    return SoftTopK.apply(ReverseGradient.apply(s, c.alpha), valid, k.to(s.dtype), n.to(s.dtype), c.topk_epsilon,
                          c.topk_iterations, c.topk_side == "largest")


# ---------------------------------------------------------------- losses


def recognition_loss(logits: Tensor, y: Tensor, c: Config) -> Tensor:
    """L_r and L_m (eqs. 2, 3, 5), or the asymmetric loss of the published script."""
    if c.loss == "bce":
        return F.binary_cross_entropy_with_logits(logits, y)
    p = torch.sigmoid(logits)
    q = (1 - p + 0.05).clamp(max=1)
    positive = y * p.clamp(min=1e-5).log() * (1 - p)
    negative = (1 - y) * q.clamp(min=1e-5).log() * (1 - q) ** 2
    return -(positive + negative).sum() / y.numel() * 1000


def divergence(target: Tensor, p: Tensor, c: Config) -> Tensor:
    """L_p = KL(p(y*) ‖ p(ỹ*)) (eq. 13), mean over B×K; the target is a constant."""
    target = target.detach()
    if c.divergence == "softmax":
        return F.kl_div(p.log_softmax(-1), target.softmax(-1), reduction="sum") / p.numel()
    t, q = (x.clamp(1e-7, 1 - 1e-7) for x in (target, p))
    return (t * (t / q).log() + (1 - t) * ((1 - t) / (1 - q)).log()).mean()


# ---------------------------------------------------------------- adversarial parameter perturbation


def perturbed_parameters(model: MMER, c: Config) -> dict[str, nn.Parameter]:
    """The parameters that APP perturbs, by name."""
    prefixes = {"unimodal": [f"encoder.{m}." for m in model.names], "multimodal": ["encoder.multimodal."],
                "decoder": ["decoder."]}
    modules = tuple(prefix for m in c.app_modules for prefix in prefixes[m])
    parts = {"attention": ("attention.",), "ff": (".linear",), "attention+ff": ("attention.", ".linear"), "all": ("",)}
    return {name: p for name, p in model.named_parameters()
            if name.startswith(modules) and any(part in name for part in parts[c.app_scope])}


def perturbation(gradients: list[Tensor], c: Config) -> list[Tensor]:
    """ε = γ g/‖g‖₂ (eq. 14), per tensor or over all of them; zero where the norm is zero."""
    norms = torch.stack(torch._foreach_norm(gradients))
    if c.app_norm == "global":
        norms = norms.norm().expand_as(norms)
    scales = torch.where(norms > 0, c.gamma / norms, 0.0)
    return torch._foreach_mul(gradients, list(scales.unbind()))


@contextmanager
def perturbed(parameters: list[nn.Parameter], epsilon: list[Tensor]):
    """θ + ε inside the context, the very same θ after it.

    Goes through `.data`: graphs made before and differentiated after the context may keep these parameters.
    """
    data = [p.data for p in parameters]
    kept = [p.clone() for p in data]
    torch._foreach_add_(data, epsilon)
    try:
        yield
    finally:
        torch._foreach_copy_(data, kept)


# ---------------------------------------------------------------- training


class Trainer:
    """One step of algorithm 1 at a time.

    The clean pass is cut at Z^m and H^m: the three losses leave their gradients at the cuts, and what lies before them
    is computed once and differentiated once. `share=False` computes the perturbed pass from Z^m again, as algorithm 1
    writes it; the result is the same.
    """

    def __init__(self, model: MMER, config: Config, autocast: torch.dtype | None = None, share: bool = True):
        self.model, self.config, self.autocast = model, config, autocast
        self.targets = perturbed_parameters(model, config)
        # The perturbed pass has to begin before the first perturbed module.
        self.whole = not share or "unimodal" in config.app_modules
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, betas=(0.9, 0.999), eps=1e-8,
                                           weight_decay=config.weight_decay, fused=True)

    def precision(self):
        # One context per pass: inside one, autocast would go on using its cached copies of unperturbed weights.
        return torch.autocast("cpu", self.autocast) if self.autocast else nullcontext()

    def step(self, inputs: dict[str, Tensor], y: Tensor, lengths: dict[str, Tensor] | None = None) -> dict:
        """One optimizer step; returns detached losses, probabilities, scores, masks and norms."""
        model, c = self.model, self.config
        masks = Masks(inputs, lengths or {})
        self.optimizer.zero_grad(set_to_none=True)
        out = {}

        # Emotion recognition.
        with self.precision():
            z = model.project(inputs)
            z_cut = leaves(z)
            random_z = torch.get_rng_state()
            h = model.encode(z_cut, masks)
            h_cut = leaves(h)
            random_h = torch.get_rng_state()
            logits = model.recognise(h_cut, masks).float()
        loss = recognition_loss(logits, y, c)
        loss.backward()
        p = torch.sigmoid(logits.detach())
        out |= {"loss.recognition": loss.detach(), "probabilities": p}
        epsilon = None
        if c.app == "on" and c.app_source == "Lr":
            epsilon = self.epsilon(h, h_cut)

        # Adversarial temporal masking; the gradient also runs through the scores into H^m.
        if c.atm == "on":
            with self.precision():
                s = model.score(h_cut)
                keep = {m: keep_mask(s[m].float() if self.autocast else s[m], masks.valid[m], c) for m in s}
                masked = {m: keep[m].unsqueeze(-1) * z_cut[m] for m in s}
                logits = model.recognise(model.encode(masked, masks), masks).float()
            loss = recognition_loss(logits, y, c)
            (c.rho * loss).backward()
            out |= {"loss.masked": loss.detach(), "masked_probabilities": torch.sigmoid(logits.detach()),
                    "score": {m: x.detach() for m, x in s.items()}, "keep": {m: x.detach() for m, x in keep.items()}}

        # Adversarial parameter perturbation, with the dropout masks of the clean pass.
        if c.app == "on":
            epsilon = epsilon or self.epsilon(h, h_cut)
            random = torch.get_rng_state()
            with perturbed(list(self.targets.values()), epsilon):
                with self.precision():
                    torch.set_rng_state(random_z if self.whole else random_h)
                    h_again = model.encode(z_cut, masks) if self.whole else h_cut
                    q = torch.sigmoid(model.recognise(h_again, masks).float())
                loss = divergence(p, q, c)
                (c.sigma * loss).backward()
            torch.set_rng_state(random)
            out |= {"loss.perturbed": loss.detach(), "perturbed_probabilities": q.detach(),
                    "epsilon": dict(zip(self.targets, epsilon))}

        backward(h, h_cut)
        backward(z, z_cut)
        for p in model.parameters():  # AdamW decays also what got no gradient (a masking network without ATM)
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        out["gradient_norm"] = nn.utils.get_total_norm([p.grad for p in model.parameters()], foreach=True)
        if c.clip_norm:
            nn.utils.clip_grads_with_norm_(model.parameters(), c.clip_norm, out["gradient_norm"], foreach=True)
        self.optimizer.step()
        return out

    def epsilon(self, h: dict[str, Tensor], h_cut: dict[str, Tensor]) -> list[Tensor]:
        """ε from the gradients that have arrived by now."""
        if "unimodal" in self.config.app_modules:
            backward(h, h_cut, retain_graph=True)
        return perturbation([p.grad for p in self.targets.values()], self.config)


def leaves(x: dict[str, Tensor]) -> dict[str, Tensor]:
    return {m: t.detach().requires_grad_() for m, t in x.items()}


def backward(x: dict[str, Tensor], cut: dict[str, Tensor], retain_graph: bool = False):
    """Takes the gradients gathered at a cut further back, and empties the cut."""
    names = [m for m in x if cut[m].grad is not None]
    torch.autograd.backward([x[m] for m in names], [cut[m].grad for m in names], retain_graph=retain_graph)
    for m in names:
        cut[m].grad = None

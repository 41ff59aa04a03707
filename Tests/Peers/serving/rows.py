"""What is compared: the rows of the table, and what must hold of them."""

import math
from dataclasses import dataclass

from workload import Workload


@dataclass(frozen=True)
class Rate:
    """Answers a second, of clients that ask again as soon as they are answered."""

    title: str
    workload: Workload
    wanted: float  # Limbic's to that of the best peer
    stretch: int = 1  # how much longer it is measured than others: few answers make a second


RATES = {
    "requests": Rate("requests/s, paper's size, 60 units, 16 clients", Workload("paper", 16, (60, 60)), 4),
    "small": Rate("requests/s, small model, 10 units, 32 clients", Workload("small", 32, (10, 10)), 8),
    "lengths": Rate("clips/s, paper's size, 1 to 500 units, 32 clients", Workload("paper", 32, (1, 500)), 5, 3),
}
ROWS = [*RATES, "tail", "binary", "training", "memory", "overload"]


@dataclass
class Row:
    title: str
    unit: str
    limbic: float
    # More is better, and the ratio is to be at least what is wanted. Otherwise at most.
    is_floor: bool
    wanted: float
    # What Limbic's figure is held against: the peers', or one of its own; without both, `wanted` is of its unit.
    peers: dict[str, float] | None = None
    base: float | None = None
    note: str = ""

    @property
    def is_ratio(self) -> bool:
        return self.peers is not None or self.base is not None

    @property
    def judged(self) -> float | None:
        """What is held against `wanted`; None where there is nothing to judge, such as the time of no refusals."""
        value = self.limbic
        if self.peers is not None:
            if not self.peers:
                return None
            value /= (max if self.is_floor else min)(self.peers.values())
        elif self.base is not None:
            value /= self.base
        return None if math.isnan(value) else value

    @property
    def holds(self) -> bool | None:
        if self.judged is None:
            return None
        return self.judged >= self.wanted if self.is_floor else self.judged <= self.wanted

    def document(self) -> dict:
        return {"title": self.title, "unit": self.unit, "limbic": None if math.isnan(self.limbic) else self.limbic,
                "peers": self.peers, "base": self.base, "ratio": self.judged if self.is_ratio else None,
                "wanted": self.wanted, "at": "least" if self.is_floor else "most", "holds": self.holds,
                "note": self.note}

    @staticmethod
    def header(peers: list[str]) -> str:
        cells = ["", "Limbic", *peers, "ratio", "wanted", "holds", "note"]
        return f"{line(cells)}\n{line(['---'] * len(cells))}"

    def print(self, peers: list[str]):
        if self.base is None:
            cells = [number(self.peers[name], self.unit) if name in (self.peers or {}) else "" for name in peers]
        else:
            cells = [f"its own: {number(self.base, self.unit)}"] + [""] * (len(peers) - 1)
        ratio = f"{self.judged:.3g}" if self.is_ratio and self.judged is not None else ""
        wanted = f"{self.wanted:.3g}" if self.is_ratio else number(self.wanted, self.unit)
        print(line([self.title, number(self.limbic, self.unit), *cells, ratio,
                    f"{'≥' if self.is_floor else '≤'} {wanted}",
                    {True: "yes", False: "NO", None: ""}[self.holds], self.note]), flush=True)


def number(value: float, unit: str) -> str:
    if math.isnan(value):
        return "none"
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"

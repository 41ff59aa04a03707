"""What is compared: the rows of the table, and what must hold of them."""

import math
from dataclasses import dataclass, field

from workload import Workload

# By name: the title, what is asked, what Limbic's rate is to be of the best peer's.
RATES = {
    "requests": ("requests/s, paper's size, 60 units, 16 clients", Workload("paper", 16, (60, 60)), 4),
    "small": ("requests/s, small model, 10 units, 32 clients", Workload("small", 32, (10, 10)), 8),
    "lengths": ("clips/s, paper's size, 1 to 500 units, 32 clients", Workload("paper", 32, (1, 500)), 5),
}
ROWS = [*RATES, "tail", "binary", "training", "memory", "overload"]


@dataclass
class Row:
    title: str
    unit: str
    limbic: float
    # More is better: Limbic's figure is to be at least so many times the other. Otherwise at most.
    is_floor: bool
    wanted: float
    # What Limbic's figure is held against: the peers', or one of its own.
    peers: dict[str, float] = field(default_factory=dict)
    base: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        """Limbic's figure to the best of the others; the figure itself where there are none."""
        if self.base is not None:
            return self.limbic / self.base
        if not self.peers:
            return math.nan
        return self.limbic / (max if self.is_floor else min)(self.peers.values())

    @property
    def holds(self) -> bool | None:
        if math.isnan(self.ratio):
            return None
        return self.ratio >= self.wanted if self.is_floor else self.ratio <= self.wanted

    def document(self) -> dict:
        numbers = {"limbic": self.limbic, "base": self.base, "ratio": self.ratio}
        return {"title": self.title, "unit": self.unit, "peers": self.peers, "wanted": self.wanted,
                "at": "least" if self.is_floor else "most", "holds": self.holds, "note": self.note} | {
            name: None if value is None or math.isnan(value) else value for name, value in numbers.items()}

    @staticmethod
    def header(peers: list[str]) -> str:
        cells = ["", "Limbic", *peers, "ratio", "wanted", "holds", "note"]
        return f"{line(cells)}\n{line(['---'] * len(cells))}"

    def print(self, peers: list[str]):
        cells = [number(self.peers[name], self.unit) if name in self.peers else "" for name in peers]
        if self.base is not None:
            cells = [f"(its own {number(self.base, self.unit)})"] + [""] * (len(peers) - 1)
        holds = {True: "yes", False: "NO", None: ""}[self.holds]
        ratio = "" if math.isnan(self.ratio) else f"{self.ratio:.3g}"
        print(line([self.title, number(self.limbic, self.unit), *cells, ratio,
                    f"{'≥' if self.is_floor else '≤'} {self.wanted:.3g}", holds, self.note]), flush=True)


def number(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"

"""What one run of one tool on one case left, and what many of them come to."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """One run. `value` is in the row's unit; None for what was not measured."""

    value: float
    cpu_seconds: float | None = None
    peak_rss_bytes: int | None = None


@dataclass
class Row:
    """All runs of one tool on one case."""

    case: str
    tool: str
    unit: str = "s"
    samples: list[Sample] = field(default_factory=list)
    details: dict[str, object] = field(default_factory=dict)

    @property
    def values(self) -> list[float]:
        return [sample.value for sample in self.samples]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def percentile(self, percent: float) -> float:
        """The nearest-rank percentile: a value that was measured, never one in between."""
        ordered = sorted(self.values)
        rank = -(-len(ordered) * percent // 100)
        return ordered[max(1, int(rank)) - 1]

    def json(self) -> dict[str, object]:
        """The row as it is written: CPU is the median of the runs, memory the largest of them."""
        cpu = [sample.cpu_seconds for sample in self.samples if sample.cpu_seconds is not None]
        peak = [sample.peak_rss_bytes for sample in self.samples if sample.peak_rss_bytes is not None]
        row: dict[str, object] = {
            "case": self.case,
            "tool": self.tool,
            "unit": self.unit,
            "runs": len(self.samples),
            "min": min(self.values),
            "median": self.median,
            "max": max(self.values),
            "cpuSeconds": statistics.median(cpu) if cpu else None,
            "peakRSSBytes": max(peak) if peak else None,
        }
        return row | ({"details": self.details} if self.details else {})


@dataclass(frozen=True)
class Bar:
    """A promise and what was measured. `value` is None when it could not be measured."""

    name: str
    value: float | None
    bar: float
    unit: str = ""
    at_most: bool = True

    @property
    def holds(self) -> bool | None:
        if self.value is None:
            return None
        return self.value <= self.bar if self.at_most else self.value >= self.bar

    @property
    def relation(self) -> str:
        return "at most" if self.at_most else "at least"

    def json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": self.value,
            "bar": self.bar,
            "holds": self.holds,
            "relation": self.relation,
            "unit": self.unit,
        }

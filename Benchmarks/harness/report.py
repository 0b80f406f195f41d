"""The end of a benchmark: a table for people, a file for machines, and the exit status."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from . import machine
from .command import peak_floor
from .sample import Bar, Row
from .suite import Suite


# The detail of a row that the table shows: what a tool leaves, without which its time means nothing.
LAYER_BYTES = "layerBytes"


def document(suite: Suite, facts: dict[str, object], **extra: object) -> dict[str, object]:
    """What is written to NAME.json."""
    return {
        "name": suite.name,
        "rounds": suite.rounds,
        "warmups": suite.warmups,
        "rows": [row.json() for row in suite.rows if row.samples],
        "bars": [bar.json() for bar in suite.bars],
        "missing": suite.missing,
        "failed": suite.failed,
        "machine": facts,
        **extra,
    }


def write(path: Path, content: dict[str, object]) -> None:
    """Writes the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".json.new")
    new.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(new, path)


def table(suite: Suite, facts: dict[str, object]) -> str:
    """What people read."""
    lines = [f"{facts['cores']} cores, {facts['cpu']}, kernel {facts['kernel']}, {facts['date']}", ""]
    rows = [row for row in suite.rows if row.samples]
    heads = ["case", "tool", "runs", "min", "median", "max", "unit", "CPU s", "peak MiB"]
    cells = [_cells(row, int(facts["peakRSSFloorBytes"])) for row in rows]
    if any(LAYER_BYTES in row.details for row in rows):
        heads.append("layer bytes")
        cells = [[*own, _bytes(row.details.get(LAYER_BYTES))] for own, row in zip(cells, rows)]
    lines += _columns(heads, cells)
    lines += ["", *(_bar_line(bar) for bar in suite.bars)]
    lines += [f"missing: {entry['tool']}: {entry['reason']}" for entry in suite.missing]
    lines += [f"FAILED: {entry['tool']}, {entry['case']}: {entry['reason']}" for entry in suite.failed]
    return "\n".join(lines).rstrip() + "\n"


def status(suite: Suite, strict: bool) -> int:
    """1 if something did not run; with `strict` also if a bar does not hold or was not measured."""
    if suite.failed or not suite.rows:
        return 1
    return 1 if strict and any(bar.holds is not True for bar in suite.bars) else 0


def finish(suite: Suite, directory: Path, strict: bool, facts: dict[str, object], **extra: object) -> int:
    """Writes and prints everything, and returns the exit status."""
    facts = {"peakRSSFloorBytes": peak_floor()} | facts
    path = directory / f"{suite.name}.json"
    write(path, document(suite, facts, **extra))
    sys.stdout.write(table(suite, facts) + f"\nwritten to {path}\n")
    return status(suite, strict)


def warn_of_disturbance() -> None:
    sentence = machine.disturbance()
    if sentence:
        print(f"warning: {sentence}", file=sys.stderr)


def _cells(row: Row, floor: int) -> list[str]:
    data = row.json()
    numbers = [_number(float(data[key])) for key in ("min", "median", "max")]
    cpu, peak = data["cpuSeconds"], data["peakRSSBytes"]
    return [
        row.case,
        row.tool,
        str(len(row.samples)),
        *numbers,
        row.unit,
        "-" if cpu is None else _number(float(cpu)),
        "-" if peak is None else _peak(int(peak), floor),
    ]


def _peak(peak: int, floor: int) -> str:
    mark = "<" if peak <= floor else ""
    return f"{mark}{max(peak, floor) / 2**20:.1f}"


def _bytes(count: object) -> str:
    return f"{count:,}" if isinstance(count, int) else "-"


def _bar_line(bar: Bar) -> str:
    promise = f"{bar.name}: {bar.relation} {_number(bar.bar)} {bar.unit}".rstrip()
    if bar.value is None:
        return f"!!! NOT MEASURED  {promise}"
    measured = f"{_number(bar.value)} {bar.unit}".rstrip()
    return f"holds  {promise}: {measured}" if bar.holds else f"!!! DOES NOT HOLD  {promise}: {measured}"


def _number(value: float) -> str:
    """Three digits that matter, never in powers of ten."""
    if value == 0:
        return "0"
    magnitude = abs(value)
    digits = 0 if magnitude >= 100 else 1 if magnitude >= 10 else 2 if magnitude >= 1 else 3 if magnitude >= 0.1 else 4
    return f"{value:.{digits}f}"


def _columns(heads: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[index]) for row in [heads, *rows]) for index in range(len(heads))]
    text = {0, 1, heads.index("unit")}
    return [
        "  ".join(
            cell.ljust(widths[index]) if index in text else cell.rjust(widths[index]) for index, cell in enumerate(row)
        ).rstrip()
        for row in [heads, ["-" * width for width in widths], *rows]
    ]

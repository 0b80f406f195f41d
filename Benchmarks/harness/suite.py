"""Cases and tools, run in turn: A B C A B C ..., so that whatever changes during a run changes for all of them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .command import CommandFailed
from .sample import Bar, Row, Sample

Measure = Callable[[Any], "Sample | dict[str, Sample]"]


@dataclass(frozen=True)
class Tool:
    """One competitor. `measure` gets the case's data, does one run and returns its sample; what has to be made ready or
    looked at is its business, outside the time that it returns. Where one run tells several things, it returns a
    sample for each, by name; every name becomes a case of its own, `CASE: NAME`.
    """

    name: str
    measure: Measure
    needs: Sequence[str] = ()
    """Programs that have to be installed."""

    def reason_missing(self) -> str | None:
        absent = [program for program in self.needs if shutil.which(program) is None]
        return f"{', '.join(absent)} not installed" if absent else None


@dataclass(frozen=True)
class Case:
    name: str
    data: Any = None


@dataclass
class Suite:
    """A benchmark: collects rows, bars, what is missing and what failed."""

    name: str
    rounds: int = 5
    warmups: int = 1
    rows: list[Row] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    missing: list[dict[str, str]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True)

    def compare(
        self,
        cases: Sequence[Case],
        tools: Sequence[Tool],
        *,
        unit: str = "s",
        rounds: int | None = None,
        warmups: int | None = None,
    ) -> None:
        """Runs every tool on every case, `rounds` times after the warm-ups. A tool that fails is out of that case."""
        present = self._present(tools)
        warmups = self.warmups if warmups is None else warmups
        total = warmups + (self.rounds if rounds is None else rounds)
        for case in cases:
            out: set[str] = set()
            for turn in range(total):
                self.say(f"{self.name}: {case.name}, {self._turn(turn, warmups, total)}")
                for tool in present:
                    if tool.name not in out and not self._once(case, tool, unit, counts=turn >= warmups):
                        out.add(tool.name)

    def add(self, case: str, tool: str, samples: Sequence[Sample], *, unit: str = "s", **details: object) -> Row:
        """A row whose samples were taken in another way."""
        row = self.row(case, tool, unit)
        row.samples.extend(samples)
        row.details.update(details)
        return row

    def row(self, case: str, tool: str, unit: str = "s") -> Row:
        """The row of a case and a tool, made when it is not there."""
        found = self.find(case, tool)
        if found is None:
            found = Row(case, tool, unit)
            self.rows.append(found)
        return found

    def find(self, case: str, tool: str) -> Row | None:
        return next((row for row in self.rows if (row.case, row.tool) == (case, tool)), None)

    def note_missing(self, tool: str, reason: str) -> None:
        entry = {"tool": tool, "reason": reason}
        if entry not in self.missing:
            self.missing.append(entry)

    def attempt(self, case: str, tool: str, work: Callable[[], None]) -> bool:
        """Does work that may fail; a failure is noted, and the benchmark goes on."""
        try:
            work()
        except (CommandFailed, OSError, ValueError, KeyError) as error:
            self._note_failure(case, tool, error)
            return False
        return True

    def _present(self, tools: Sequence[Tool]) -> list[Tool]:
        present = []
        for tool in tools:
            reason = tool.reason_missing()
            if reason is None:
                present.append(tool)
            else:
                self.note_missing(tool.name, reason)
        return present

    def _once(self, case: Case, tool: Tool, unit: str, *, counts: bool) -> bool:
        def work() -> None:
            measured = tool.measure(case.data)
            parts = measured if isinstance(measured, dict) else {"": measured}
            for name, sample in parts.items():
                if counts:
                    self.row(f"{case.name}: {name}" if name else case.name, tool.name, unit).samples.append(sample)

        return self.attempt(case.name, tool.name, work)

    def _note_failure(self, case: str, tool: str, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        self.failed.append({"case": case, "tool": tool, "reason": reason})
        self.say(f"{self.name}: FAILED: {tool}, {case}: {reason}")

    @staticmethod
    def _turn(turn: int, warmups: int, total: int) -> str:
        if turn < warmups:
            return f"warm-up {turn + 1} of {warmups}"
        return f"round {turn - warmups + 1} of {total - warmups}"

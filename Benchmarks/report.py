"""The form that every benchmark of this project reports in.

A benchmark collects rows (one case measured with one tool) and bars (what must hold), prints them as a table for people
and writes them as JSON for machines: {"rows": [...], "bars": [...], "notes": [...]}.
"""

import json
import os
import statistics


class Report:
    def __init__(self, name):
        self.name, self.rows, self.bars, self.notes = name, [], [], []

    def row(self, case, tool, unit, samples, cpu_seconds=None, peak_rss_bytes=None):
        """Adds the measurements of one case; CPU and memory are those of the measured process, where known."""
        self.rows.append({
            "case": case, "tool": tool, "unit": unit, "samples": len(samples),
            "min": min(samples), "median": statistics.median(samples), "max": max(samples),
            "cpuSeconds": cpu_seconds, "peakRSSBytes": peak_rss_bytes,
        })

    def bar(self, name, value, bar):
        """Adds a bound that the value must not exceed."""
        self.bars.append({"name": name, "value": value, "bar": bar, "holds": value <= bar})

    def note(self, text):
        """Adds what a reader has to know, for instance that an optional peer is not installed."""
        self.notes.append(text)

    def finish(self, output):
        """Prints the table, writes the JSON file, and returns whether all bars hold."""
        self._print()
        os.makedirs(os.path.dirname(output), exist_ok=True)
        with open(output, "w", encoding="utf-8") as file:
            json.dump({"name": self.name, "rows": self.rows, "bars": self.bars, "notes": self.notes}, file, indent=2)
            file.write("\n")
        print(f"\nwritten to {os.path.relpath(output)}")
        return all(bar["holds"] for bar in self.bars)

    def _print(self):
        table = [["case", "tool", "unit", "min", "median", "max", "CPU s", "peak MiB"]]
        for row in self.rows:
            peak = row["peakRSSBytes"]
            table.append([row["case"], row["tool"], row["unit"], *(_number(row[key]) for key in ("min", "median", "max")),
                          _number(row["cpuSeconds"]), _number(peak / 2**20 if peak is not None else None)])
        widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
        for line in table:
            cells = [cell.ljust(width) if column < 3 else cell.rjust(width)
                     for column, (cell, width) in enumerate(zip(line, widths))]
            print("  ".join(cells).rstrip())
        print()
        for bar in self.bars:
            verdict = "holds" if bar["holds"] else "DOES NOT HOLD"
            print(f"bar: {bar['name']}: {_number(bar['value'])}, at most {_number(bar['bar'])}: {verdict}")
        for note in self.notes:
            print(f"note: {note}")


def _number(value):
    if value is None:
        return "-"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"

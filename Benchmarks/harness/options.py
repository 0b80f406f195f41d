"""The flags that every benchmark has."""

from __future__ import annotations

import argparse
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def parser(description: str, *, rounds: int = 5, warmups: int = 1) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rounds", type=_at_least(1), default=rounds, help="runs that count, of each tool on each case")
    parser.add_argument("--warmups", type=_at_least(0), default=warmups, help="runs before them that do not count")
    parser.add_argument("--strict", action="store_true", help="end with 1 if a bar does not hold or was not measured")
    parser.add_argument(
        "--output", type=Path, default=REPOSITORY / ".build/bench", metavar="DIR", help="where NAME.json is written"
    )
    parser.add_argument("--scratch", metavar="DIR", help="where data lies; memory if there is room for it")
    return parser


def _at_least(least: int):
    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    return number

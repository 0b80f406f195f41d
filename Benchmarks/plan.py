#!/usr/bin/env python3
"""How long it takes to detect what a large tree is: `slipway plan` on a directory and on a git repository, less an app of one file.

The repository is bare, as a worker has it. A checkout is compared with its commit besides, for a warning: that row shows it, beside
`git status`, which does the same."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

from harness import machine, options, report, scratch
from harness.command import run
from harness.sample import Bar
from harness.suite import Case, Suite, Tool

TOOL = "slipway plan"
FILES = 50_000
MANIFEST = '{"scripts": {"start": "node src/server.js"}, "dependencies": {"express": "5"}}\n'
ENDINGS = ("ts", "py", "go", "rb")
# Of one language, which rules ask for under many names, in a directory that none names.
ALIKE = f"{FILES} files alike, directory"


def main() -> int:
    parser = options.parser(__doc__)
    program = options.REPOSITORY / ".build/release/slipway"
    parser.add_argument("--slipway", default=str(program), metavar="FILE", help="the program")
    parser.add_argument("--beside", metavar="FILE", help="another build of the program, which takes turns with it")
    arguments = parser.parse_args()
    suite = Suite("plan", arguments.rounds, arguments.warmups)
    report.warn_of_disturbance()
    facts = machine.facts()
    tools = [plan(TOOL, arguments.slipway)] + ([plan("beside", arguments.beside)] if arguments.beside else [])
    with scratch.scratch(1 << 30, arguments.scratch) as directory:
        names = ("small", "large", "alike", "checkout", "bare.git")
        small, large, alike, checkout, bare = (Path(directory) / name for name in names)
        write(small, 0)
        write(large, FILES)
        write(alike, FILES, "a", ("js",))
        write(checkout, FILES)
        commit(checkout, bare)
        suite.compare([Case(name, str(path)) for name, path in cases(small, large, alike, bare)], tools)
        status = Tool("git status", lambda path: run(["git", "-C", path, "status", "--porcelain"]), ["git"])
        suite.compare([Case(f"{FILES} files, checkout", str(checkout))], [*tools, status])
    for name in (f"{FILES} files, directory", ALIKE, f"{FILES} files, repository"):
        suite.bars.append(Bar(f"{name}: CPU of detection", detection(suite, name), 50, "ms"))
    return report.finish(suite, arguments.output, arguments.strict, facts)


def plan(name: str, program: str) -> Tool:
    return Tool(name, lambda path: run([program, "plan", path, "-o", "json"]))


def cases(small: Path, large: Path, alike: Path, repository: Path) -> list[tuple[str, Path]]:
    return [("one file", small), (f"{FILES} files, directory", large), (ALIKE, alike), (f"{FILES} files, repository", repository)]


def detection(suite: Suite, name: str) -> float | None:
    """CPU in milliseconds beyond what starting and reading the rules costs: a machine with neighbours makes times longer, not CPU."""
    medians = []
    for case in (name, "one file"):
        row = suite.find(case, TOOL)
        if row is None:
            return None
        medians.append(statistics.median(sample.cpu_seconds for sample in row.samples))
    return (medians[0] - medians[1]) * 1000


def write(root: Path, files: int, top: str = "src", endings: tuple[str, ...] = ENDINGS) -> None:
    """A package of Node with as many files three levels deep, where patterns look."""
    root.mkdir()
    (root / "package.json").write_text(MANIFEST, encoding="ascii")
    for number in range(0, files, 100):
        directory = root / top / f"part{number // 100}"
        directory.mkdir(parents=True)
        for index in range(100):
            (directory / f"file{index}.{endings[index % len(endings)]}").write_text(f"x = {number + index}\n", encoding="ascii")


def commit(root: Path, bare: Path) -> None:
    author = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for words in (["init", "--quiet"], ["add", "--all"], [*author, "commit", "--quiet", "--message=files"], ["gc", "--quiet"]):
        subprocess.run(["git", "-c", "gc.auto=0", "-C", str(root), *words], check=True)
    subprocess.run(["git", "clone", "--quiet", "--bare", str(root), str(bare)], check=True)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The memo of build steps, measured: a Flask app's `pip install` with nothing remembered, then remembered by the same node, then
by a node with an empty cache, which shares only Redis and the registry with the first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import farm as farms
from farm import Farm
from harness import machine, options, report, scratch
from harness.command import CommandFailed
from harness.sample import Bar, Sample
from harness.suite import Suite

TOOL = "slipway worker"
COLD, SAME, OTHER = "pip install, nothing remembered", "remembered, same node", "remembered, another node"
FILES = {
    "requirements.txt": "flask==3.0.3\nwerkzeug==3.0.6\ngunicorn==23.0.0\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
}


def main() -> int:
    arguments = _arguments()
    suite = Suite("steps", arguments.rounds, 0)
    report.warn_of_disturbance()
    facts = machine.facts()
    with scratch.scratch(4 << 30, arguments.scratch) as directory:
        repositories = Path(directory, "repositories")
        for turn in range(arguments.rounds):
            _repository(repositories / f"flask-{turn}.git")
        with farms.farm(arguments.slipway, directory, str(repositories), arguments.seed, counts_requests=True) as farm:
            for turn in range(arguments.rounds):
                suite.attempt(f"round {turn + 1}", TOOL, lambda turn=turn: _round(suite, farm, f"flask-{turn}"))
    hit, reads = suite.find(OTHER, TOOL), suite.find(f"{OTHER}: layers read", TOOL)
    suite.bars.append(Bar("a memo hit on another node, seconds", hit.median if hit and hit.samples else None, 0.3))
    most = max(reads.values) if reads and reads.samples else None
    suite.bars.append(Bar("layers of the step that another node read", most, 0))
    return report.finish(suite, arguments.output, arguments.strict, facts)


def _round(suite: Suite, farm: Farm, project: str) -> None:
    """Each round has a project of its own, so that nothing of it is remembered."""
    push, first = farm.name("apps"), f"{farm.directory}/{farm.name('cache')}"
    with farms.worker(farm, first, push) as worker:
        suite.add(COLD, TOOL, [_installing(farm, worker, project)])
        suite.add(SAME, TOOL, [_installing(farm, worker, project)])
    with farms.worker(farm, f"{farm.directory}/{farm.name('cache')}", push) as worker:
        before = _reads(farm, push)
        suite.add(OTHER, TOOL, [_installing(farm, worker, project)])
        suite.add(f"{OTHER}: layers read", TOOL, [Sample(_reads(farm, push) - before)], unit="layers")


def _installing(farm: Farm, worker: farms.Worker, project: str) -> Sample:
    build = worker.build(project)
    status = farm.output("status", build.identifier, configuration=worker.configuration)
    return Sample(status["phases"]["installing"] / 1000)


def _reads(farm: Farm, push: str) -> int:
    """How many blobs the registry has sent out of the repositories that were pushed to."""
    log = Path(farm.directory, "registry.log").read_text(encoding="utf-8", errors="replace")
    return sum(f'"GET /v2/{push}/' in line and "/blobs/" in line for line in log.splitlines())


def _repository(path: Path) -> None:
    tree = path.with_suffix("")
    tree.mkdir(parents=True)
    for name, text in FILES.items():
        (tree / name).write_text(text, encoding="utf-8")
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for words in (["init", "--quiet", "--initial-branch", "main"], ["add", "."], [*identity, "commit", "--quiet", "-m", "App"]):
        _run("git", "-C", str(tree), *words)
    _run("git", "clone", "--quiet", "--bare", str(tree), str(path))


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(words)}: {done.stderr}")


def _arguments():
    parser = options.parser(__doc__, rounds=3)
    program = str(options.REPOSITORY / ".build/release/slipway")
    parser.add_argument("--slipway", default=program, metavar="FILE", help="the program")
    parser.add_argument("--seed", required=True, metavar="DIRECTORY", help="storage of a registry with the base images")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

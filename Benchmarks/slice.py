#!/usr/bin/env python3
"""The first slice, measured: a worker's start and rest, the way of a line from XADD to the log, whole builds by phase."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import farm as farms
import peers
from farm import Farm
from harness import machine, options, process, report, scratch
from harness.sample import Bar, Sample
from harness.suite import Case, Suite, Tool

TOOL = "slipway worker"
MEGABYTE = 2**20
PHASES = ("cloning", "detecting", "assembling", "pushing")


def main() -> int:
    arguments = _arguments()
    suite = Suite("slice", arguments.rounds, arguments.warmups)
    report.warn_of_disturbance()
    facts = machine.facts()
    with (
        scratch.scratch(2 << 30, arguments.scratch) as directory,
        farms.farm(arguments.slipway, directory, str(arguments.repositories), str(arguments.seed)) as farm,
    ):
        projects = sorted(path.stem for path in arguments.repositories.glob("*.git"))
        measure_start(suite, farm, max(10, arguments.rounds))
        suite.attempt("idle worker", TOOL, lambda: measure_rest(suite, farm, projects, arguments.rest))
        suite.attempt("first line", TOOL, lambda: measure_first_line(suite, farm, projects[0], arguments.lines))
        measure_builds(suite, farm, projects)
    add_bars(suite)
    return report.finish(suite, arguments.output, arguments.strict, facts)


def measure_start(suite: Suite, farm: Farm, rounds: int) -> None:
    """From before the worker is forked until it says READY=1, and from SIGTERM until it has ended."""

    def once(_: object) -> dict[str, Sample]:
        with farms.worker(farm) as worker:
            start = Sample(worker.start_seconds, *farms.usage(worker))
            stopping = time.perf_counter()
        return {"start to READY": start, "SIGTERM to the end": Sample(time.perf_counter() - stopping)}

    suite.compare([Case("worker")], [Tool(TOOL, once)], rounds=rounds)


def measure_rest(suite: Suite, farm: Farm, projects: list[str], seconds: int) -> None:
    """Memory and CPU of a worker with nothing to do: a new one, and one that has built every project."""
    with farms.worker(farm) as worker:
        _rest(suite, "idle worker", worker.process_id, seconds)
        for project in projects:
            worker.build(project)
        _rest(suite, "idle worker after builds", worker.process_id, seconds)


def _rest(suite: Suite, case: str, process_id: int, seconds: int) -> None:
    """Lets the worker settle for as long as it is looked at afterwards, once every second."""
    suite.say(f"{suite.name}: {case}, {2 * seconds} s")
    time.sleep(seconds)
    before, resident, proportional = process.cpu_seconds(process_id), [], []
    for _ in range(seconds):
        time.sleep(1)
        memory = process.memory(process_id)
        resident.append(Sample(memory.resident / MEGABYTE, peak_rss_bytes=memory.peak))
        proportional.append(Sample(memory.proportional / MEGABYTE))
    used = process.cpu_seconds(process_id) - before
    suite.add(f"{case}: resident", TOOL, resident, unit="MiB")
    suite.add(f"{case}: proportional", TOOL, proportional, unit="MiB")
    suite.add(f"{case}: CPU in {seconds} s", TOOL, [Sample(used, used)], seconds=seconds)


def measure_first_line(suite: Suite, farm: Farm, project: str, count: int) -> None:
    """From XADD to the first line of the log, on a farm with nothing else to do."""
    suite.say(f"{suite.name}: first line of {count} builds")
    with farms.worker(farm) as worker:
        worker.build(project)
        samples = []
        for _ in range(count):
            samples.append(Sample(worker.build(project).first_line_seconds))
            time.sleep(0.02)  # the worker goes back to waiting, as it does on an idle farm
        memory = process.memory(worker.process_id)
    row = suite.add("XADD to the first line of the log", TOOL, samples)
    row.details["p99"] = row.percentile(99)
    resident = Sample(memory.resident / MEGABYTE, peak_rss_bytes=memory.peak)
    suite.add("idle worker after these builds: resident", TOOL, [resident], unit="MiB", builds=count + 1)


def measure_builds(suite: Suite, farm: Farm, projects: list[str]) -> None:
    """Whole builds, by phase: with nothing remembered, beside other tools; and the same commit once more."""
    first = Tool(TOOL, lambda source: _first_build(farm, source.project))
    sources: list[peers.Source] = []
    for project in projects:
        suite.attempt(f"{project}, plan", "slipway plan", lambda name=project: sources.append(_source(farm, name)))
    suite.compare([Case(f"{source.project}, first build", source) for source in sources], [first, *peers.tools(farm)])
    for source in sources:
        suite.attempt(f"{source.project}, same commit", TOOL, lambda name=source.project: _again(suite, farm, name))


def _source(farm: Farm, project: str) -> peers.Source:
    configuration = farm.configuration(f"{farm.directory}/{farm.name('cache')}", "apps")
    plan = farm.output("plan", farm.repository(project), configuration=configuration)
    return peers.Source(project, plan["runImage"], plan["start"]["arguments"])


def _first_build(farm: Farm, project: str) -> dict[str, Sample]:
    """A new worker with an empty cache, and a repository of the registry that has nothing."""
    cache = f"{farm.directory}/{farm.name('cache')}"
    with farms.worker(farm, cache) as worker:
        samples = _build(worker, project)
    shutil.rmtree(cache)
    return samples


def _again(suite: Suite, farm: Farm, project: str) -> None:
    with farms.worker(farm) as worker:
        worker.build(project)
        tool = Tool(TOOL, lambda name: _build(worker, name))
        suite.compare([Case(f"{project}, same commit", project)], [tool])


def _build(worker: farms.Worker, project: str) -> dict[str, Sample]:
    before, _ = farms.usage(worker)
    build = worker.build(project)
    after, peak = farms.usage(worker)
    status = worker.farm.output("status", build.identifier, configuration=worker.configuration)
    phases = {name: Sample(status["phases"][name] / 1000) for name in PHASES if name in status["phases"]}
    return {"whole": Sample(build.seconds, after - before, peak), **phases}


def add_bars(suite: Suite) -> None:
    """What docs/benchmarks.md promises."""
    fresh = suite.find("idle worker: resident", TOOL)
    used = suite.find("idle worker after builds: resident", TOOL)
    cpu = next((row for row in suite.rows if row.case.startswith("idle worker: CPU")), None)
    line = suite.find("XADD to the first line of the log", TOOL)
    suite.bars += [
        Bar("idle worker, resident memory", fresh and max(fresh.values), 40, "MiB"),
        Bar("idle worker after builds, resident memory", used and max(used.values), 40, "MiB"),
        Bar("idle worker, share of one core", cpu and cpu.median / cpu.details["seconds"] * 100, 0.1, "%"),
        Bar("XADD to the first line of the log, p99", line and line.percentile(99) * 1000, 20, "ms"),
    ]


def _arguments():
    parser = options.parser(__doc__)
    build = options.REPOSITORY / ".build"
    parser.add_argument("--slipway", default=str(build / "release/slipway"), metavar="FILE", help="the program")
    parser.add_argument(
        "--repositories", type=Path, required=True, metavar="DIR", help="bare repositories to build, NAME.git each"
    )
    parser.add_argument("--seed", type=Path, required=True, metavar="DIR", help="registry storage with the base images")
    parser.add_argument("--rest", type=int, default=10, metavar="SECONDS", help="how long an idle worker is looked at")
    parser.add_argument("--lines", type=int, default=200, metavar="COUNT", help="builds whose first line is timed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""Measures a worker: start-up, what it needs when idle, and whole builds of the demo's projects by phase.

Its servers run already and SLIPWAY_CONFIG names the worker's configuration: scripts/bench-slice sees to both.
"""

import argparse
import json
import os
import subprocess
import time

from report import Report
from worker import Worker

STARTS, REPEATS, IDLE_SECONDS = 10, 5, 10
TOOL = "slipway"


def measure_start(report, options, log):
    seconds, cpu, peak = [], 0, 0
    for _ in range(STARTS):
        worker = Worker(options.slipway, log)
        seconds.append(worker.ready_seconds)
        worker.stop()
        cpu, peak = cpu + worker.cpu_seconds_total, max(peak, worker.peak_rss_bytes)
    report.row("worker start-up, until ready", TOOL, "ms", [1000 * value for value in seconds], cpu / STARTS, peak)


def measure_idle(report, worker):
    """A worker that has not built yet; clock ticks are 10 ms, so that anything below 1 ms a second reads as 0."""
    before, samples = worker.cpu_seconds(), []
    for _ in range(IDLE_SECONDS):
        time.sleep(1)
        samples.append(worker.memory() / 2**20)
    cpu = worker.cpu_seconds() - before
    report.row("idle worker, memory", TOOL, "MiB", samples, cpu, worker.memory("VmHWM"))
    report.bar("idle worker, resident MiB", max(samples), 40)
    report.bar("idle worker, CPU ms per second", 1000 * cpu / IDLE_SECONDS, 1)


def status(options, identifier):
    answer = subprocess.run([options.slipway, "status", identifier, "-o", "json"], capture_output=True, text=True, check=False)
    return json.loads(answer.stdout) if answer.returncode == 0 else None


def build(options, project, identifier):
    """Enqueues by XADD and follows the log to the end; returns seconds and the final status."""
    request = {"deploymentId": identifier, "projectId": project, "deploy": False, "branch": "main",
               "repositoryUrl": f"http://127.0.0.1:{options.git_port}/{project}.git"}
    started = time.monotonic()
    subprocess.run(["redis-cli", "-p", str(options.redis_port), "XADD", "slipway:{farm}:intake", "*", "request",
                    json.dumps(request)], check=True, stdout=subprocess.DEVNULL)
    while status(options, identifier) is None:
        if time.monotonic() > started + 30:
            raise SystemExit(f"bench: error: nobody took build {identifier} within 30 seconds")
    subprocess.run([options.slipway, "logs", identifier, "-f"], check=True, stdout=subprocess.DEVNULL, timeout=300)
    seconds, end = time.monotonic() - started, status(options, identifier)
    if end["state"] != "SUCCESS":
        raise SystemExit(f"bench: error: build {identifier} ended as {end['state']}: {end.get('failure')}")
    return seconds, end


def measure_builds(report, options, worker, project, case, count):
    before, seconds, phases = worker.cpu_seconds(), [], {}
    for number in range(count):
        value, end = build(options, project, f"bench-{project}-{case}-{number}")
        seconds.append(value)
        for phase, milliseconds in end.get("phases", {}).items():
            phases.setdefault(phase, []).append(milliseconds)
    cpu = (worker.cpu_seconds() - before) / count
    name = f"{project}, {case} build"
    report.row(f"{name}, XADD to end of log", TOOL, "ms", [1000 * value for value in seconds], cpu, worker.memory("VmHWM"))
    for phase, samples in phases.items():
        report.row(f"{name}, {phase}", TOOL, "ms", samples)


def main():
    parser = argparse.ArgumentParser()
    for name in ("slipway", "git-port", "redis-port", "projects", "output"):
        parser.add_argument("--" + name, required=True)
    options = parser.parse_args()
    report = Report("slice")
    with open(os.path.join(os.path.dirname(os.environ["SLIPWAY_CONFIG"]), "worker.log"), "ab") as log:
        measure_start(report, options, log)
        worker = Worker(options.slipway, log)
        measure_idle(report, worker)
        for project in options.projects.split(","):
            measure_builds(report, options, worker, project, "first", 1)
            measure_builds(report, options, worker, project, "repeated", REPEATS)
        worker.stop()
    report.note("the first build also clones the repository and copies the base image's blobs; the repeated one finds both")
    raise SystemExit(0 if report.finish(options.output) else 1)


main()

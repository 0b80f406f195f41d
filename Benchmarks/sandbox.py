#!/usr/bin/env python3
"""The sandbox, measured: what running `true` in a step costs, beside bare crun with the same namespaces and beside buildah, and
what it takes to unpack a base image."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import unpack
from harness import machine, options, report, scratch
from harness.command import CommandFailed
from harness.sample import Bar, Sample
from harness.suite import Case, Suite, Tool

TOOL, CRUN, BUILDAH = "slipway", "crun, same namespaces", "buildah run"
CASE, KILL = "run true in a step", "end a step of 50 processes"
FIRST, CLOSE = "the first of a process", "right after another"
ID_START = 0x6600_0000

# The processes are told by what they sleep for.
TREE = "n=0; while [ $n -lt 49 ]; do sleep 7654321 & n=$((n+1)); done; echo started; exec sleep 7654321"

# Runs one command a few times, with as much between two as steps have, in a mount namespace where crun finds the groups it knows,
# and prints the last time.
REPEAT = """
import ctypes, subprocess, sys, time
ctypes.CDLL(None).umount2(b"/sys/fs/cgroup/unified", 2)
for number in range(3):
    time.sleep(1 if number else 0)
    start = time.perf_counter()
    subprocess.run(sys.argv[1:], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    spent = time.perf_counter() - start
print(spent)
"""


def main() -> int:
    arguments = _arguments()
    suite = Suite("sandbox", arguments.rounds, arguments.warmups)
    report.warn_of_disturbance()
    facts = machine.facts()
    with scratch.scratch(200_000_000, arguments.scratch) as directory:
        bench = Bench(arguments.step, arguments.helper, Path(directory))
        tools = [
            Tool(TOOL, lambda _: bench.step()),
            Tool(CRUN, lambda _: bench.crun(), ["crun"]),
            Tool(BUILDAH, lambda _: bench.buildah(), ["buildah", "crun"]),
        ]
        suite.compare([Case(CASE)], tools)
        suite.compare([Case(KILL)], [Tool(TOOL, lambda _: bench.kill())])
        bench.close()
        ours, bare = suite.find(CASE, TOOL), suite.find(CASE, CRUN)
        measured = ours and bare and ours.samples and bare.samples
        suite.bars.append(Bar("a step, times bare crun", ours.median / bare.median if measured else None, 1.3))
        killed = suite.find(KILL, TOOL)
        seconds = killed.median if killed and killed.samples else None
        suite.bars.append(Bar("from the worker's end to the last process's", seconds, 0.05, unit="s"))
    unpack.measure(suite, arguments.slipway, arguments.layout, arguments.seed, arguments.scratch)
    return report.finish(suite, arguments.output, arguments.strict, facts)


class Bench:
    """One root file system of one program, and each tool's way to run it."""

    def __init__(self, program: str, helper: str, place: Path) -> None:
        self.program, self.helper, self.place = program, helper, place
        self.root, self.container = place / "root", None
        for name in ["bin", "proc", "dev", "tmp", "etc", "work"]:
            (self.root / name).mkdir(parents=True)
        shutil.copy("/usr/bin/busybox", self.root / "bin/busybox")
        for name in ["true", "sh", "sleep"]:
            (self.root / "bin" / name).symlink_to("busybox")
        self.bundle = self._bundle()

    def step(self) -> dict[str, Sample]:
        """One of a process that runs many, as a worker does, with as much between two as a build has; without that; and the first."""
        apart, close = self._times(pause=1000), self._times(pause=0)
        return {"": apart[-1], FIRST: apart[0], CLOSE: close[-1]}

    def _times(self, pause: int) -> list[Sample]:
        lines = self._run_step(repetitions=3, pauseMilliseconds=pause)
        results = [json.loads(line.removeprefix("result ")) for line in lines if line.startswith("result ")]
        return [Sample(result["microseconds"] / 1e6) for result in results]

    def kill(self) -> Sample:
        """From the death of whoever runs a step to that of the last process of it."""
        words = self._step_words(command=["/bin/sh", "-c", TREE])
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as runner:
            assert runner.stdout is not None
            if not any("started" in line for line in iter(runner.stdout.readline, "")):
                raise CommandFailed("the step did not start")
            processes = _sleepers()
            start = time.perf_counter()
            runner.kill()
            while any(path.exists() for path in processes):
                if time.perf_counter() - start > 30:
                    raise CommandFailed(f"{len(processes)} processes were still there after 30 s")
            spent = time.perf_counter() - start
        if len(processes) < 50:
            raise CommandFailed(f"only {len(processes)} processes were there to be ended")
        return Sample(spent)

    def crun(self) -> Sample:
        return _repeated(["crun", "run", "--bundle", str(self.bundle), "bench-crun"])

    def buildah(self) -> Sample:
        storage = ["buildah", "--root", str(self.place / "storage"), "--runroot", str(self.place / "storage-run")]
        if self.container is None:
            limits = ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"]
            self.container = _text([*storage, "from", *limits, "scratch"]).strip()
            _text([*storage, "copy", self.container, str(self.root), "/"])
        words = ["run", "--isolation", "oci", "--runtime", "crun", "--network", "none", self.container, "/bin/true"]
        return _repeated([*storage, *words])

    def close(self) -> None:
        if self.container is not None:
            storage = ["--root", str(self.place / "storage"), "--runroot", str(self.place / "storage-run")]
            subprocess.run(["buildah", *storage, "rm", "--all"], check=False, capture_output=True)
        for group in Path("/sys/fs/cgroup").glob("*/slipway-bench*"):
            group.rmdir()

    def _run_step(self, **options: object) -> list[str]:
        return _text(self._step_words(["/bin/true"], **options)).splitlines()

    def _step_words(self, command: list[str], **options: object) -> list[str]:
        work = self.place / "steps"
        work.mkdir(exist_ok=True)
        order = {
            "lowers": [str(self.root)], "scratch": str(work), "runtimeDirectory": str(self.place / "run"),
            "groupName": "slipway-bench", "helper": self.helper, "command": command, "idStart": ID_START,
        }  # fmt: skip
        return [self.program, json.dumps(order | options)]

    def _bundle(self) -> Path:
        """A bundle for bare crun: the very configuration of a step, seen by a runtime that only shows it, on files that
        have the ids already, with limits that crun sets itself and a network of its own."""
        viewer = self.place / "viewer"
        viewer.write_text("#!/bin/sh\necho $$ >/tmp/bundle/pid\nbase64 -w 1000 /tmp/bundle/config.json\n", encoding="ascii")
        viewer.chmod(0o755)
        lines = [line.removeprefix("step: ") for line in self._run_step(runtime=str(viewer)) if line.startswith("step: ")]
        config = json.loads(base64.b64decode("".join(lines)))
        config["root"]["path"] = str(self.place / "owned")
        config["mounts"] = [mount for mount in config["mounts"] if not mount["source"].startswith("/tmp/")]
        linux = config["linux"]
        linux["namespaces"].append({"type": "network"})
        linux["cgroupsPath"] = "/slipway-bench-crun"
        memory = {"limit": 2 << 30}
        linux["resources"] = {"memory": memory, "pids": {"limit": 2048}, "cpu": {"quota": 200000, "period": 100000}}
        shutil.copytree(self.root, self.place / "owned", symlinks=True)
        owner = linux["uidMappings"][0]["hostID"]
        for path in [self.place / "owned", *(self.place / "owned").rglob("*")]:
            os.chown(path, owner, owner, follow_symlinks=False)
        for parent in [self.place, *self.place.parents]:
            if str(parent).startswith("/dev/shm/"):
                parent.chmod(0o755)
        self.place.chmod(0o755)
        bundle = self.place / "bundle"
        bundle.mkdir()
        (bundle / "config.json").write_text(json.dumps(config), encoding="utf-8")
        return bundle


def _sleepers() -> list[Path]:
    """The processes of the tree, once they are all there."""
    found: list[Path] = []
    for _ in range(200):
        found = [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if b"sleep\x007654321" in _read(path)]
        if len(found) >= 50:
            break
        time.sleep(0.02)
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _repeated(words: list[str]) -> Sample:
    return Sample(float(_text(["unshare", "--mount", sys.executable, "-c", REPEAT, *words]).splitlines()[-1]))


def _text(words: list[str]) -> str:
    result = subprocess.run(words, capture_output=True, text=True, timeout=120)
    if result.returncode != 0:
        raise CommandFailed(f"{words[0]}: status {result.returncode}: {result.stderr[-1000:]}{result.stdout[-1000:]}")
    return result.stdout


def _arguments():
    parser = options.parser(__doc__, rounds=10)
    build = options.REPOSITORY / ".build/release"
    cache = Path(os.environ.get("SLIPWAY_CACHE") or Path.home() / ".cache/slipway")
    parser.add_argument("--slipway", default=str(build / "slipway"), metavar="FILE", help="the program")
    parser.add_argument(
        "--layout", type=Path, default=cache / "base-images", metavar="DIR", help="OCI layout with the base images"
    )
    parser.add_argument(
        "--seed", type=Path, default=cache / "registry-seed", metavar="DIR", help="registry storage with the base images"
    )
    parser.add_argument("--step", default=str(build / "slipway-step"), metavar="FILE", help="the program that runs a step")
    parser.add_argument("--helper", default=str(build / "slipway-sandbox"), metavar="FILE", help="slipway-sandbox")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

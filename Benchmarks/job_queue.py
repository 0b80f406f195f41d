#!/usr/bin/env python3
"""The queue alone, with builds that do nothing, beside a Python BullMQ worker and a plain XREADGROUP loop.

(Not called queue.py: that would hide a module of Python's own from everything that is imported here.)
"""

from __future__ import annotations

import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import machine, options, process, report, scratch, servers
from harness.command import CommandFailed
from harness.redis import Redis
from harness.sample import Bar, Sample
from harness.suite import Suite

FARM = "slipway:{farm}:"
PEERS = Path(__file__).resolve().parent / "queue_peers"


def request(identifier: str) -> str:
    """What a producer sends, about 400 bytes; the peers carry the same."""
    return json.dumps({
        "deploymentId": identifier,
        "projectId": f"project-{hash(identifier) % 1000}",
        "organizationId": f"tenant-{hash(identifier) % 10}",
        "repositoryUrl": "https://git.example.org/some-team/some-application.git",
        "branch": "main",
        "commitSha": "0123456789abcdef0123456789abcdef01234567",
        "commitMessage": "Change what the page says about the weather",
        "authorName": "A. Developer",
        "deploy": False,
    })


@dataclass
class Contender:
    """One queue: how a job comes in, when it has begun, how many have ended, and who works."""

    name: str
    add: Callable[[Redis, list[str]], None]
    began: Callable[[Redis, str], None]
    ended: Callable[[Redis], int]
    worker: Callable[[int, int, str], contextlib.AbstractContextManager[subprocess.Popen[bytes]]]


def slipway(program: str) -> Contender:
    def add(client: Redis, identifiers: list[str]) -> None:
        for identifier in identifiers:
            client.send("XADD", f"{FARM}intake", "*", "request", request(identifier))

    def began(client: Redis, identifier: str) -> None:
        if client.send("XREAD", "BLOCK", "20000", "STREAMS", f"{FARM}log:{identifier}", "0") is None:
            raise CommandFailed(f"{identifier} did not begin within 20 s")

    def ended(client: Redis) -> int:
        return int(client.send("HGET", f"{FARM}counters", "SUCCESS") or 0)

    @contextlib.contextmanager
    def worker(port: int, slots: int, directory: str) -> Iterator[subprocess.Popen[bytes]]:
        configuration = f"{directory}/worker.json"
        content = {
            "redis": {"url": f"redis://127.0.0.1:{port}"},
            "worker": {"slots": slots},
            "cacheDirectory": f"{directory}/cache",
            "buildpacks": {"directory": str(options.REPOSITORY / "buildpacks")},
            "registries": {"push": "127.0.0.1:1/apps"},
        }
        Path(configuration).write_text(json.dumps(content), encoding="utf-8")
        words = [program, "worker", "--config", configuration, "--empty-builds", "--log-level", "error"]
        with servers.running(words, f"{directory}/worker.log") as child:
            yield child

    return Contender("slipway worker", add, began, ended, worker)


def peer(name: str, file: str, python: str) -> Contender:
    """A program of `queue_peers`: `add PORT` takes ids on its input, `work PORT SLOTS` works. Both push to lists of their own
    names, so that whoever waits sees a job's begin and end in the same way."""

    def add(client: Redis, identifiers: list[str]) -> None:
        port = client.port
        lines = "\n".join(f"{identifier}\t{request(identifier)}" for identifier in identifiers)
        done = subprocess.run(
            [python, str(PEERS / file), "add", str(port)],
            input=lines.encode(),
            capture_output=True,
            check=False,
            timeout=300,
        )
        if done.returncode != 0:
            raise CommandFailed(f"{name}: {done.stderr.decode(errors='replace')[-1000:]}")

    def began(client: Redis, identifier: str) -> None:
        if client.send("BLPOP", f"began:{identifier}", "20") is None:
            raise CommandFailed(f"{identifier} did not begin within 20 s")

    def ended(client: Redis) -> int:
        return int(client.send("GET", "ended") or 0)

    @contextlib.contextmanager
    def worker(port: int, slots: int, directory: str) -> Iterator[subprocess.Popen[bytes]]:
        words = [python, str(PEERS / file), "work", str(port), str(slots)]
        with servers.running(words, f"{directory}/worker.log") as child:
            yield child

    return Contender(name, add, began, ended, worker)


class Client(Redis):
    """A connection that remembers its port, for peers that open their own."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.port = port


class Adder:
    """A peer's producer that stays: one process, one connection; a job goes out with each line."""

    def __init__(self, contender: Contender, python: str | None, file: str | None, client: Client) -> None:
        self._contender, self._client = contender, client
        self._process = None
        if file is not None:
            words = [python, str(PEERS / file), "add", str(client.port)]
            self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def add(self, identifier: str) -> None:
        if self._process is None:
            return self._contender.add(self._client, [identifier])
        self._process.stdin.write(f"{identifier}\t{request(identifier)}\n".encode())
        self._process.stdin.flush()

    def close(self) -> None:
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait(30)


@contextlib.contextmanager
def stage(contender: Contender, directory: str, slots: int | None) -> Iterator[tuple[Client, subprocess.Popen | None]]:
    """A Redis of its own, and a worker if `slots` says so."""
    place = f"{directory}/{contender.name.replace(' ', '-')}-{time.monotonic_ns()}"
    Path(place).mkdir()
    try:
        with servers.redis(place) as port, Client(port) as client:
            if slots is None:
                yield client, None
            else:
                with contender.worker(port, slots, place) as child:
                    yield client, child
    finally:
        shutil.rmtree(place, ignore_errors=True)


def measure_start(suite: Suite, contender: Contender, python: str, directory: str, count: int) -> None:
    """From the producer's call to the first thing that the job itself has written, one job at a time."""
    file = FILES.get(contender.name)
    with stage(contender, directory, 2) as (client, child), Client(client.port) as producer:
        adder = Adder(contender, python, file, producer)
        samples = []
        for number in range(count + 20):
            identifier = f"start-{number}"
            before = time.perf_counter()
            adder.add(identifier)
            contender.began(client, identifier)
            took = time.perf_counter() - before
            if number >= 20:
                samples.append(Sample(took * 1000))
            time.sleep(0.01)
        adder.close()
        row = suite.add("enqueue to start, idle", contender.name, samples, unit="ms")
        row.details.update(p50=row.percentile(50), p99=row.percentile(99))


def measure_rate(suite: Suite, contender: Contender, directory: str, count: int, slots: int) -> None:
    """Jobs a second once the worker runs: all jobs are there before it starts."""
    place = f"{directory}/rate-{time.monotonic_ns()}"
    Path(place).mkdir()
    with servers.redis(place) as port, Client(port) as client:
        contender.add(client, [f"rate-{number}" for number in range(count)])
        with contender.worker(port, slots, place) as child:
            first, begun = _wait(contender, client, count // 10)
            cpu = process.cpu_ticks_seconds(child.pid)
            last, ended = _wait(contender, client, count)
            used = process.cpu_ticks_seconds(child.pid) - cpu
            peak = process.memory(child.pid).peak
    rate = (last - first) / (ended - begun)
    suite.row("jobs a second, empty builds", contender.name, "/s").samples.append(Sample(rate, used, peak))
    shutil.rmtree(place, ignore_errors=True)


def _wait(contender: Contender, client: Client, count: int) -> tuple[int, float]:
    end = time.monotonic() + 300
    while (done := contender.ended(client)) < count:
        if time.monotonic() > end:
            raise CommandFailed(f"{done} of {count} jobs had ended after 300 s")
        time.sleep(0.01)
    return done, time.perf_counter()


def measure_trips(suite: Suite, contender: Contender, directory: str, count: int) -> None:
    """Commands that the worker's connections sent for each job, as MONITOR shows them; what scripts call inside is not one."""
    with stage(contender, directory, 2) as (client, _), Client(client.port) as watcher:
        contender.add(client, ["trips-warm"])
        _wait(contender, client, 1)
        watcher.send("MONITOR")
        lines: list[bytes] = []
        stop = threading.Event()

        def watch() -> None:
            with contextlib.suppress(OSError, ConnectionError):
                while not stop.is_set():
                    lines.append(watcher._reader.readline())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        own = _addresses(client)
        contender.add(client, [f"trips-{number}" for number in range(count)])
        producers = {line.split(b"]")[0].split(b" ")[-1] for line in lines if b"trips-0" in line} - own[1]
        _wait(contender, client, count + 1)
        time.sleep(0.3)
        stop.set()
        mine = own[0] | producers
        trips = [line for line in lines if b" lua]" not in line and line.split(b"]")[0].split(b" ")[-1] not in mine]
        trips = [line for line in trips if b'"' in line and b'"ECHO"' not in line]
        suite.add("Redis commands of the worker for each job", contender.name, [Sample(len(trips) / count)], unit="")


def _addresses(client: Client) -> tuple[set[bytes], set[bytes]]:
    """The harness's own connection, and those of the worker that are open now."""
    own = client.send("CLIENT", "INFO").split(b" addr=")[1].split(b" ")[0]
    others = {line.split(b" addr=")[1].split(b" ")[0] for line in client.send("CLIENT", "LIST").splitlines()}
    return {own}, others - {own}


def measure_memory(suite: Suite, contender: Contender, directory: str, count: int) -> None:
    """Bytes of Redis' memory for each job that waits."""
    with stage(contender, directory, None) as (client, _):
        if contender.name.startswith("slipway"):
            _load_library(client, directory)
        before = _used(client)
        contender.add(client, [f"memory-{number}" for number in range(count)])
        if contender.name.startswith("slipway"):
            while client.send("XLEN", f"{FARM}intake"):
                client.send("FCALL", "slipway_v1_ingest", "1", f"{FARM}intake", "604800000")
        suite.add("memory of a queued job", contender.name, [Sample((_used(client) - before) / count)], unit="B")


def _load_library(client: Client, directory: str) -> None:
    """Any verb that reads the queue loads the functions."""
    words = [SLIPWAY, "status", "nobody", "--redis-url", f"redis://127.0.0.1:{client.port}"]
    subprocess.run(words, capture_output=True, check=False, timeout=30)


def _used(client: Client) -> int:
    time.sleep(0.2)
    fields = dict(line.split(b":", 1) for line in client.send("INFO", "memory").splitlines() if b":" in line)
    return int(fields[b"used_memory"]) - int(fields[b"mem_clients_normal"]) - int(fields[b"mem_aof_buffer"])


FILES = {"bullmq worker (Python)": "bullmq_peer.py", "XREADGROUP loop (Python)": "stream_peer.py"}
SLIPWAY = ""


def main() -> int:
    global SLIPWAY
    arguments = _arguments()
    SLIPWAY = arguments.slipway
    suite = Suite("queue", arguments.rounds, arguments.warmups)
    report.warn_of_disturbance()
    facts = machine.facts()
    contenders = [slipway(arguments.slipway)]
    for name, file in FILES.items():
        if arguments.python is None:
            suite.note_missing(name, "bullmq and redis are not installed for Python; scripts/bench-queue tries to")
        else:
            contenders.append(peer(name, file, arguments.python))
    with scratch.scratch(1 << 30, arguments.scratch) as directory:
        for measure, count in [(measure_trips, 200), (measure_memory, arguments.jobs)]:
            for contender in contenders:
                suite.attempt(measure.__name__, contender.name, lambda: measure(suite, contender, directory, count))
        for contender in contenders:
            work = lambda: measure_start(suite, contender, arguments.python, directory, arguments.starts)
            suite.attempt("enqueue to start", contender.name, work)
        for turn in range(arguments.rounds):
            suite.say(f"queue: jobs a second, round {turn + 1} of {arguments.rounds}")
            for contender in contenders:
                work = lambda: measure_rate(suite, contender, directory, arguments.jobs, arguments.slots)
                suite.attempt("jobs a second", contender.name, work)
    add_bars(suite)
    return report.finish(suite, arguments.output, arguments.strict, facts)


def add_bars(suite: Suite) -> None:
    row = suite.find("enqueue to start, idle", "slipway worker")
    suite.bars.append(Bar("enqueue to the first line of the log, p99", row and row.percentile(99), 20, "ms"))
    ours, theirs = (suite.find("jobs a second, empty builds", name) for name in ("slipway worker", *list(FILES)[:1]))
    ratio = statistics.median(ours.values) / statistics.median(theirs.values) if ours and theirs else None
    suite.bars.append(Bar("jobs a second, against a bullmq worker", ratio, 1, "times", at_most=False))


def _arguments():
    parser = options.parser(__doc__.splitlines()[0], rounds=3, warmups=0)
    parser.add_argument("--slipway", required=True, metavar="FILE", help="the program, built for release")
    parser.add_argument("--python", metavar="FILE", help="a Python that has bullmq and redis")
    parser.add_argument("--jobs", type=int, default=2000, help="jobs for the rate and for the memory")
    parser.add_argument("--starts", type=int, default=300, help="jobs for the time to start")
    parser.add_argument("--slots", type=int, default=8, help="jobs at once")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

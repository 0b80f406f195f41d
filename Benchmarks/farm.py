"""A farm of one worker on real servers, and builds that are asked of it as any producer would."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness import git_server, notify, process, redis, servers
from harness.command import CommandFailed

FARM = "farm"
BUILDPACKS = Path(__file__).resolve().parents[1] / "buildpacks"


@dataclass
class Farm:
    """The servers around workers, all on loopback."""

    slipway: str
    directory: str
    redis_port: int
    registry_port: int
    git_port: int
    _count: int = field(default=0)

    def name(self, prefix: str) -> str:
        """A name that was not used before."""
        self._count += 1
        return f"{prefix}-{self._count}"

    def repository(self, project: str) -> str:
        return f"http://127.0.0.1:{self.git_port}/{project}.git"

    def mirrored(self, image: str) -> str:
        """Where an image of a public registry is found here."""
        return f"127.0.0.1:{self.registry_port}/{image.removeprefix('docker.io/')}"

    def configuration(self, cache: str, push: str) -> str:
        """Writes the configuration of a worker; returns its path. JSON is YAML as well."""
        registry = f"127.0.0.1:{self.registry_port}"
        content = {
            "farm": FARM,
            "redis": {"url": f"redis://127.0.0.1:{self.redis_port}"},
            "cacheDirectory": cache,
            "buildpacks": {"directory": str(BUILDPACKS)},
            "registries": {
                "push": f"{registry}/{push}",
                "mirrors": {"docker.io": [registry]},
                "plainHTTP": [registry],
                "layouts": [],
            },
            # The names of package indexes may lead to a proxy of the network that this runs in.
            "sandbox": {"allowPrivate": True},
        }
        path = f"{self.directory}/{self.name('worker')}.yaml"
        Path(path).write_text(json.dumps(content), encoding="utf-8")
        return path

    def environment(self) -> dict[str, str]:
        """Settings come from the file alone, whatever the person who runs this has set: empty counts as unset."""
        return {name: "" for name in os.environ if name.startswith("SLIPWAY_")} | {"MALLOC_ARENA_MAX": "2"}

    def output(self, *words: str, configuration: str | None = None) -> dict:
        """What a reading verb of the command line prints as JSON."""
        options = ["--config", configuration] if configuration else []
        done = subprocess.run(
            [self.slipway, *words, *options, "-o", "json"],
            capture_output=True,
            check=False,
            timeout=60,
            env=os.environ | self.environment(),
        )
        if done.returncode != 0:
            raise CommandFailed(f"slipway {' '.join(words)}: {done.stderr.decode(errors='replace').strip()}")
        return json.loads(done.stdout)


@contextlib.contextmanager
def farm(
    slipway: str, directory: str, repositories: str, seed: str, counts_requests: bool = False
) -> Iterator[Farm]:
    """Redis, a registry that holds the base images, and git over http, for as long as the block runs."""
    shutil.copytree(seed, f"{directory}/registry", copy_function=shutil.copyfile)
    with (
        servers.redis(directory) as redis_port,
        servers.registry(directory, f"{directory}/registry", counts_requests) as registry_port,
        git_server.serve(repositories) as git_port,
    ):
        yield Farm(slipway, directory, redis_port, registry_port, git_port)


@dataclass(frozen=True)
class Worker:
    """A worker that is ready."""

    process_id: int
    start_seconds: float
    configuration: str
    farm: Farm

    def build(self, project: str) -> Build:
        """Enqueues a build and waits for its end."""
        return run_build(self.farm, project)


@dataclass(frozen=True)
class Build:
    """A build that succeeded: seconds from its XADD to the first line of its log, and to its end."""

    identifier: str
    first_line_seconds: float
    seconds: float


@contextlib.contextmanager
def worker(farm: Farm, cache: str | None = None, push: str | None = None) -> Iterator[Worker]:
    """A worker from before it is started until after it has ended."""
    cache = cache or f"{farm.directory}/{farm.name('cache')}"
    configuration = farm.configuration(cache, push or farm.name("apps"))
    log = f"{configuration}.log"
    with notify.NotifySocket(farm.directory) as manager:
        environment = farm.environment() | {"NOTIFY_SOCKET": manager.path}
        started = time.perf_counter()
        with servers.running([farm.slipway, "worker", "--config", configuration], log, environment) as child:
            try:
                ready = manager.wait_for("READY=1", 20)
            except TimeoutError as error:
                raise CommandFailed(f"the worker is not ready: {error}; its log ends: {_end_of(log)}") from None
            yield Worker(child.pid, ready - started, configuration, farm)
    if child.returncode != 0:
        raise CommandFailed(f"the worker ended with {child.returncode}; its log ends: {_end_of(log)}")


def run_build(farm: Farm, project: str) -> Build:
    identifier = farm.name("bench")
    request = {
        "deploymentId": identifier,
        "projectId": project,
        "repositoryUrl": farm.repository(project),
        "deploy": False,
    }
    prefix = f"slipway:{{{FARM}}}:"
    with redis.Redis(farm.redis_port) as client:
        started = time.perf_counter()
        client.send("XADD", f"{prefix}intake", "*", "request", json.dumps(request))
        if client.send("XREAD", "BLOCK", "20000", "STREAMS", f"{prefix}log:{identifier}", "0") is None:
            raise CommandFailed(f"build {identifier} of {project} wrote no line of log within 20 s")
        first = time.perf_counter()
        state = _wait_for_end(client, prefix, identifier)
        ended = time.perf_counter()
        if state != b"SUCCESS":
            reason = client.send("HGET", f"{prefix}build:{identifier}", "failureMessage") or b""
            raise CommandFailed(f"build {identifier} of {project} is {state.decode()}: {reason.decode()}")
    return Build(identifier, first - started, ended - started)


def _wait_for_end(client: redis.Redis, prefix: str, identifier: str) -> bytes:
    """Sleeps on the build's own events: asking again and again would take time from the worker that is measured."""
    end, seen = time.monotonic() + 300, "0"
    while True:
        state = client.send("HGET", f"{prefix}build:{identifier}", "state")
        if state in (b"SUCCESS", b"FAILED", b"CANCELLED"):
            return state
        if time.monotonic() > end:
            raise CommandFailed(f"build {identifier} is still {state!r} after 300 s")
        news = client.send("XREAD", "BLOCK", "1000", "STREAMS", f"{prefix}events:{identifier}", seen)
        if news:
            seen = news[0][1][-1][0].decode()


def _end_of(path: str) -> str:
    return Path(path).read_text(encoding="utf-8", errors="replace")[-1500:].strip() or "nothing"


def usage(worker: Worker) -> tuple[float, int]:
    """CPU seconds so far and the most memory so far."""
    return process.cpu_ticks_seconds(worker.process_id), process.memory(worker.process_id).peak

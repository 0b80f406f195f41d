"""Real servers on free loopback ports, ended with the benchmark."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence

from .command import CommandFailed


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(
    words: Sequence[str], log: str, environment: Mapping[str, str] | None = None, stop_timeout: float = 15
) -> Iterator[subprocess.Popen[bytes]]:
    """A process for as long as the block runs; asked to end with SIGTERM, then made to."""
    with open(log, "ab") as output:
        process = subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(stop_timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until(what: str, condition: Callable[[], bool], process: subprocess.Popen[bytes], log: str) -> None:
    """Waits until a server answers; says its last words when it ends or takes too long."""
    end = time.monotonic() + 30
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            with open(log, encoding="utf-8", errors="replace") as file:
                words = file.read()[-2000:].strip()
            raise CommandFailed(f"{what} did not start: {words or 'it said nothing'}")
        time.sleep(0.01)


def accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def redis(directory: str) -> Iterator[int]:
    """redis-server as a farm runs it, with its log of writes on; yields the port."""
    port, log = free_port(), f"{directory}/redis.log"
    os.makedirs(f"{directory}/redis", exist_ok=True)
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", f"{directory}/redis"]
    with running([*words, "--appendonly", "yes", "--save", "", "--daemonize", "no"], log) as process:
        wait_until("redis-server", lambda: accepts(port), process, log)
        yield port


@contextlib.contextmanager
def registry(directory: str, storage: str, counts_requests: bool = False) -> Iterator[int]:
    """docker-registry over a directory, without logging in; yields the port. `registry_requests` tells what it counted."""
    port, log, config = free_port(), f"{directory}/registry.log", f"{directory}/registry.yml"
    with open(config, "w", encoding="utf-8") as file:
        file.write(
            "version: 0.1\n"
            f"log: {{level: warn, accesslog: {{disabled: {'false' if counts_requests else 'true'}}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {storage}}}, delete: {{enabled: true}}}}\n"
            f'http: {{addr: "127.0.0.1:{port}"}}\n'
        )
    with running(["docker-registry", "serve", config], log) as process:
        wait_until("docker-registry", lambda: accepts(port), process, log)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=10):
            pass
        yield port


def registry_requests(directory: str) -> int:
    """How many requests a registry has answered that counts them; waits until its log, which lags behind, stands still."""
    count, before = 0, -1
    while count != before:
        before = count
        time.sleep(0.05)
        with open(f"{directory}/registry.log", encoding="utf-8", errors="replace") as file:
            count = sum(' HTTP/1.1" ' in line for line in file)
    return count

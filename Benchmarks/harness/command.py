"""Running one command and measuring it: wall time, CPU of it and its children, the memory of the largest of them."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence

from .sample import Sample


class CommandFailed(Exception):
    """A command that did not end with 0, or took too long; the message has its last words."""


def peak_floor() -> int:
    """The smallest peak that can be told, in bytes: a child starts as a copy of this process, and the kernel counts that."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(
    words: Sequence[str],
    *,
    directory: str | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 600,
) -> Sample:
    """Runs a command to its end and measures it.

    CPU and memory come from wait4(2), which counts descendants that their parents waited for; a daemon that a tool
    talks to is not among them and has to be measured by its id (see process.py).
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen(
            list(words),
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        status, usage, expired = _wait(child.pid, timeout)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if expired:
            raise CommandFailed(f"{words[0]} took more than {timeout:g} s and was ended")
        if child.returncode != 0:
            raise CommandFailed(f"{' '.join(words)}: status {child.returncode}: {_end_of(output)}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def _wait(process_id: int, timeout: float) -> tuple[int, resource.struct_rusage, bool]:
    expired = True
    try:
        descriptor = os.pidfd_open(process_id)
        try:
            ended = select.poll()
            ended.register(descriptor, select.POLLIN)
            expired = not ended.poll(timeout * 1000)
        finally:
            os.close(descriptor)
    finally:
        # Also on Ctrl-C. The command leads a session of its own, so this reaches its children as well.
        if expired:
            os.killpg(process_id, signal.SIGKILL)
        _, status, usage = os.wait4(process_id, 0)
    return status, usage, expired


def _end_of(output) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - 2000))
    return output.read().decode(errors="replace").strip() or "it said nothing"

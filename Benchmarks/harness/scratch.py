"""Where measured data lies."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from collections.abc import Iterator

MEMORY = "/dev/shm"


def place(needed_bytes: int, memory: str = MEMORY, fallback: str | None = None) -> str:
    """Memory when it has room for twice what is needed, else the ordinary place for temporary files.

    Disks differ and remember what was done to them before; memory treats every tool alike. See docs/benchmarks.md.
    """
    try:
        if shutil.disk_usage(memory).free >= 2 * needed_bytes:
            return memory
    except OSError:
        pass  # no such place: containers may have none
    return fallback or tempfile.gettempdir()


@contextmanager
def scratch(needed_bytes: int, parent: str | None = None) -> Iterator[str]:
    """A directory that is gone afterwards."""
    path = tempfile.mkdtemp(prefix="slipway-bench-", dir=parent or place(needed_bytes))
    try:
        yield path
    finally:
        shutil.rmtree(path)

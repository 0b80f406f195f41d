"""A running process as /proc shows it: memory and CPU of daemons, which no wait4(2) covers."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Memory:
    """In bytes. Resident counts shared pages whole; proportional divides them among those who share them."""

    resident: int
    proportional: int
    peak: int


def memory(process_id: int) -> Memory:
    status = _fields(f"/proc/{process_id}/status")
    rollup = _fields(f"/proc/{process_id}/smaps_rollup")
    return Memory(resident=status["VmRSS"], proportional=rollup["Pss"], peak=status["VmHWM"])


def cpu_seconds(process_id: int) -> float:
    """CPU that the process has used, of all its threads that still live, in nanoseconds' precision.

    /proc/PID/stat counts in ticks of 10 ms, too coarse for a daemon that should use none.
    """
    total = 0
    for thread in os.listdir(f"/proc/{process_id}/task"):
        try:
            with open(f"/proc/{process_id}/task/{thread}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread ended while we looked
    return total / 1e9


def cpu_ticks_seconds(process_id: int) -> float:
    """CPU that the process has used, ended threads and waited-for children included, in ticks of 10 ms."""
    with open(f"/proc/{process_id}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    # After the name: state is field 3 of proc(5), so utime to cstime (14 to 17) start at index 11.
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _fields(path: str) -> dict[str, int]:
    """The lines `Name:  N kB` of a file, in bytes."""
    fields = {}
    with open(path, encoding="ascii", errors="replace") as file:
        for line in file:
            words = line.split()
            if len(words) == 3 and words[2] == "kB":
                fields[words[0].rstrip(":")] = int(words[1]) * 1024
    return fields

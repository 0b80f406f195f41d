"""A worker as a service manager sees it: started, ready when it says so, measured from outside, ended by SIGTERM."""

import os
import signal
import socket
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Worker:
    """Runs `slipway worker`; `ready_seconds` is the time from its start to its READY=1 on the notify socket."""

    def __init__(self, slipway, log):
        self._folder = tempfile.TemporaryDirectory(prefix="slipway-notify-")
        path = os.path.join(self._folder.name, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(30)
            started = time.monotonic()
            self._process = subprocess.Popen([slipway, "worker"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             env={**os.environ, "NOTIFY_SOCKET": path})
            try:
                while b"READY=1" not in notify.recv(4096).split(b"\n"):
                    pass
            except TimeoutError:
                self._process.kill()
                self._process.wait()
                raise SystemExit("bench: error: the worker did not get ready within 30 seconds; see its log") from None
            self.ready_seconds = time.monotonic() - started
        self.cpu_seconds_total = self.peak_rss_bytes = None

    def cpu_seconds(self):
        """User and system time so far."""
        with open(f"/proc/{self._process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, key="VmRSS"):
        """Bytes that are resident now, or were at most with VmHWM."""
        with open(f"/proc/{self._process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key + ":"))

    def stop(self):
        """Asks it to end and waits; its exit status has to be 0."""
        self.peak_rss_bytes = self.memory("VmHWM")
        self._process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._folder.cleanup()
        self.cpu_seconds_total = usage.ru_utime + usage.ru_stime
        if self._process.returncode != 0:
            raise SystemExit(f"bench: error: the worker ended with {self._process.returncode}; see its log")

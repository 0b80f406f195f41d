"""The service manager's side of sd_notify(3), to see when a daemon says that it is ready."""

from __future__ import annotations

import os
import socket
import time


class NotifySocket:
    """Owns the socket that a daemon finds in NOTIFY_SOCKET."""

    def __init__(self, directory: str) -> None:
        self.path = os.path.join(directory, "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.bind(self.path)

    def __enter__(self) -> NotifySocket:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        os.unlink(self.path)

    def wait_for(self, line: str, timeout: float) -> float:
        """Waits for a message that has the line; returns the moment it came, by time.perf_counter().

        Raises TimeoutError.
        """
        end = time.perf_counter() + timeout
        while True:
            self._socket.settimeout(max(0.001, end - time.perf_counter()))
            try:
                message = self._socket.recv(4096)
            except TimeoutError:
                raise TimeoutError(f"no {line} within {timeout:g} s") from None
            moment = time.perf_counter()
            if line in message.decode(errors="replace").split("\n"):
                return moment
